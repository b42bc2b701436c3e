//! What every vendor says of itself is so: endpoints answer, announced grants work, others are refused in its dialect,
//! tokens have its form and verify with its keys. Over real HTTPS, each server on a port of its own.

mod support;

mod vendors {
    pub(crate) mod rows;
}

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};
use serde_json::Value;
use support::{Answer, Stage, stage_with};
use vendors::rows::{CC, CODE, DEVICE, EXCHANGE, JWT_BEARER, NTLM, PASSWORD, REFRESH, Row, SAML, rows};

const REDIRECT: &str = "https://app.example/cb";

impl Row {
    /// A server with a client that may use every grant type, and the scopes `read` and `write`.
    async fn stage(&self) -> Stage {
        let spec = ClientSpec::new("orders").scopes(["read", "write", "offline_access"]).redirect_uris([REDIRECT]);
        stage_with(self.vendor, spec.grant_types(self.grants.iter().copied())).await
    }

    async fn ask(&self, stage: &Stage, form: &[(&str, &str)]) -> Answer {
        let mut form = form.to_vec();
        form.extend(
            self.fields
                .iter()
                .filter(|(name, _)| form.iter().all(|(known, _)| known != name))
                .copied()
                .collect::<Vec<_>>(),
        );
        stage.token(&form).await
    }

    /// The request for a token of the client's own, with a scope where one is asked for by name.
    async fn own_token(&self, stage: &Stage) -> Answer {
        let scope = [("grant_type", CC), ("scope", "read")];
        let bare = [("grant_type", CC)];
        self.ask(stage, if self.fields.iter().any(|(name, _)| *name == "scope") { &bare } else { &scope }).await
    }

    /// Form fields of a request for this grant, good or nearly so: without what only a browser, a device or a partner gives.
    fn asking(grant: &'static str) -> Vec<(&'static str, &'static str)> {
        let more: &[_] = match grant {
            PASSWORD => &[("username", "ann"), ("password", "ann's secret")],
            REFRESH => &[("refresh_token", "nobody's")],
            CODE => &[("code", "nobody's")],
            NTLM => &[("windows_token", "bm8gdG9rZW4gcmVhbGx5")],
            DEVICE => &[("device_code", "nobody's")],
            JWT_BEARER | SAML => &[("assertion", "no.jwt.really")],
            EXCHANGE => {
                &[("subject_token", "no.jwt.really"), ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")]
            }
            _ => &[],
        };
        [("grant_type", grant)].iter().chain(more).copied().collect()
    }

    /// Tokens on behalf of ann, by a code.
    async fn user_tokens(&self, stage: &Stage) -> Answer {
        let scope = if self.vendor == Vendor::Entra {
            "openid offline_access api://kmspec-v2/read"
        } else {
            "openid offline_access read"
        };
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &stage.client.id),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
        ];
        query.extend(self.fields.iter().filter(|(name, _)| *name != "scope"));
        let code = stage.code(&query).await;
        stage.token(&[("grant_type", CODE), ("code", &code), ("redirect_uri", REDIRECT)]).await
    }
}

#[tokio::test]
async fn every_vendor_has_a_row() {
    let mut missing = Vendor::ALL.to_vec();
    missing.retain(|vendor| rows().iter().all(|row| row.vendor != *vendor));
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn what_discovery_announces_is_there_and_nothing_else_is_said_of_grants() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        let base = stage.server.base_url();
        assert_eq!(stage.server.issuer().strip_prefix(base), Some(row.issuer), "{vendor}");
        let document = stage.get(&stage.server.discovery_url()).await.json();
        assert_eq!(document["issuer"], stage.server.issuer(), "{vendor}");
        for (name, url) in document.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint")) {
            let answer = stage.get(url.as_str().unwrap()).await;
            assert_ne!(answer.status, 404, "{vendor}: {name} at {url}");
        }
        assert_eq!(document["jwks_uri"], stage.server.endpoints().jwks, "{vendor}");
        let set = stage.get(document["jwks_uri"].as_str().unwrap()).await.json();
        assert_eq!(set["keys"].as_array().unwrap().len(), row.keys, "{vendor}");
        let mut announced: Vec<_> = document["grant_types_supported"].as_array().cloned().unwrap_or_default();
        let mut expected: Vec<Value> = row.grants.iter().filter(|_| row.listed).map(|&grant| grant.into()).collect();
        announced.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(announced, expected, "{vendor}");
    }
}

