//! The Kerberos grant of Identity Server, once it is switched on: tickets that hold, and those that do not.
//! Over real HTTPS, with tickets of a centre that shares the service's key.

mod support;

use std::time::Duration;

use kmspec_mocks::{
    kerberos::{Encryption, KeyCentre, ServicePrincipal, TicketOrder},
    realm::{ClientSpec, TrustedIssuer, TrustedKeys},
    vendors::Vendor,
};
use support::{Answer, Stage, stage_with};

const SERVICE: &str = "HTTP/is.example@EXAMPLE.COM";
const PRINCIPAL: &str = "ann@EXAMPLE.COM";

struct Scene {
    stage: Stage,
    centre: KeyCentre,
}

/// A server that is a service of the realm `corp`, whose principals are users of their own, or the server's.
async fn scene(local_subjects: bool) -> Scene {
    let stage = stage_with(Vendor::Is7, ClientSpec::new("app").grant_types(["kerberos", "refresh_token"])).await;
    let realm = stage.server.realm();
    realm.change_policy(|policy| policy.grant_types.push("kerberos".to_owned()));
    let service = ServicePrincipal::with_password(SERVICE, "of the service").unwrap();
    let corp = TrustedIssuer::new("corp", "https://corp.example", TrustedKeys::Nothing).kerberos(service.clone());
    realm.trust(if local_subjects { corp.local_subjects() } else { corp }).unwrap();
    Scene { stage, centre: KeyCentre::new(service) }
}

impl Scene {
    fn now(&self) -> u64 {
        self.stage.server.realm().now()
    }

    fn ticket(&self) -> TicketOrder {
        self.centre.ticket(PRINCIPAL, self.now()).unwrap()
    }

    async fn send(&self, token: &str) -> Answer {
        let form = [("grant_type", "kerberos"), ("kerberos_token", token), ("kerberos_realm", "corp")];
        self.stage.token(&[&form[..], &[("scope", "any thing")]].concat()).await
    }

    async fn subject(&self, granted: &Answer) -> String {
        assert_eq!(granted.status, 200, "{}", granted.text);
        let claims = self.stage.verified(&granted.member("access_token")).await.unwrap().1;
        assert_eq!(claims["aut"], "APPLICATION_USER");
        claims["sub"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn refused(answer: &Answer, what: &str) {
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{what}");
    assert!(answer.headers.contains_key("sampleheader-999"), "{what}");
}

#[tokio::test]
async fn a_ticket_for_the_service_brings_a_token_for_its_principal_with_any_scope() {
    let scene = scene(false).await;
    let small = scene.centre.ticket_in(Encryption::Aes128, PRINCIPAL, scene.now()).unwrap();
    for good in [scene.ticket(), scene.ticket().negotiated(), small] {
        let granted = scene.send(&good.token()).await;
        assert_eq!(scene.subject(&granted).await, PRINCIPAL, "{good:?}");
        assert_eq!(granted.member("scope"), "any thing");
        assert!(!granted.member("refresh_token").is_empty());
    }
}

#[tokio::test]
async fn a_principal_is_the_user_of_its_name_where_subjects_are_local_and_the_realm_is_the_services_own() {
    let scene = scene(true).await;
    let granted = scene.send(&scene.ticket().token()).await;
    assert_eq!(scene.subject(&granted).await, scene.stage.server.realm().user("ann").unwrap().id);
    for stranger in ["nobody@EXAMPLE.COM", "ann@PARTNER.COM"] {
        let unknown = scene.send(&scene.centre.ticket(stranger, scene.now()).unwrap().token()).await;
        assert_eq!(unknown.error(), (400, "invalid_grant".to_owned()), "{stranger}");
    }
    scene.stage.server.realm().update_user("ann", |ann| ann.active = false);
    assert_eq!(scene.send(&scene.ticket().token()).await.status, 400);
}

#[tokio::test]
async fn a_request_does_once_and_a_ticket_as_often_as_it_is_shown_anew() {
    let scene = scene(false).await;
    let ticket = scene.ticket();
    let token = ticket.token();
    assert_eq!(scene.send(&token).await.status, 200);
    refused(&scene.send(&token).await, "the same request");
    assert_eq!(scene.send(&ticket.token()).await.status, 200);
}

#[tokio::test]
async fn what_does_not_hold_is_refused_in_general_words() {
    let scene = scene(false).await;
    let now = scene.now();
    for wrong in [
        scene.ticket().sealed_with_another_key(),
        scene.ticket().valid_from(now - 7_200).valid_until(now - 3_600),
        scene.ticket().valid_from(now + 3_600),
        scene.ticket().shown_at(now - 3_600),
        scene.ticket().addressed_to("HTTP/other.example@EXAMPLE.COM".parse().unwrap()),
        scene.ticket().shown_by("eve@EXAMPLE.COM".parse().unwrap()),
    ] {
        refused(&scene.send(&wrong.token()).await, &format!("{wrong:?}"));
    }
    let token = scene.ticket().token();
    refused(&scene.send(&token[..token.len() / 2]).await, "half of a token");
}

#[tokio::test]
async fn tickets_end_by_the_clock_of_the_server() {
    let scene = scene(false).await;
    let ticket = scene.ticket();
    let later = |seconds: u64| ticket.clone().shown_at(scene.now() + seconds).token();
    scene.stage.server.clock().advance(Duration::from_secs(301));
    refused(&scene.send(&ticket.token()).await, "an authenticator of five minutes ago");
    assert_eq!(scene.send(&later(0)).await.status, 200);
    scene.stage.server.clock().advance(Duration::from_secs(36_000));
    refused(&scene.send(&later(0)).await, "a ticket of ten hours ago");
}
