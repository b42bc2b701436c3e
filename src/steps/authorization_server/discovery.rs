//! Phrases about the discovery document.
//! What addresses follow from an issuer is told by the driver.

use cucumber::{gherkin::Step, then, when};
use serde_json::Value;
use url::Url;

use super::judging::{answer, expect_members, rows, shown};
use crate::world::{OrFail, StepError, World};
use kmspec_drivers::discovery_document::{DiscoveryDocument, addresses_for};

#[when("the integrator reads the discovery document")]
async fn read_document(world: &mut World) -> Result<(), StepError> {
    world.conversation()?.read_document().await.or_fail(world)?;
    Ok(())
}

#[then("the address of the document is made from the issuer it names")]
async fn found_where_its_issuer_says(world: &mut World) -> Result<(), StepError> {
    let document = document(world)?;
    let issuer = issuer(world, &document)?;
    let addresses = addresses_for(&issuer);
    let found_at = document.found_at.as_str();
    let observed = if addresses.is_empty() {
        format!("the issuer `{issuer}` is no URL")
    } else {
        let looks_templated =
            if issuer.contains('{') { "; it looks like a template that was never filled in" } else { "" };
        format!("found at {found_at}, while the issuer `{issuer}` leads to {}{looks_templated}", addresses[0])
    };
    world.expect(
        addresses.iter().any(|address| same_address(address, found_at)),
        "a document that is found at its issuer's well-known address",
        observed,
    )
}

#[then(expr = "the document and every address in it are on port {int}")]
async fn all_on_port(world: &mut World, port: u16) -> Result<(), StepError> {
    let document = document(world)?;
    let elsewhere = |address: &str| address.parse::<Url>().is_ok_and(|url| url.port_or_known_default() != Some(port));
    let named = document.members.values().filter_map(Value::as_str).chain([document.found_at.as_str()]);
    let stray: Vec<&str> = named.filter(|text| text.starts_with("http") && elsewhere(text)).collect();
    world.expect(stray.is_empty(), format!("addresses on port {port} alone"), stray.join(", "))
}

/// Addresses are the same when they lead to the same place: a default port may be spelled out.
fn same_address(one: &str, other: &str) -> bool {
    matches!((one.parse::<Url>(), other.parse::<Url>()), (Ok(one), Ok(other)) if one == other)
}

#[then("the issuer is an https address without query and fragment")]
async fn issuer_is_plain_https(world: &mut World) -> Result<(), StepError> {
    let document = document(world)?;
    let issuer = issuer(world, &document)?;
    let expected = "an issuer that is an https URL without query and fragment";
    let Ok(url) = issuer.parse::<Url>() else { return Err(world.deviates(expected, format!("`{issuer}`"))) };
    if url.scheme() == "http" && is_loopback(&url) {
        world.note(format!(
            "the issuer {issuer} is plain http, which is accepted on loopback only: use https elsewhere"
        ));
    }
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    world.expect(secure && url.query().is_none() && url.fragment().is_none(), expected, format!("`{issuer}`"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[then("the document is served as JSON")]
async fn document_is_json(world: &mut World) -> Result<(), StepError> {
    let answer = answer(world)?;
    let content_type = answer.header("content-type").unwrap_or("none").to_owned();
    world.expect(
        answer.status == 200 && content_type.to_ascii_lowercase().starts_with("application/json"),
        "status 200, served as application/json",
        format!("status {}, Content-Type {content_type}", answer.status),
    )?;
    document(world).map(drop)
}

#[then("no list in the document is empty")]
async fn no_list_is_empty(world: &mut World) -> Result<(), StepError> {
    let document = document(world)?;
    let empty: Vec<&str> = document
        .members
        .iter()
        .filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty))
        .map(|(name, _)| name.as_str())
        .collect();
    world.expect(empty.is_empty(), "members without elements left out", format!("empty: {}", empty.join(", ")))
}

#[then("the document has these members:")]
async fn has_members(world: &mut World, step: &Step) -> Result<(), StepError> {
    let document = document(world)?;
    expect_members(world, "a document", &document.members, &rows(step))
}

#[then(expr = "the list {string} contains {string}")]
async fn list_contains(world: &mut World, member: String, value: String) -> Result<(), StepError> {
    let document = document(world)?;
    let list = document.members.get(&member).cloned().unwrap_or(Value::Null);
    world.expect(
        document.offers(&member, &value) == Some(true),
        format!("`{member}` with `{value}` in it"),
        format!("{list}"),
    )
}

#[then(expr = "the list {string} has an entry")]
async fn list_has_entry(world: &mut World, member: String) -> Result<(), StepError> {
    let document = document(world)?;
    let list = document.list(&member).unwrap_or_default();
    world.expect(!list.is_empty(), format!("`{member}` with an entry"), list.join(", "))
}

/// The implicit grant, and the mixed ones: their tokens come in the fragment of an address.
#[then("no response type of the document hands out an access token")]
async fn no_implicit_grant(world: &mut World) -> Result<(), StepError> {
    let document = document(world)?;
    let types = document.list("response_types_supported").unwrap_or_default();
    let implicit: Vec<&str> =
        types.iter().copied().filter(|each| each.split(' ').any(|word| word == "token")).collect();
    world.expect(
        !types.is_empty() && implicit.is_empty(),
        "`response_types_supported` without `token`: the implicit grant is discouraged",
        format!("{types:?}"),
    )
}

#[then(expr = "the address {string} of the document has no fragment")]
async fn without_fragment(world: &mut World, member: String) -> Result<(), StepError> {
    let document = document(world)?;
    let expected = format!("`{member}` with an absolute URL without fragment");
    match document.address(&member) {
        Some(url) => world.expect(url.fragment().is_none(), expected, format!("`{url}`")),
        None => {
            let found = document.members.get(&member).map_or("none".to_owned(), Value::to_string);
            Err(world.deviates(expected, found))
        }
    }
}

/// The document read last, which has to be JSON.
pub(super) fn document(world: &World) -> Result<DiscoveryDocument, StepError> {
    let document = world.conversation()?.memory().document.clone();
    match document {
        Some(document) => Ok(document),
        None => Err(world.deviates("a discovery document as a JSON object", shown(&answer(world)?))),
    }
}

fn issuer(world: &World, document: &DiscoveryDocument) -> Result<String, StepError> {
    let issuer = document.text("issuer").map(str::to_owned);
    issuer.ok_or_else(|| world.deviates("a document that names its issuer", "no text member `issuer`"))
}
