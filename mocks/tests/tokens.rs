//! Grants and their refusals, introspection, revocation, refreshing, keys and time.
//! Over real HTTPS, each server on a port of its own.

mod support;

use std::time::Duration;

use kmspec_mocks::{
    journal::Endpoint,
    realm::{ClientSpec, TokenFormat},
    vendors::Vendor,
};
use support::{answer, stage, stage_with};

const BOTH: [Vendor; 2] = [Vendor::Is7, Vendor::Custom];

#[tokio::test]
async fn a_client_gets_a_jwt_that_verifies_with_the_published_keys() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let granted = stage.token(&[("grant_type", "client_credentials"), ("scope", "read")]).await;
        assert_eq!(
            (granted.status, granted.header("cache-control"), granted.header("pragma")),
            (200, "no-store", "no-cache")
        );
        assert_eq!(granted.json()["token_type"], "Bearer");
        assert_eq!(granted.json()["expires_in"], 3_600);
        assert_eq!(granted.json()["scope"], "read");
        assert!(granted.json().get("refresh_token").is_none());
        let (header, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(claims["client_id"], stage.client.id);
        assert_eq!(claims["sub"], stage.client.id);
        assert_eq!(claims["aud"], stage.client.id);
        assert_eq!(claims["scope"], "read");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 3_600);
    }
}

#[tokio::test]
async fn a_user_gets_an_id_token_and_a_refresh_token_by_password() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let granted = stage.password("openid read").await;
        assert_eq!(granted.status, 200, "{}", granted.text);
        let ann = stage.server.realm().user("ann").unwrap();
        let (_, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
        assert_eq!(claims["sub"], ann.id);
        let (header, claims) = stage.verified(&granted.member("id_token")).await.unwrap();
        assert_eq!((header["typ"].as_str(), claims["email"].as_str()), (Some("JWT"), Some("ann@example.com")));
        assert!(!granted.member("refresh_token").is_empty());
    }
}

#[tokio::test]
async fn the_first_thing_that_is_wrong_decides_the_error() {
    const PASSWORD: Form = &[("grant_type", "password"), ("username", "ann"), ("password", "wrong")];
    type Form = &'static [(&'static str, &'static str)];
    let cases: [(&str, Form, &str, &str); 6] = [
        (
            "a repeated parameter",
            &[("grant_type", "client_credentials"), ("scope", "a"), ("scope", "b")],
            "invalid_request",
            "invalid_request",
        ),
        ("no grant type", &[("scope", "read")], "invalid_request", "invalid_request"),
        ("an unknown grant type", &[("grant_type", "magic")], "invalid_request", "unsupported_grant_type"),
        ("a missing parameter", &[("grant_type", "refresh_token")], "invalid_request", "invalid_request"),
        ("a wrong password", PASSWORD, "invalid_grant", "invalid_grant"),
        (
            "an unknown refresh token",
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            "invalid_grant",
            "invalid_grant",
        ),
    ];
    for (what, form, by_is7, by_custom) in cases {
        for (vendor, expected) in [(Vendor::Is7, by_is7), (Vendor::Custom, by_custom)] {
            let refused = stage(vendor).await.token(form).await;
            assert_eq!(refused.error(), (400, expected.to_owned()), "{vendor}: {what}");
            assert_eq!(refused.header("cache-control"), "no-store");
        }
    }
}

#[tokio::test]
async fn an_unknown_grant_of_an_unknown_client_shows_what_is_looked_at_first() {
    let form = [("grant_type", "magic"), ("client_id", "nobody"), ("client_secret", "nothing")];
    for (vendor, expected) in [(Vendor::Is7, (400, "invalid_request")), (Vendor::Custom, (401, "invalid_client"))] {
        let stage = stage(vendor).await;
        let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn a_client_authenticates_in_one_way_and_rightly() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let url = stage.server.endpoints().token.clone();
        let (id, secret) = (stage.client.id.as_str(), stage.client.secret.as_deref().unwrap());
        let grant = ("grant_type", "client_credentials");
        let posted = stage.post_bare(&url, &[grant, ("client_id", id), ("client_secret", secret)]).await;
        assert_eq!(posted.status, 200, "{vendor}");
        let both = stage.token(&[grant, ("client_id", id), ("client_secret", secret)]).await;
        assert_eq!(both.error(), (400, "invalid_request".to_owned()), "{vendor}");
        let wrong =
            answer(stage.http.post(&url).basic_auth(id, Some("wrong")).form(&[grant]).send().await.unwrap()).await;
        assert_eq!(wrong.error(), (401, "invalid_client".to_owned()), "{vendor}");
        assert!(wrong.header("www-authenticate").starts_with("Basic realm="), "{vendor}");
        let nobody = stage.post_bare(&url, &[grant]).await;
        assert_eq!(nobody.error(), (401, "invalid_client".to_owned()), "{vendor}");
        let in_url = stage.post_bare(&format!("{url}?client_secret={secret}"), &[grant, ("client_id", id)]).await;
        assert_eq!(in_url.error(), (400, "invalid_request".to_owned()), "{vendor}");
        assert_eq!(stage.get(&url).await.status, 405, "{vendor}");
    }
}

