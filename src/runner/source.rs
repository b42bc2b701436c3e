//! Where feature files come from: the binary itself, or a folder laid out like `features/`.
//! What stands in them is read by [`super::parse`] and by the catalogue.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use kmspec_model::plan::FeatureSource;

/// Every embedded file, as path below `features/` and text.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/features.rs"));

/// One file as found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path below `features/`, with forward slashes.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A folder of features that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder is not there, or is a file.
    #[error("cannot read features from `{}`: it is not a folder\nhint: `--features` takes a folder laid out like features/", path.display())]
    NotAFolder {
        /// The folder that was asked for.
        path: PathBuf,
    },
    /// A file or folder below it cannot be read.
    #[error("cannot read `{}`: {source}\nhint: features are UTF-8 text that the user running kmspec may read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The feature files of a source, ordered by path.
///
/// # Errors
///
/// [`SourceError`] when a folder or a file in it cannot be read.
pub fn features(source: &FeatureSource) -> Result<Vec<SourceFile>, SourceError> {
    match source {
        FeatureSource::Embedded => Ok(embedded("", ".feature")),
        FeatureSource::Folder(root) if !root.is_dir() => Err(SourceError::NotAFolder { path: root.clone() }),
        FeatureSource::Folder(root) => {
            let mut files = Vec::new();
            collect(root, root, "feature", &mut files)?;
            files.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(files)
        }
    }
}

/// The catalogue files that go with a source: its own when it has a `catalogue/`, else the embedded ones.
///
/// # Errors
///
/// [`SourceError::Unreadable`] when one of them cannot be read.
pub fn catalogue(source: &FeatureSource) -> Result<Vec<SourceFile>, SourceError> {
    if let FeatureSource::Folder(root) = source {
        let own = root.join("catalogue");
        if own.is_dir() {
            let mut files = Vec::new();
            collect(root, &own, "toml", &mut files)?;
            return Ok(files);
        }
    }
    Ok(embedded("catalogue/", ".toml"))
}

/// The profiles that go with a source, as files named `profiles/<name>.toml`: those of the same folder or binary.
///
/// # Errors
///
/// [`SourceError::Unreadable`] when one of them cannot be read.
pub fn profiles(source: &FeatureSource) -> Result<Vec<SourceFile>, SourceError> {
    let FeatureSource::Folder(root) = source else { return Ok(embedded(PROFILES, ".toml")) };
    let (own, mut files) = (root.join(PROFILES), Vec::new());
    if own.is_dir() {
        collect(root, &own, "toml", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    Ok(files)
}

/// Folder of the profiles below `features/`.
const PROFILES: &str = "profiles/";

impl SourceFile {
    /// The file's name without folders and ending.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

fn embedded(prefix: &str, suffix: &str) -> Vec<SourceFile> {
    EMBEDDED
        .iter()
        .filter(|(path, _)| path.starts_with(prefix) && path.ends_with(suffix))
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect()
}

fn collect(root: &Path, folder: &Path, kind: &str, into: &mut Vec<SourceFile>) -> Result<(), SourceError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| SourceError::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.is_dir() {
            collect(root, &path, kind, into)?;
        } else if path.extension().is_some_and(|extension| extension == kind) {
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            let below = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            into.push(SourceFile { path: below, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_yields_its_features_by_path() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("platform/keys")).unwrap();
        for name in ["platform/keys/b.feature", "platform/a.feature", "README.md"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        let found = features(&FeatureSource::Folder(root.path().to_owned())).unwrap();
        let paths: Vec<_> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["platform/a.feature", "platform/keys/b.feature"]);
        assert_eq!(found[0].text, "platform/a.feature");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = features(&FeatureSource::Folder("no/such".into())).unwrap_err();
        assert!(error.to_string().contains("`no/such`"), "{error}");
    }
}
