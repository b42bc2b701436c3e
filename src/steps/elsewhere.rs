//! What tenants have of each other: APIs, plans, policies and key managers that are looked at in another tenant's portal.
//! How a platform comes to let them is told by `deployments`.

use cucumber::{given, then, when};
use serde_json::json;

use crate::world::{DeployedApi, Last, Look, OrFail as _, PortalView, Scene, StepError, World};
use kmspec_drivers::{
    devportal::{Application, Devportal},
    error::DriverError,
    gateway::ApiCall,
    key_manager::KeyManager,
    publisher::Api,
    reply::Reply,
};
use kmspec_model::exchange::Role;

use super::{
    consumer::call,
    form::{Form, permission},
    parameters::{RESIDENT, ServerKind},
    passwords::SUPER,
    setup::{propagation, resource},
    tokens,
};

/// The scenario's other tenant.
pub(super) const OTHER: &str = "the other tenant";

fn other(world: &World) -> Result<&Scene, StepError> {
    world.neighbours.named(OTHER).or_fail(world)
}

/// The developer in the portal of the tenant that a sentence names.
fn portal_of(world: &World, tenant: &str) -> Result<Devportal, StepError> {
    let portal = world.scene().devportal(Role::Developer).or_fail(world)?;
    Ok(if tenant == OTHER { portal.addressed_to(&other(world)?.tenant) } else { portal })
}

// What the other tenant has.

#[given(expr = "the other tenant's API {string}, which every tenant may use")]
async fn api_for_all(world: &mut World, name: String) -> Result<(), StepError> {
    publish(world, OTHER, &name, Terms { plans: &["Unlimited"], schemes: None }).await
}

#[given(expr = "the other tenant's API {string} on the plans {string} and {string}, which every tenant may use")]
async fn api_on_plans(world: &mut World, name: String, one: String, more: String) -> Result<(), StepError> {
    publish(world, OTHER, &name, Terms { plans: &[&one, &more], schemes: None }).await
}

/// What is special about an API of some tenant.
pub(super) struct Terms<'a> {
    pub(super) plans: &'a [&'a str],
    /// What it takes; access tokens when `None`.
    pub(super) schemes: Option<&'a [&'a str]>,
}

/// An API that the gateway serves, of a tenant that the scenario calls by this name, or of its own.
pub(super) async fn publish(world: &mut World, tenant: &str, name: &str, terms: Terms<'_>) -> Result<(), StepError> {
    let scene = world.neighbours.named(tenant).unwrap_or_else(|_| world.scene());
    let at_subject = scene.name(name);
    let context = format!("/{at_subject}");
    let mark = format!("/{}", uuid::Uuid::new_v4().simple());
    let mut draft = Api::draft(&at_subject, &context, &format!("{}{mark}", scene.backend_url.trim_end_matches('/')));
    draft.policies = Some(terms.plans.iter().map(|plan| (*plan).to_owned()).collect());
    draft.security_scheme = terms.schemes.map(|schemes| schemes.iter().map(|one| (*one).to_owned()).collect());
    draft.other.insert("subscriptionAvailability".to_owned(), json!("ALL_TENANTS"));
    let publisher = scene.publisher(Role::Publisher).or_fail(world)?;
    let path = scene.api_path(&context, &draft.version, "").trim_end_matches('/').to_owned();
    let document = world.demand(&format!("the API `{name}` of {tenant}"), publisher.create_api(&draft).await)?;
    let id = document.id.clone().ok_or_else(|| world.deviates(format!("an id for the API `{name}`"), "none"))?;
    world.demand(&format!("deploying `{name}`"), publisher.deploy(&id).await)?;
    world.demand(&format!("publishing `{name}`"), publisher.publish(&id).await)?;
    world.seen.backends.push(mark);
    world.apis.keep(name, DeployedApi { id, document, path });
    let (gateway, path) = (world.scene().gateway().or_fail(world)?, resource(world, name)?);
    world
        .until(propagation(world), format!("the gateway serves the API `{name}`"), async || {
            let reply = gateway.call(&ApiCall::get(path.clone())).await.or_fail(world)?;
            let told = reply.refusal().map_or(200, |refusal| refusal.status);
            Ok(Look::when(told == 401, (), format!("a call without a token is answered {told}")))
        })
        .await
}

