//! Shows on stderr how far a run has come: a bar on a terminal, a line a scenario elsewhere.
//! The totals and the failures in full are the summary's business.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use kmspec_model::{report::Outcome, scenario_id::ScenarioId};

/// A display that is told about each finished scenario.
pub struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Progress {
    /// A display for so many scenarios.
    pub fn new(scenarios: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {elapsed}  {wide_msg}")
                .expect("a fixed template")
                .progress_chars("━╸ ");
            let length = u64::try_from(scenarios).unwrap_or(u64::MAX);
            ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr()).with_style(style)
        });
        Self { bar, quiet: false }
    }

    /// A display that shows nothing, for the runner's own tests.
    pub fn hidden() -> Self {
        Self { bar: None, quiet: true }
    }

    /// A scenario is over.
    pub fn finished(&self, id: &ScenarioId, outcome: &Outcome, took_us: u64) {
        let line = format!("{:<22} {id}  ({} ms)", outcome.word(), took_us / 1000);
        match &self.bar {
            _ if self.quiet => {}
            None => eprintln!("{line}"),
            Some(bar) => {
                if !matches!(outcome, Outcome::Conforms | Outcome::DeclaredDeviation { .. }) {
                    bar.println(line);
                }
                bar.set_message(id.to_string());
                bar.inc(1);
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
