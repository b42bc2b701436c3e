//! Holds the arrows between the rooms: which room may name which, read from the sources themselves.
//! What each room is for stands in ARCHITECTURE.md; what a room does inside is its own business.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where `path` may point: rooms of the crate, and modules of the mocks. The longest prefix that matches a file decides.
struct Arrow {
    /// Folder or file below `src/`.
    from: &'static str,
    /// Rooms of this crate it may name, itself aside.
    rooms: &'static [&'static str],
    /// Modules of `kmspec_mocks` it may name; `*` for all.
    mocks: &'static [&'static str],
}

const ARROWS: &[Arrow] = &[
    Arrow { from: "model", rooms: &[], mocks: &[] },
    Arrow { from: "validation", rooms: &[], mocks: &[] },
    // Of the mocks it has the OAuth rules of the resident key manager, and the reader of a `deployment.toml`.
    Arrow { from: "platform", rooms: &["validation"], mocks: &["realm", "grants", "deployment_toml", "objects"] },
    // Its own tests serve it with a certificate that the mocks' authority issues.
    Arrow { from: "platform/tests", rooms: &["validation"], mocks: &["backend", "certificates", "realm"] },
    Arrow { from: "drivers", rooms: &["model"], mocks: &[] },
    // Steps and the World meet mocks only through the stage's handles; the names below are the types of those handles.
    Arrow {
        from: "world",
        rooms: &["drivers", "model", "runner"],
        mocks: &["certificates", "forge", "journal", "vendors", "realm", "kerberos"],
    },
    Arrow {
        from: "steps",
        rooms: &["drivers", "model", "world"],
        mocks: &["certificates", "faults", "forge", "journal", "vendors", "realm", "saml", "ntlm", "kerberos"],
    },
    Arrow { from: "report", rooms: &["model"], mocks: &[] },
    Arrow { from: "prove", rooms: &["model"], mocks: &["*"] },
    Arrow { from: "runner", rooms: &["drivers", "model", "steps", "world"], mocks: &[] },
    // The only code of the harness that names the platform and the mocks.
    Arrow { from: "runner/stage", rooms: &["drivers", "model", "platform", "prove", "world"], mocks: &["*"] },
    Arrow { from: "runner/provisioning", rooms: &["drivers", "model", "platform", "prove", "world"], mocks: &["*"] },
    Arrow { from: "runner/serve", rooms: &["model", "platform"], mocks: &["*"] },
    Arrow { from: "cli", rooms: &["model", "prove", "report", "runner"], mocks: &[] },
    Arrow { from: "main", rooms: &["cli"], mocks: &[] },
];

/// Rooms that are crates of their own, named `kmspec-<room>`: the compiler holds them to what their manifest lists.
const CRATES: &[&str] = &["drivers", "model", "platform", "prove", "validation"];

/// Words that bring I/O, time or tasks with them: not in `model/`, not in `validation/`.
const IMPURE: &[&str] = &[
    "async fn",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant",
    "tokio::",
    "reqwest::",
    "rusqlite::",
    "axum::",
];

fn sources(below: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(below), &mut found);
    found.sort();
    found
}

/// The source without comments, so that prose may name any room.
fn code(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| line.find("//").filter(|at| !line[..*at].ends_with(':')).map_or(line, |at| &line[..at]))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first names after `root::`, braces of a `use` included: `crate::{model::a, world}` names model and world.
fn named(code: &str, root: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let opening = format!("{root}::");
    for (at, _) in code.match_indices(&opening) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + opening.len()..];
        if let Some(inside) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut heads = true;
            for c in inside.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => heads = true,
                    c if depth == 0 && heads && (c.is_alphanumeric() || c == '_') => {
                        word.push(c);
                        continue;
                    }
                    ':' if depth == 0 => heads = false,
                    _ => {}
                }
                if !word.is_empty() {
                    names.insert(std::mem::take(&mut word));
                }
            }
            if !word.is_empty() {
                names.insert(word);
            }
        } else {
            names.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names
}