#[tokio::test]
async fn only_conforming_servers_decode_basic_credentials() {
    for (vendor, decoded, plain) in [(Vendor::Custom, 200, 401), (Vendor::Is7, 401, 200)] {
        let stage = stage_with(vendor, ClientSpec::new("orders").secret("a+b c%d")).await;
        let url = stage.server.endpoints().token.clone();
        for (secret, expected) in [("a%2Bb+c%25d", decoded), ("a+b c%d", plain)] {
            let request = stage
                .http
                .post(&url)
                .basic_auth(&stage.client.id, Some(secret))
                .form(&[("grant_type", "client_credentials")]);
            assert_eq!(answer(request.send().await.unwrap()).await.status, expected, "{vendor}: {secret}");
        }
    }
}

#[tokio::test]
async fn a_grant_must_be_enabled_and_a_public_client_has_none_of_its_own() {
    for vendor in BOTH {
        let stage = stage_with(vendor, ClientSpec::new("orders").grant_types(["client_credentials"])).await;
        assert_eq!(stage.password("read").await.error(), (400, "unauthorized_client".to_owned()), "{vendor}");
        let public = stage.server.realm().add_client(ClientSpec::new("spa").public());
        let form = [("grant_type", "client_credentials"), ("client_id", public.id.as_str())];
        let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
        let expected = if vendor == Vendor::Is7 { (401, "invalid_client") } else { (400, "unauthorized_client") };
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn an_unregistered_scope_is_refused_by_the_letter_and_dropped_by_identity_server() {
    let ask = async |vendor| stage(vendor).await.password("read nonsense").await;
    assert_eq!(ask(Vendor::Custom).await.error(), (400, "invalid_scope".to_owned()));
    assert_eq!(ask(Vendor::Is7).await.json()["scope"], "read");
    let nothing_left = stage(Vendor::Is7).await.password("nonsense").await;
    assert_eq!(nothing_left.json()["scope"], "default");
}

#[tokio::test]
async fn introspection_tells_a_live_token_from_every_other_text() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let granted = stage.password("read").await;
        let live = stage.introspect(&granted.member("access_token")).await;
        assert_eq!(
            (&live["active"], &live["scope"], &live["client_id"]),
            (&true.into(), &"read".into(), &stage.client.id.as_str().into())
        );
        assert_eq!(stage.introspect("nonsense").await, serde_json::json!({ "active": false }));
        let forged = stage.server.forge().token(&stage.client.id, "ann").encode();
        assert_eq!(stage.introspect(&forged).await, serde_json::json!({ "active": false }));
        let refresh = stage.introspect(&granted.member("refresh_token")).await;
        assert_eq!(refresh["active"], true, "{vendor}");
        assert_eq!(
            refresh.get("token_type").and_then(|kind| kind.as_str()),
            (vendor == Vendor::Is7).then_some("Refresh")
        );
        let url = stage.server.endpoints().introspection.clone().unwrap();
        assert_eq!(stage.post_bare(&url, &[("token", "x")]).await.status, 401, "{vendor}");
        assert_eq!(stage.post(&url, &[]).await.status, 400, "{vendor}");
    }
}

#[tokio::test]
async fn a_moved_clock_expires_tokens() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        stage.server.clock().stop();
        let granted = stage.password("read").await;
        let token = granted.member("access_token");
        stage.server.clock().advance(Duration::from_secs(3_599));
        assert_eq!(stage.introspect(&token).await["active"], true, "{vendor}");
        stage.server.clock().advance(Duration::from_secs(1));
        assert_eq!(stage.introspect(&token).await["active"], false, "{vendor}");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &granted.member("refresh_token"))];
        stage.server.clock().advance(Duration::from_secs(86_400));
        assert_eq!(stage.token(&refresh).await.error(), (400, "invalid_grant".to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_inactive_at_once_and_an_unknown_one_is_fine_too() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let granted = stage.password("read").await;
        let (access, refresh) = (granted.member("access_token"), granted.member("refresh_token"));
        assert_eq!(stage.revoke(&access).await.status, 200);
        assert_eq!(stage.introspect(&access).await["active"], false, "{vendor}");
        // Only identity server ends the refresh token with it.
        assert_eq!(stage.introspect(&refresh).await["active"], vendor == Vendor::Custom, "{vendor}");
        let granted = stage.password("read").await;
        let (access, refresh) = (granted.member("access_token"), granted.member("refresh_token"));
        assert_eq!(stage.revoke(&refresh).await.status, 200);
        assert_eq!(stage.introspect(&access).await["active"], false, "{vendor}");
        for text in [&access, "nonsense"] {
            assert_eq!(stage.revoke(text).await.status, 200, "{vendor}");
        }
        let url = stage.server.endpoints().revocation.clone().unwrap();
        assert_eq!(stage.post(&url, &[]).await.error(), (400, "invalid_request".to_owned()), "{vendor}");
    }
}

