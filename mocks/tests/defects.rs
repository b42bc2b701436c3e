//! Every seeded defect shows on the wire when it is switched on, and does not when it is off.
//! Which scenario of the features notices it is proven by the harness's own tests.

mod support;

mod probes {
    pub(crate) mod assertions;
    pub(crate) mod client_registration;
    pub(crate) mod configured;
    pub(crate) mod endpoints;
    pub(crate) mod grants;
    pub(crate) mod proofs;
    pub(crate) mod refreshing;
    pub(crate) mod windows;
}

use std::{collections::BTreeSet, future::Future, pin::Pin};

use kmspec_mocks::{certificates::ClientCertificates, defects, server::AuthorizationServer, vendors::Vendor};
use support::{Stage, stage};

/// Whether the wire shows the defect.
pub(crate) type Shows = Pin<Box<dyn Future<Output = bool> + Send>>;
/// A defect, the vendor it is looked for at, and the look.
pub(crate) type Probe = (&'static str, Vendor, fn(Stage) -> Shows);

fn probes() -> Vec<Probe> {
    [
        probes::endpoints::PROBES,
        probes::grants::PROBES,
        probes::refreshing::PROBES,
        probes::assertions::PROBES,
        probes::windows::PROBES,
        probes::client_registration::PROBES,
        probes::proofs::PROBES,
        probes::configured::PROBES,
    ]
    .concat()
}

#[tokio::test]
async fn a_defect_shows_when_it_is_on_and_only_then() {
    let mut wrong = Vec::new();
    for (id, vendor, look) in probes() {
        let defective = stage(vendor).await;
        defective.server.defects().switch_on(id).unwrap();
        for (stage, expected) in [(stage(vendor).await, false), (defective, true)] {
            // A look that fails has seen nothing, and is told with its defect.
            match tokio::spawn(look(stage)).await {
                Ok(shows) if shows == expected => {}
                Ok(shows) => wrong.push(format!("{id} at {vendor}: on {expected}, shows {shows}")),
                Err(error) => wrong.push(format!("{id} at {vendor}: on {expected}, {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The answer to a request for the client's own token: with a wrong secret, or without credentials that can be read.
async fn asked(stage: &Stage, secret: Option<&str>) -> support::Answer {
    // Without an audience there is no token at Auth0; the others pass over it.
    let form = [("grant_type", "client_credentials"), ("audience", "https://api.example.com/")];
    let request = stage.http.post(&stage.server.endpoints().token).form(&form);
    let request = match secret {
        Some(secret) => request.basic_auth(&stage.client.id, Some(secret)),
        None => request.header("authorization", "Basic !!"),
    };
    support::answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn what_is_wrong_with_clients_shows_in_whatever_words_a_vendor_refuses_them() {
    for vendor in [Vendor::Is7, Vendor::Is, Vendor::Custom, Vendor::Auth0, Vendor::Keycloak] {
        for (id, secret, shown) in [("DEF-SEED-AS-AUTH-01", Some("wrong"), 200), ("DEF-127", None, 500)] {
            let stage = stage(vendor).await;
            let honest = asked(&stage, secret).await;
            assert!((400..500).contains(&honest.status), "{id} at {vendor}: {}", honest.text);
            stage.server.defects().switch_on(id).unwrap();
            let defective = asked(&stage, secret).await;
            assert_eq!(defective.status, shown, "{id} at {vendor}: {}", defective.text);
        }
    }
}

#[test]
fn every_defect_is_looked_for() {
    let looked_for: BTreeSet<&str> = probes().iter().map(|(id, ..)| *id).collect();
    let missing: Vec<_> = defects::switchable().into_iter().filter(|each| !looked_for.contains(each.id)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Those that show at servers of their own kind alone.
const AT_OTHER_SERVERS: [&str; 13] = [
    "DEF-SEED-AS-CERT-01",
    "DEF-SEED-AS-CERT-02",
    "DEF-SEED-AS-CERT-03",
    "DEF-SEED-AS-CERT-05",
    "DEF-SEED-AS-DISCO-10",
    "DEF-SEED-AS-DISCO-12",
    "DEF-SEED-AS-DISCO-13",
    "DEF-SEED-AS-DISCO-14",
    "DEF-SEED-AS-LEGACY-01",
    "DEF-SEED-AS-LEGACY-02",
    "DEF-SEED-AS-LEGACY-03",
    "DEF-SEED-AS-LEGACY-04",
    "DEF-SEED-AS-LEGACY-05",
];

#[tokio::test]
async fn a_defect_that_can_never_show_at_a_server_is_refused_there_and_no_other_is() {
    for (id, vendor, _) in probes() {
        let server = AuthorizationServer::builder(vendor).certificates(support::AUTHORITY.clone());
        let started = server.defect(id).start().await;
        let refused = started.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert_eq!(started.is_err(), AT_OTHER_SERVERS.contains(&id), "{id} at {vendor}: {refused}");
        assert_eq!(refused.is_empty(), !refused.contains("can never show"), "{id} at {vendor}: {refused}");
    }
    let nowhere = AuthorizationServer::builder(Vendor::Cognito).defect("DEF-107").start().await.unwrap_err();
    assert!(nowhere.to_string().contains("no endpoint of the kind Introspection"), "{nowhere}");
}

#[tokio::test]
async fn a_defect_of_certificates_that_stand_for_users_is_refused_where_none_can() {
    let all = ["DEF-SEED-AS-CERT-01", "DEF-SEED-AS-CERT-02", "DEF-SEED-AS-CERT-03", "DEF-SEED-AS-CERT-04"];
    for (vendor, shows) in [(Vendor::Okta, false), (Vendor::Custom, false), (Vendor::Is, false), (Vendor::Is7, true)] {
        for id in all {
            let server = AuthorizationServer::builder(vendor).certificates(support::AUTHORITY.clone());
            let started = server.client_certificates(ClientCertificates::Asked).defect(id).start().await;
            let refused = started.as_ref().err().map(ToString::to_string).unwrap_or_default();
            assert_eq!(refused.is_empty(), shows, "{id} at {vendor}: {refused}");
            assert!(shows || refused.contains("is7"), "{id} at {vendor}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_server_can_be_started_with_a_defect_and_loses_it_again() {
    let server = AuthorizationServer::builder(Vendor::Custom).defect("DEF-126").start().await;
    let server = server.unwrap();
    assert_eq!(server.defects().list()[0].id, "DEF-126");
    assert!(server.defects().switch_off("DEF-126") && server.defects().list().is_empty());
    let refused = AuthorizationServer::builder(Vendor::Custom).defect("DEF-8").start().await;
    assert!(refused.unwrap_err().to_string().starts_with("`DEF-8` is no defect"));
}