/// Whether the code uses the crate of a room; a log target of that name is no use of it.
fn names_crate(code: &str, room: &str) -> bool {
    ["::", " as ", ";"].iter().any(|after| code.contains(&format!("kmspec_{room}{after}")))
}

fn arrow_for(file: &str) -> Option<&'static Arrow> {
    ARROWS
        .iter()
        .filter(|arrow| file.strip_prefix(arrow.from).is_some_and(|rest| rest.starts_with('/') || rest == ".rs"))
        .max_by_key(|arrow| arrow.from.len())
}

fn broken_arrows(file: &str, code: &str) -> Vec<String> {
    let Some(arrow) = arrow_for(file) else { return vec![format!("src/{file} stands in no room that the list knows")] };
    let own = arrow.from.split('/').next().unwrap_or_default();
    // In a room that is a crate of its own, `crate` leads to the room itself.
    let inside = if CRATES.contains(&own) { BTreeSet::new() } else { named(code, "crate") };
    let crates = CRATES.iter().filter(|room| names_crate(code, room)).map(|room| (*room).to_owned());
    let rooms = inside
        .into_iter()
        .chain(named(code, "kmspec"))
        .chain(crates)
        .filter(|room| room.chars().next().is_some_and(char::is_lowercase))
        .filter(|room| room != own && !arrow.rooms.contains(&room.as_str()))
        .map(|room| format!("src/{file} names `{room}`, but {} may name {:?}", arrow.from, arrow.rooms));
    let mocks = named(code, "kmspec_mocks")
        .into_iter()
        .filter(|module| !arrow.mocks.contains(&"*") && !arrow.mocks.contains(&module.as_str()))
        .map(|module| {
            format!("src/{file} names `kmspec_mocks::{module}`, but {} may name {:?}", arrow.from, arrow.mocks)
        });
    rooms.chain(mocks).collect()
}

#[test]
fn every_room_names_only_the_rooms_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let broken: Vec<String> = sources("src")
        .iter()
        .filter(|path| !path.ends_with("lib.rs") || path.parent() != Some(&root))
        .flat_map(|path| {
            let file = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            broken_arrows(&file, &code(path))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_mocks_know_nothing_of_the_harness() {
    let broken: Vec<String> = sources("mocks/src")
        .iter()
        .filter(|path| {
            let code = code(path);
            !named(&code, "kmspec").is_empty() || CRATES.iter().any(|room| names_crate(&code, room))
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn model_and_validation_have_no_io_no_clock_and_no_tasks() {
    for room in ["src/model", "src/validation"] {
        for path in sources(room) {
            let code = code(&path);
            for word in IMPURE {
                assert!(!code.contains(word), "{} has `{word}`", path.display());
            }
        }
    }
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    for room in ["src", "mocks/src", "tests", "benches"] {
        for path in
            sources(room).iter().filter(|path| !path.components().any(|part| part.as_os_str() == "node_modules"))
        {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.starts_with("//! "), "{} does not begin with a line `//! …`", path.display());
        }
    }
}

#[test]
fn the_reader_of_arrows_sees_what_it_must() {
    assert_eq!(
        named("use crate::{model::{a, b}, world}; fn f() -> crate::drivers::X {}", "crate"),
        ["drivers", "model", "world"].map(String::from).into()
    );
    assert!(named("use mycrate::model; pub(crate) fn f() {}", "crate").is_empty());
    assert_eq!(broken_arrows("platform/admin/mod.rs", "use kmspec_drivers::Admin;").len(), 1);
    assert!(
        broken_arrows("platform/admin/mod.rs", "use crate::domain::Api; use kmspec_validation::Claims;").is_empty()
    );
    assert_eq!(broken_arrows("steps/mod.rs", "use crate::runner::Stage;").len(), 1);
    assert_eq!(broken_arrows("runner/select.rs", "use kmspec_mocks::server::AuthorizationServer;").len(), 1);
    assert!(broken_arrows("runner/stage.rs", "use kmspec_mocks::server::AuthorizationServer;").is_empty());
    assert_eq!(broken_arrows("attic.rs", "").len(), 1);
}
