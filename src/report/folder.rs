//! The report folder: made and tried before the run, filled after it; each file whole or not at all.
//! What stands in the files is the formats' business.
//!
//! Runs may share a folder. Each writes all of its files while it holds the folder's lock, so that the files belong
//! together, and the run that ends last is the one that stays.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    format::{CERTIFICATE_FORMATS, FORMATS, Findings, RenderError},
    har,
};

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There can be no report in that place.
    #[error("no report can be written to `{}`: {why}\nhint: `--report-dir` takes a folder that can be made and written", path.display())]
    Unusable {
        /// The folder, or the file in it that is in the way.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// A file could not be written after all.
    #[error("cannot write the report to `{}`: {source}\nhint: is there room? `--report-dir` names another folder", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A format refused.
    #[error("cannot render `{file}`: {source}\nhint: the other formats may still tell; please report this")]
    Unrendered {
        /// Its file.
        file: &'static str,
        /// Why.
        source: RenderError,
    },
}

/// Makes the folder and tries whether files can be written in it, so that no run is in vain.
///
/// # Errors
///
/// [`ReportError::Unusable`] when a file or device is in the way, or the folder cannot be made or written.
pub fn prepare(folder: &Path) -> Result<(), ReportError> {
    let unusable = |path: &Path, why: String| ReportError::Unusable { path: path.to_owned(), why };
    if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Err(unusable(folder, "there is something else than a folder".to_owned()));
    }
    fs::create_dir_all(folder).map_err(|error| unusable(folder, error.to_string()))?;
    let names = FORMATS.iter().chain(&CERTIFICATE_FORMATS).map(|format| format.file_name());
    for path in names.map(|name| folder.join(name)) {
        if !replaceable(&path) {
            return Err(unusable(&path, "it is no regular file, and will not be replaced".to_owned()));
        }
    }
    let trial = beside(&folder.join("trial"));
    let tried = fs::write(&trial, "").and_then(|()| fs::remove_file(&trial));
    tried.map_err(|error| unusable(folder, error.to_string()))
}

/// Writes every format into `folder`, making it where needed.
///
/// # Errors
///
/// [`ReportError`], naming the file.
pub fn write_all(folder: &Path, findings: Findings<'_>) -> Result<(), ReportError> {
    let certificate = if findings.report.key_manager.is_some() { &CERTIFICATE_FORMATS[..] } else { &[] };
    let mut files = Vec::new();
    for format in FORMATS.iter().chain(certificate) {
        let file = format.file_name();
        let text = format.render(findings).map_err(|source| ReportError::Unrendered { file, source })?;
        files.push((file.to_owned(), text));
    }
    let archives = har::archives(findings);
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Unwritable { path, source }
    };
    fs::create_dir_all(folder).map_err(unwritable(folder))?;
    let _until_all_are_written = locked(folder);
    let below = folder.join(har::FOLDER);
    clear_archives(&below).map_err(unwritable(&below))?;
    if !archives.is_empty() {
        fs::create_dir_all(&below).map_err(unwritable(&below))?;
    }
    let archives = archives.into_iter().map(|(name, text)| (below.join(name), text));
    for (path, text) in files.into_iter().map(|(name, text)| (folder.join(name), text)).chain(archives) {
        replace(&path, &text).map_err(unwritable(&path))?;
    }
    Ok(())
}

/// Removes the archives of earlier runs, and nothing else.
fn clear_archives(folder: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "har") && replaceable(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Holds the folder for this process. Where a system cannot lock folders each file is still whole.
fn locked(folder: &Path) -> Option<fs::File> {
    let handle = fs::File::open(folder).ok()?;
    handle.lock().ok()?;
    Some(handle)
}

/// Puts a text where a file is or will be: readers see the old one or the new one, never a part.
///
/// # Errors
///
/// When it cannot be written, or what is there is no regular file: devices and the like are never replaced.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    if !replaceable(path) {
        return Err(io::Error::other("it is no regular file, and will not be replaced"));
    }
    let new = beside(path);
    let done = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        let _ = fs::remove_file(&new);
    }
    done
}

fn replaceable(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or(true, |found| found.is_file())
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{count}.new", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::tests::{catalogue, expected, report};
    use kmspec_model::report::RunReport;

    #[test]
    fn runs_that_share_a_folder_leave_the_files_of_one() {
        let folder = tempfile::tempdir().unwrap();
        let (catalogue, expected) = (catalogue(), expected());
        let write = |scenarios: usize| {
            let mut report = report();
            report.scenarios.truncate(scenarios);
            write_all(folder.path(), Findings { report: &report, catalogue: &catalogue, expected: &expected }).unwrap();
        };
        std::thread::scope(|scope| {
            for scenarios in 1..=6 {
                let write = &write;
                scope.spawn(move || (0..20).for_each(|_| write(scenarios)));
            }
        });
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let result: RunReport = serde_json::from_str(&read("result.json")).unwrap();
        assert_eq!(read("junit.xml").matches("<testcase ").count(), result.scenarios.len());
        let archives = fs::read_dir(folder.path().join(har::FOLDER)).map_or(0, |entries| entries.count());
        let failed = result.scenarios.iter().filter(|each| crate::report::reader::is_failure(&each.outcome)).count();
        assert_eq!(archives, failed, "those of other runs are gone");
        assert!(read("summary.md").contains(&format!(" {} scenarios in", result.scenarios.len())));
        let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(left.map(|name| name.into_string().unwrap()).all(|name| !name.starts_with('.')));
    }

    #[test]
    fn a_folder_is_made_and_tried() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        prepare(&deep).unwrap();
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_but_folders_and_regular_files_is_touched() {
        let root = tempfile::tempdir().unwrap();
        assert!(prepare(Path::new("/dev/null")).unwrap_err().to_string().contains("`/dev/null`"));
        // A socket stands for devices, which a mistake here would cost the system.
        let socket = root.path().join("socket");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(replace(&socket, "text").is_err());
        assert!(!fs::metadata(&socket).unwrap().is_file());
        // A link to a device, where a report would stand.
        std::os::unix::fs::symlink("/dev/null", root.path().join("result.json")).unwrap();
        let refused = prepare(root.path()).unwrap_err().to_string();
        assert!(refused.contains("result.json`: it is no regular file"), "{refused}");
    }
}