#[tokio::test]
async fn a_grant_type_is_known_where_it_is_announced_and_refused_elsewhere_in_the_vendors_words() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        for grant in [CC, PASSWORD, REFRESH, CODE, DEVICE, JWT_BEARER, EXCHANGE, SAML, NTLM, "magic"] {
            let answer = row.ask(&stage, &Row::asking(grant)).await;
            let known = row.grants.contains(&grant);
            match grant {
                _ if !known => {
                    assert_eq!(answer.error(), expected(row.unknown_grant), "{vendor}: {grant}: {}", answer.text)
                }
                CC | PASSWORD => assert_eq!(answer.status, 200, "{vendor}: {grant}: {}", answer.text),
                // Known, and refused for what was presented.
                _ => {
                    let (status, code) = answer.error();
                    let refused = ["invalid_grant", "invalid_request", "expired_token"].contains(&code.as_str());
                    assert!((400..=403).contains(&status) && refused, "{vendor}: {grant}: {}", answer.text);
                    let said = answer.json()["error_description"].as_str().unwrap_or_default().to_owned();
                    assert!(!said.contains("Unsupported grant_type"), "{vendor}: {grant}: {said}");
                }
            }
        }
        stage.server.realm().update_client(&stage.client.id, |client| client.grant_types.clear());
        let barred = row.own_token(&stage).await;
        assert_eq!(barred.error(), expected(row.barred_grant), "{vendor}: {}", barred.text);
    }
}

fn expected((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_client_that_does_not_authenticate_is_refused_in_the_vendors_words() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        let url = stage.server.endpoints().token.clone();
        let with = async |id: &str, secret: &str| {
            let mut form = vec![("grant_type", CC), ("client_id", id), ("client_secret", secret)];
            form.extend(row.fields);
            stage.post_bare(&url, &form).await
        };
        let wrong = with(&stage.client.id, "not it").await;
        assert_eq!(wrong.error(), expected(row.wrong_secret), "{vendor}: {}", wrong.text);
        let nobody = with("nobody", "not it").await;
        assert_eq!(nobody.error(), expected(row.unknown_client), "{vendor}: {}", nobody.text);
        let right = with(&stage.client.id, stage.client.secret.as_deref().unwrap()).await;
        assert_eq!(right.status, 200, "{vendor}: {}", right.text);
    }
}

#[tokio::test]
async fn an_applications_token_has_the_vendors_form_and_verifies_with_its_keys() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        let granted = row.own_token(&stage).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        assert!(granted.json().get("refresh_token").is_none(), "{vendor}");
        let (header, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
        assert_eq!(header["typ"].as_str().unwrap_or_default(), row.typ, "{vendor}");
        let named = claims[row.client_claim].as_str().unwrap_or_else(|| panic!("{vendor}: {claims}"));
        assert_eq!(named, stage.client.id, "{vendor}");
        for name in row.has {
            assert!(claims.get(name).is_some(), "{vendor}: no {name} in {claims}");
        }
        for name in row.has_not {
            assert!(claims.get(name).is_none(), "{vendor}: {name} in {claims}");
        }
        let (claim, listed) = row.scopes.unwrap();
        let said = &claims[claim];
        let words: Vec<_> = match said {
            Value::String(text) => text.split(' ').collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => panic!("{vendor}: no {claim} in {claims}"),
        };
        assert!(words.contains(&"read") && said.is_array() == listed, "{vendor}: {said}");
    }
}

#[tokio::test]
async fn a_users_token_stands_for_the_user_and_can_be_refreshed() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        let granted = row.user_tokens(&stage).await;
        assert_eq!(granted.status, 200, "{vendor}: {}", granted.text);
        let (_, claims) = stage.verified(&granted.member("access_token")).await.unwrap();
        let ann = stage.server.realm().user("ann").unwrap();
        let text = claims.to_string();
        assert!(text.contains(&ann.id) || text.contains("\"ann\""), "{vendor}: {claims}");
        let (_, id) = stage.verified(&granted.member("id_token")).await.unwrap();
        assert_eq!(id["aud"], stage.client.id, "{vendor}");
        let refresh = granted.member("refresh_token");
        let again = stage.token(&[("grant_type", REFRESH), ("refresh_token", &refresh)]).await;
        assert_eq!(again.status, 200, "{vendor}: {}", again.text);
        let stranger = stage.token(&[("grant_type", REFRESH), ("refresh_token", "nobody's")]).await;
        assert_eq!(stranger.error().1, "invalid_grant", "{vendor}: {}", stranger.text);
    }
}