#[tokio::test]
async fn a_token_of_another_client_is_not_revoked() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let granted = stage.password("read").await;
        let other = stage.server.realm().add_client(ClientSpec::new("billing"));
        let url = stage.server.endpoints().revocation.clone().unwrap();
        let by_other = async |token: String| {
            let form = [
                ("token", token.as_str()),
                ("client_id", &other.id),
                ("client_secret", other.secret.as_deref().unwrap()),
            ];
            stage.post_bare(&url, &form).await
        };
        let (access, refresh) = (granted.member("access_token"), granted.member("refresh_token"));
        let expected = if vendor == Vendor::Is7 { (401, "unauthorized_client") } else { (400, "invalid_grant") };
        assert_eq!(by_other(access.clone()).await.error(), (expected.0, expected.1.to_owned()), "{vendor}");
        assert_eq!(by_other(refresh.clone()).await.status, if vendor == Vendor::Is7 { 200 } else { 400 }, "{vendor}");
        assert_eq!(stage.introspect(&access).await["active"], true, "{vendor}");
        assert_eq!(stage.introspect(&refresh).await["active"], true, "{vendor}");
        let stranger = stage
            .post_bare(&url, &[("token", access.as_str()), ("client_id", &other.id), ("client_secret", "x")])
            .await;
        assert_eq!(stranger.error(), (401, "invalid_client".to_owned()), "{vendor}");
        assert_eq!(
            stranger.header("content-type"),
            if vendor == Vendor::Is7 { "text/html" } else { "application/json" }
        );
    }
}

#[tokio::test]
async fn refreshing_gives_a_new_pair_and_ends_the_old_one() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let first = stage.password("read write").await;
        let refresh = async |token: &str, scope: &str| {
            stage.token(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)]).await
        };
        let old = first.member("refresh_token");
        assert_eq!(refresh(&old, "read email").await.error(), (400, "invalid_scope".to_owned()), "{vendor}");
        let second = refresh(&old, "read").await;
        assert_eq!((second.status, second.member("scope")), (200, "read".to_owned()), "{vendor}");
        let new = second.member("refresh_token");
        assert_ne!(new, old);
        assert_eq!(stage.introspect(&first.member("access_token")).await["active"], false, "{vendor}");
        assert_eq!(stage.introspect(&second.member("access_token")).await["active"], true, "{vendor}");
        assert_eq!(second.header("deactivatedaccesstoken") == first.member("access_token"), vendor == Vendor::Is7);
        assert_eq!(refresh(&old, "").await.error(), (400, "invalid_grant".to_owned()), "{vendor}");
        // The letter's server takes a second use for theft and ends everything that came of the grant.
        assert_eq!(refresh(&new, "").await.status, if vendor == Vendor::Is7 { 200 } else { 400 }, "{vendor}");
    }
}

#[tokio::test]
async fn a_refresh_token_belongs_to_its_client() {
    for vendor in BOTH {
        let stage = stage(vendor).await;
        let token = stage.password("read").await.member("refresh_token");
        let other = stage.server.realm().add_client(ClientSpec::new("billing"));
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("client_id", &other.id),
            ("client_secret", other.secret.as_deref().unwrap()),
        ];
        let refused = stage.post_bare(&stage.server.endpoints().token, &form).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned()), "{vendor}");
        assert_eq!(stage.introspect(&token).await["active"], true, "{vendor}");
    }
}

#[tokio::test]
async fn identity_server_keeps_one_live_token_for_the_same_request() {
    let ask = [("grant_type", "client_credentials"), ("scope", "read")];
    let stage = stage(Vendor::Is7).await;
    let (first, second) =
        (stage.token(&ask).await.member("access_token"), stage.token(&ask).await.member("access_token"));
    assert_eq!(stage.introspect(&first).await["active"], false);
    assert_eq!(stage.introspect(&second).await["active"], true);
    let opaque = stage_with(Vendor::Is7, ClientSpec::new("orders").token_format(TokenFormat::Opaque)).await;
    let (first, second) =
        (opaque.token(&ask).await.member("access_token"), opaque.token(&ask).await.member("access_token"));
    assert_eq!(first, second);
    assert_eq!(first.len(), 36);
}

