//! Tells the World of each step when it begins and when it has held, so that set-up, act and observation stay apart.
//! What the World makes of that is its own business; what a step does is the steps'.

use cucumber::{
    codegen::{LocalBoxFuture, StepConstructor as _, inventory},
    step::{Collection, Context},
};
use futures::FutureExt as _;

use super::scene::Scenic;

/// Every step of `W`, each of them announced to the World.
pub fn attended<W: Scenic>() -> Collection<W> {
    let mut steps = Collection::new();
    for given in inventory::iter::<W::Given> {
        let (place, phrase, _) = given.inner();
        steps = steps.given(Some(place), phrase(), attend::<W>);
    }
    for when in inventory::iter::<W::When> {
        let (place, phrase, _) = when.inner();
        steps = steps.when(Some(place), phrase(), attend::<W>);
    }
    for then in inventory::iter::<W::Then> {
        let (place, phrase, _) = then.inner();
        steps = steps.then(Some(place), phrase(), attend::<W>);
    }
    steps
}

/// Runs the step that cucumber found. A step that fails unwinds, so it is never left.
fn attend<W: Scenic>(world: &mut W, context: Context) -> LocalBoxFuture<'_, ()> {
    async move {
        let (kind, phrase) = (context.step.ty, context.step.value.clone());
        let found = W::steps().find(&context.step).expect("cucumber found one step, and these are the same phrases");
        let (run, _, _, context) = found.expect("cucumber found a step, and these are the same phrases");
        world.enter(kind, &phrase);
        run(world, context).await;
        world.leave(kind, &phrase);
    }
    .boxed_local()
}