#[tokio::test]
async fn an_endpoint_for_introspection_or_revocation_does_what_it_is_for() {
    for row in rows() {
        let (vendor, stage) = (row.vendor, row.stage().await);
        let token = row.own_token(&stage).await.member("access_token");
        let endpoints = stage.server.endpoints().clone();
        if let Some(introspection) = &endpoints.introspection {
            assert_eq!(stage.introspect(&token).await["active"], true, "{vendor}");
            assert_eq!(stage.introspect("nobody's").await, serde_json::json!({ "active": false }), "{vendor}");
            let bare = stage.post_bare(introspection, &[("token", &token)]).await;
            assert!((400..=403).contains(&bare.status), "{vendor}: {}", bare.text);
        }
        if endpoints.revocation.is_some() {
            let revoked = stage.revoke(&token).await;
            let refused = (400, "unsupported_token_type".to_owned());
            if [Vendor::Cognito, Vendor::Auth0].contains(&vendor) {
                assert_eq!(revoked.error(), refused, "{vendor}");
            } else {
                assert_eq!((revoked.status, revoked.text.as_str()), (200, ""), "{vendor}");
            }
            let nothing = stage.revoke("nobody's").await;
            let said = if vendor == Vendor::Keycloak { nothing.error().1 } else { nothing.text.clone() };
            let wanted = if vendor == Vendor::Keycloak { "invalid_token" } else { "" };
            assert_eq!((nothing.status, said.as_str()), (200, wanted), "{vendor}");
        }
        if endpoints.introspection.is_some() && endpoints.revocation.is_some() {
            assert_eq!(stage.introspect(&token).await["active"], false, "{vendor}");
        }
    }
}

#[tokio::test]
async fn forgerock_tells_strangers_nothing_of_a_token_unless_they_may_see_every_one() {
    let row = rows().into_iter().find(|row| row.vendor == Vendor::ForgeRock).unwrap();
    let stage = row.stage().await;
    let token = row.own_token(&stage).await.member("access_token");
    let url = stage.server.endpoints().introspection.clone().unwrap();
    for (scopes, seen) in [(vec!["orders:read"], false), (vec!["am-introspect-all-tokens"], true)] {
        let asking = stage.server.realm().add_client(ClientSpec::new("resource server").scopes(scopes));
        let credentials = [("client_id", asking.id.as_str()), ("client_secret", asking.secret.as_deref().unwrap())];
        let said = stage.post_bare(&url, &[&[("token", token.as_str())], &credentials[..]].concat()).await;
        assert_eq!(said.json()["active"], seen, "{}", said.text);
    }
}

#[tokio::test]
async fn keycloak_ends_what_came_of_a_refresh_token_that_is_used_again() {
    let row = rows().into_iter().find(|row| row.vendor == Vendor::Keycloak).unwrap();
    let stage = row.stage().await;
    let first = row.user_tokens(&stage).await.member("refresh_token");
    let next = stage.token(&[("grant_type", REFRESH), ("refresh_token", &first)]).await;
    assert_eq!(stage.introspect(&next.member("access_token")).await["active"], true, "{}", next.text);
    let reused = stage.token(&[("grant_type", REFRESH), ("refresh_token", &first)]).await;
    assert_eq!(reused.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(stage.introspect(&next.member("access_token")).await["active"], false);
}

#[tokio::test]
async fn every_vendor_is_ready_at_once() {
    // The first server of a process reads keys and makes certificates that the others share.
    drop(rows().remove(0).stage().await);
    for vendor in Vendor::ALL {
        let begun = std::time::Instant::now();
        let server = kmspec_mocks::server::AuthorizationServer::builder(vendor)
            .certificates(support::AUTHORITY.clone())
            .start()
            .await
            .unwrap();
        let took = begun.elapsed();
        drop(server);
        // Twenty milliseconds is the promise; a debug build on a busy machine gets more.
        assert!(took < std::time::Duration::from_millis(500), "{vendor} took {took:?}");
    }
}
