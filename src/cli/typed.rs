//! Reads the command line, and says in the house's manner what is wrong with it: one message, one hint, exit code 2.
//! What may be typed stands in [`super::arguments`].

use std::process::ExitCode;

use clap::{Parser as _, error::ErrorKind};

use super::arguments::Arguments;

/// The arguments of this process.
///
/// # Errors
///
/// The exit code to end with, once help, the version or what is wrong has been printed.
pub fn read() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                // A reader that went away, as `head` does, is no failure.
                let _ = error.print();
            }
            _ => eprintln!("{}", refusal(&error.to_string())),
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// The parser's message without its blank lines and with a hint in place of its last line.
fn refusal(message: &str) -> String {
    let said = message.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("For more information"));
    let mut text = said.collect::<Vec<_>>().join("\n");
    text.push_str("\nhint: add `--help` to see what can be typed here");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_what_the_parser_proposes() {
        let error = Arguments::try_parse_from(["kmspec", "run", "--jbos", "3"]).unwrap_err();
        let text = refusal(&error.to_string());
        assert!(text.starts_with("error: unexpected argument '--jbos' found\n  tip: "), "{text}");
        assert!(text.ends_with("\nhint: add `--help` to see what can be typed here"), "{text}");
        assert!(!text.contains("For more"), "{text}");
    }
}