#[given(expr = "the other tenant's plan {string}, which is for the role {string} only")]
async fn plan_for_role(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let permissions = json!({ "permissionType": "ALLOW", "roles": [role] });
    let document = json!({ "policyName": name, "displayName": name, "permissions": permissions });
    let admin = other(world)?.admin(Role::Administrator).or_fail(world)?;
    world.demand(&format!("the plan `{name}`"), admin.create_policy("subscription", &document).await).map(drop)
}

#[given(expr = "the other tenant's application policy {string}")]
async fn policy_elsewhere(world: &mut World, name: String) -> Result<(), StepError> {
    let document = json!({ "policyName": name, "displayName": name, "defaultLimit": {} });
    let admin = other(world)?.admin(Role::Administrator).or_fail(world)?;
    world.demand(&format!("the policy `{name}`"), admin.create_policy("application", &document).await).map(drop)
}

/// Roles are each tenant's own: a name that counts here may mean nothing there.
#[when(expr = "the administrator of the super tenant adds a key manager {string} that denies the role {string}")]
async fn adds_in_super_tenant(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let reply = add_in_super_tenant(world, &name, &role).await?;
    world.keep(reply).map(drop)
}

#[given(expr = "the super tenant has a key manager {string} that denies the role {string}")]
async fn denying_in_super_tenant(world: &mut World, name: String, role: String) -> Result<(), StepError> {
    let reply = add_in_super_tenant(world, &name, &role).await?;
    world.demand(&format!("the key manager `{name}` of the super tenant"), reply).map(drop)
}

type Added = Result<Reply<KeyManager>, DriverError>;

async fn add_in_super_tenant(world: &mut World, name: &str, role: &str) -> Result<Added, StepError> {
    let mut form = Form::filled(world, name, ServerKind::Custom)?;
    form.document["permissions"] = permission(&format!("DENY {role}"));
    let admin = world.add_super_tenant(SUPER).admin(Role::Administrator).or_fail(world)?;
    Ok(admin.register_document(&form.document).await)
}

// What the developer does there.

#[when(expr = "the developer subscribes {string} to the other tenant's API {string}")]
async fn subscribes(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    subscribes_on(world, application, api, "Unlimited".to_owned()).await
}

#[when(expr = "the developer subscribes {string} to the other tenant's API {string} on the plan {string}")]
async fn subscribes_on(world: &mut World, application: String, api: String, plan: String) -> Result<(), StepError> {
    let id = world.applications.named(&application).or_fail(world)?.id.clone();
    let api = world.apis.named(&api).or_fail(world)?.id.clone();
    let reply = portal_of(world, OTHER)?.subscribe_with_plan(&id, &api, &plan).await;
    world.keep(reply).map(drop)
}

#[given(expr = "the other tenant's API {string}, which every tenant may use and {string} is subscribed to")]
async fn api_subscribed_to(world: &mut World, name: String, application: String) -> Result<(), StepError> {
    publish(world, OTHER, &name, Terms { plans: &["Unlimited"], schemes: None }).await?;
    is_subscribed(world, application, name).await
}

#[given(expr = "{string} is subscribed to the other tenant's API {string}")]
async fn is_subscribed(world: &mut World, application: String, api: String) -> Result<(), StepError> {
    subscribes(world, application, api).await?;
    super::refusals::was_granted(world, "the subscription")
}

#[when(expr = "the developer looks at the key managers of the other tenant")]
async fn looks_at_key_managers(world: &mut World) -> Result<(), StepError> {
    let reply = portal_of(world, OTHER)?.key_managers().await;
    world.seen.offered = world.keep(reply)?.unwrap_or_default();
    Ok(())
}

#[when(expr = "the developer looks at the APIs of the other tenant")]
async fn looks_at_apis(world: &mut World) -> Result<(), StepError> {
    let reply = portal_of(world, OTHER)?.apis().await;
    world.seen.apis = world.keep(reply)?.unwrap_or_default();
    Ok(())
}

#[when(expr = "the developer looks at the other tenant's API {string}")]
async fn looks_at_api(world: &mut World, name: String) -> Result<(), StepError> {
    let id = world.apis.named(&name).or_fail(world)?.id.clone();
    let reply = portal_of(world, OTHER)?.api(&id).await;
    world.seen.apis = world.keep(reply)?.into_iter().collect();
    Ok(())
}

