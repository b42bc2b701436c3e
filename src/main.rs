//! The kmspec command line: parse, run, exit code.
//! What the commands do belongs to `cli/`.

use std::{io::IsTerminal as _, process::ExitCode};

use kmspec::cli::{commands, typed};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = match typed::read() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(arguments.logged()));
    let coloured = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(coloured).with_writer(std::io::stderr).init();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(commands::execute(arguments)),
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}\nhint: the system may be out of threads or files");
            ExitCode::from(3)
        }
    }
}
