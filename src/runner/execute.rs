//! Hands the selected scenarios to cucumber and sees to it that every one of them is heard of again.
//! It never judges: hooks and events go to the collector.

use std::{panic, sync::Arc};

use cucumber::{
    Cucumber, Parser, cli,
    gherkin::{Feature, Rule, Scenario},
    parser,
    runner::{Basic, basic::ScenarioType},
};
use futures::{FutureExt as _, stream};

use super::{
    attend::attended, collect::Collector, interrupt::Interruption, judge::Judge, parse::id_of, progress::Progress,
    recorder::Recorder, scene::Scenic, select::tags_of,
};

/// What a before hook throws to keep the steps of a scenario from running. It is no fault.
#[derive(Debug)]
pub struct Refused;

/// Features that are parsed already.
struct Parsed;

impl Parser<Vec<Feature>> for Parsed {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, features: Vec<Feature>, _: Self::Cli) -> Self::Output {
        stream::iter(features.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// Runs every scenario in `features`, `jobs` at a time, and those tagged `@serial` alone where scenarios share a tenant.
pub async fn execute<W: Scenic>(
    features: Vec<Feature>,
    jobs: usize,
    shared: bool,
    judge: Arc<Judge>,
    collector: Arc<Collector>,
    interruption: Interruption,
    progress: Progress,
) {
    let (began, ended) = (Arc::clone(&collector), Arc::clone(&collector));
    let runner = Basic::default()
        .steps(attended::<W>())
        .max_concurrent_scenarios(jobs)
        .which_scenario(if shared { which } else { at_any_time })
        .before(move |feature, rule, scenario, world: &mut W| {
            before(feature, rule, scenario, world, Arc::clone(&began), interruption.clone()).boxed_local()
        })
        .after(move |feature, _, scenario, _, world: Option<&mut W>| {
            after(feature, scenario, world, Arc::clone(&ended)).boxed_local()
        });
    let recorder = Recorder { collector, judge, progress };
    Cucumber::<W, _, _, _, _>::custom(Parsed, runner, recorder).with_default_cli().run(features).await;
}

fn which(feature: &Feature, rule: Option<&Rule>, scenario: &Scenario) -> ScenarioType {
    if tags_of(feature, rule, scenario).iter().any(|tag| tag == "serial") {
        ScenarioType::Serial
    } else {
        ScenarioType::Concurrent
    }
}

/// Whatever a scenario changes is its own.
fn at_any_time(_: &Feature, _: Option<&Rule>, _: &Scenario) -> ScenarioType {
    ScenarioType::Concurrent
}

async fn before<W: Scenic>(
    feature: &Feature,
    rule: Option<&Rule>,
    scenario: &Scenario,
    world: &mut W,
    collector: Arc<Collector>,
    interruption: Interruption,
) {
    if interruption.requested() {
        refuse();
    }
    let id = id_of(feature, scenario);
    collector.begin(&id);
    if let Err(failure) = world.begin(&id, &tags_of(feature, rule, scenario)).await {
        collector.not_begun(&id, failure);
        refuse();
    }
}

/// The one place that sees the World at the end, whatever happened to its steps.
async fn after<W: Scenic>(feature: &Feature, scenario: &Scenario, world: Option<&mut W>, collector: Arc<Collector>) {
    let id = id_of(feature, scenario);
    if let (Some(world), Some(_)) = (world, collector.of(&id)) {
        let record = world.end().await;
        collector.end(&id, record);
    }
}

/// Unwinds to cucumber without waking the panic hook.
fn refuse() -> ! {
    panic::resume_unwind(Box::new(Refused))
}