#[when(expr = "the developer looks at the application policies in the other tenant's portal")]
async fn looks_at_policies(world: &mut World) -> Result<(), StepError> {
    let reply = portal_of(world, OTHER)?.application_policies().await;
    world.seen.policies = world.keep(reply)?.unwrap_or_default();
    Ok(())
}

#[when(regex = r#"^the developer looks at "([^"]*)" in (the other tenant|the own tenant)'s portal$"#)]
async fn looks_at_application(world: &mut World, application: String, tenant: String) -> Result<(), StepError> {
    let id = world.applications.named(&application).or_fail(world)?.id.clone();
    let portal = portal_of(world, &tenant)?;
    let document = world.demand(&format!("reading `{application}`"), portal.application(&id).await)?;
    let subscriptions = world.demand("listing its subscriptions", portal.subscriptions(&id).await)?;
    let keys = world.demand("listing its keys", portal.keys(&id).await)?;
    let counted = document.other.get("subscriptionCount").and_then(serde_json::Value::as_u64);
    let subscribed = subscriptions.into_iter().filter_map(|each| each.api_id).collect();
    world.seen.portal_view = Some(PortalView { counted, subscribed, keys });
    world.last = Some(Last::Granted);
    Ok(())
}

#[when(expr = "the developer creates the application {string} on the policy {string}")]
async fn creates_on_policy(world: &mut World, name: String, policy: String) -> Result<(), StepError> {
    let draft = Application { throttling_policy: policy, ..Application::named(&world.scene().name(&name)) };
    let reply = portal_of(world, "the own tenant")?.create_application(&draft).await;
    world.keep(reply).map(drop)
}

#[when(expr = "the API consumer calls {string} with a token of {string} from the other tenant's resident key manager")]
async fn calls(world: &mut World, api: String, application: String) -> Result<(), StepError> {
    let keys = tokens::keys_of(world, &application, RESIDENT)?;
    let oauth = other(world)?.resident().or_fail(world)?.oauth();
    let reply = oauth.token(&tokens::authentication(world, &keys, RESIDENT), "client_credentials", &[]).await;
    let token = world.demand("a token from the other tenant's resident key manager", reply)?.access_token;
    let path = resource(world, &api)?;
    call(world, ApiCall::get(path).bearer(token.reveal())).await
}

// What is seen of it.

fn view(world: &World) -> Result<&PortalView, StepError> {
    world.seen.portal_view.as_ref().ok_or_else(|| world.error("no step before this one looked at an application"))
}

#[then(expr = "one subscription is shown and counted, that to {string}")]
async fn one_subscription(world: &mut World, api: String) -> Result<(), StepError> {
    let id = world.apis.named(&api).or_fail(world)?.id.clone();
    let seen = (view(world)?.counted, view(world)?.subscribed.clone());
    world.expect_eq("the count and the subscribed APIs", &(Some(1), vec![id]), &seen)
}

#[then(expr = "{int} set(s) of keys is/are shown")]
async fn sets_of_keys(world: &mut World, count: usize) -> Result<(), StepError> {
    let shown = view(world)?.keys.len();
    world.expect_eq("the number of keys", &count, &shown)
}

#[then(expr = "the latest keys of {string} are among them")]
async fn keys_among(world: &mut World, application: String) -> Result<(), StepError> {
    let wanted = tokens::keys_of(world, &application, RESIDENT)?.consumer_key;
    let shown = view(world)?.keys.iter().any(|keys| keys.consumer_key.as_ref() == Some(&wanted));
    world.expect(shown, format!("the keys of `{application}`"), "other keys, or none")
}

#[then(expr = "it is offered on the plan {string} alone")]
async fn offered_on(world: &mut World, plan: String) -> Result<(), StepError> {
    super::refusals::was_granted(world, "looking at the API")?;
    let plans: Vec<String> = world.seen.apis.iter().flat_map(|api| api.plans.clone()).collect();
    world.expect_eq("the plans on offer", &vec![plan], &plans)
}

#[then(regex = r#"^the policy "([^"]*)" is (not )?shown$"#)]
async fn policy_shown(world: &mut World, name: String, not: String) -> Result<(), StepError> {
    super::refusals::was_granted(world, "looking at the policies")?;
    let found = world.seen.policies.contains(&name);
    world.expect(found == not.is_empty(), format!("`{name}` is {not}shown"), format!("{:?}", world.seen.policies))
}
