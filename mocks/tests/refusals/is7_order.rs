//! WSO2 Identity Server 7 checks a token request in a fixed order: of every two faults the earlier one decides.
//! What each grant refuses is in `is7`.

use kmspec_mocks::{realm::ClientSpec, vendors::Vendor};

use crate::{
    Stage, answer,
    support::{Answer, stage},
};

/// What is wrong with a request, in the order in which it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Repeated,
    SecretInUrl,
    NoGrant,
    UnknownGrant,
    MissingParameter,
    InactiveClient,
    TwoMethods,
    NoCredentials,
    GrantNotAllowed,
    WrongPassword,
}

use Fault::{
    GrantNotAllowed, InactiveClient, MissingParameter, NoCredentials, NoGrant, Repeated, SecretInUrl, TwoMethods,
    UnknownGrant, WrongPassword,
};

/// Every fault in that order: status, code, and a word of the description.
const OUTCOMES: [(Fault, u16, &str, &str); 10] = [
    (Repeated, 400, "invalid_request", "repeated"),
    (SecretInUrl, 400, "invalid_request", "sensitive"),
    (NoGrant, 400, "invalid_request", "grant_type is missing"),
    (UnknownGrant, 400, "invalid_request", "Unsupported grant_type"),
    (MissingParameter, 400, "invalid_request", "missing parameters"),
    (InactiveClient, 401, "invalid_client", "active state"),
    (TwoMethods, 400, "invalid_request", "more than one way"),
    (NoCredentials, 401, "invalid_client", ""),
    (GrantNotAllowed, 400, "unauthorized_client", ""),
    (WrongPassword, 400, "invalid_grant", "ann"),
];

/// Faults that one request cannot have both of.
const EXCLUSIVE: [(Fault, Fault); 8] = [
    (NoGrant, UnknownGrant),
    (NoGrant, MissingParameter),
    (UnknownGrant, MissingParameter),
    (MissingParameter, WrongPassword),
    (TwoMethods, NoCredentials),
    (InactiveClient, NoCredentials),
    (InactiveClient, GrantNotAllowed),
    (NoCredentials, GrantNotAllowed),
];

async fn send(stage: &Stage, faults: &[Fault]) -> Answer {
    let has = |fault| faults.contains(&fault);
    let id = match () {
        () if has(InactiveClient) => "inactive",
        () if has(GrantNotAllowed) => "limited",
        () => "full",
    };
    let mut form = vec![("username", "ann")];
    if !has(MissingParameter) {
        form.push(("password", if has(WrongPassword) { "wrong" } else { "ann's secret" }));
    }
    if has(UnknownGrant) {
        form.push(("grant_type", "magic"));
    } else if !has(NoGrant) {
        form.push(("grant_type", "password"));
    }
    if has(Repeated) {
        form.extend([("scope", "read"), ("scope", "write")]);
    }
    if has(TwoMethods) {
        form.extend([("client_id", id), ("client_secret", "secret")]);
    }
    if has(NoCredentials) {
        form.push(("client_id", id));
    }
    let token = &stage.server.endpoints().token;
    let request = stage.http.post(if has(SecretInUrl) { format!("{token}?client_secret=x") } else { token.clone() });
    let request = if has(NoCredentials) { request } else { request.basic_auth(id, Some("secret")) };
    answer(request.form(&form).send().await.unwrap()).await
}

#[tokio::test]
async fn of_every_two_faults_the_earlier_one_decides() {
    let stage = stage(Vendor::Is7).await;
    let realm = stage.server.realm();
    for (id, grants) in [("full", ["password"]), ("inactive", ["password"]), ("limited", ["client_credentials"])] {
        realm.add_client(ClientSpec::new(id).id(id).secret("secret").grant_types(grants));
    }
    realm.update_client("inactive", |client| client.active = false);
    assert_eq!(send(&stage, &[]).await.status, 200, "without any fault");
    for (place, (first, status, code, word)) in OUTCOMES.into_iter().enumerate() {
        for (second, ..) in OUTCOMES.into_iter().skip(place) {
            if EXCLUSIVE.contains(&(first, second)) {
                continue;
            }
            let refused = send(&stage, &[first, second]).await;
            assert_eq!(refused.error(), (status, code.to_owned()), "{first:?} and {second:?}: {}", refused.text);
            assert!(refused.member("error_description").contains(word), "{first:?} and {second:?}: {}", refused.text);
            let challenged = refused.header("www-authenticate").starts_with("Basic realm=");
            assert_eq!(challenged, status == 401, "{first:?} and {second:?}");
            assert_eq!(refused.json().as_object().unwrap().len(), 2, "error and error_description, and nothing else");
        }
    }
}