#[tokio::test]
async fn an_old_key_verifies_after_rotation_until_it_is_withdrawn() {
    let stage = stage(Vendor::Custom).await;
    let ask = [("grant_type", "client_credentials")];
    let old = stage.token(&ask).await.member("access_token");
    let old_kid = stage.server.realm().keys().published()[0].clone();
    let new_kid = stage.server.realm().keys().rotate();
    let new = stage.token(&ask).await.member("access_token");
    assert_eq!(stage.verified(&new).await.unwrap().0["kid"], new_kid);
    assert!(stage.verified(&old).await.is_ok());
    stage.server.realm().keys().withdraw(&old_kid);
    assert!(stage.verified(&old).await.is_err());
    assert!(stage.verified(&new).await.is_ok());
}

#[tokio::test]
async fn the_profile_is_for_those_who_asked_for_it() {
    let stage = stage(Vendor::Custom).await;
    let url = stage.server.endpoints().userinfo.clone().unwrap();
    let ask = async |token: &str| answer(stage.http.get(&url).bearer_auth(token).send().await.unwrap()).await;
    let profile = ask(&stage.password("openid").await.member("access_token")).await;
    assert_eq!((profile.status, profile.member("email")), (200, "ann@example.com".to_owned()));
    let without = ask(&stage.password("read").await.member("access_token")).await;
    assert_eq!(without.error(), (403, "insufficient_scope".to_owned()));
    assert_eq!(ask("nonsense").await.error(), (401, "invalid_token".to_owned()));
    let nothing = stage.get(&url).await;
    assert_eq!((nothing.status, nothing.header("www-authenticate")), (401, "Bearer realm=\"localhost\""));
}

#[tokio::test]
async fn any_authenticated_caller_reads_its_scim_profile() {
    let stage = stage(Vendor::Is7).await;
    let url = stage.server.endpoints().userinfo.clone().unwrap();
    let token = stage.password("read").await.member("access_token");
    let profile = answer(stage.http.get(&url).bearer_auth(&token).send().await.unwrap()).await;
    assert_eq!((profile.status, profile.member("userName")), (200, "ann".to_owned()));
    assert_eq!(profile.header("content-type"), "application/scim+json");
    assert_eq!(stage.get(&url).await.status, 401);
    let basic = answer(stage.http.get(&url).basic_auth("ann", Some("ann's secret")).send().await.unwrap()).await;
    assert_eq!(basic.status, 200);
}

#[tokio::test]
async fn requests_and_answers_are_written_down_unless_recording_is_off() {
    let stage = stage(Vendor::Custom).await;
    let ask = [("grant_type", "client_credentials")];
    let granted = stage.token(&ask).await;
    stage.token(&[("grant_type", "magic")]).await;
    let journal = stage.server.journal().await;
    assert_eq!(journal.count(Endpoint::Token), 2);
    let first = journal.of(Endpoint::Token).next().unwrap();
    assert_eq!((first.form("grant_type").as_deref(), first.status), (Some("client_credentials"), 200));
    assert_eq!(first.answer_body, granted.text);
    assert!(journal.entries()[1].at_us > first.at_us);
    stage.server.clear_journal().await;
    stage.server.record(false);
    stage.token(&ask).await;
    assert_eq!(stage.server.journal().await.entries().len(), 0);
}

#[tokio::test]
async fn nonsense_is_answered_and_never_breaks_the_server() {
    for vendor in Vendor::ALL {
        let stage = stage(vendor).await;
        let endpoints = stage.server.endpoints().clone();
        let urls = [
            Some(endpoints.token.clone()),
            endpoints.introspection,
            endpoints.revocation,
            endpoints.registration,
            endpoints.userinfo,
        ];
        for url in urls.into_iter().flatten() {
            for body in [&b""[..], b"\xff\xfe%%%&&==", b"{", b"[[[[", &[b'a'; 100_000]] {
                for media in ["application/x-www-form-urlencoded", "application/json", "text/plain", ""] {
                    let request = stage
                        .http
                        .post(&url)
                        .header("content-type", media)
                        .header("authorization", "Basic !!!")
                        .body(body.to_vec());
                    let response = request.send().await.unwrap();
                    assert!(response.status().is_client_error(), "{vendor} {url} {}", response.status());
                }
            }
        }
        assert_eq!(stage.get(&endpoints.jwks).await.status, 200, "{vendor}");
    }
}
