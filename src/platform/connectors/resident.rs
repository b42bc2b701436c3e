//! Type `default`: the resident key manager, whose clients are documents of our own store.
//! Issuing tokens to them is left to `resident`.

use futures::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value, json};

use super::{
    Call, ClientRegistration, ClientRequest, ClientSecrets, Connector, ConnectorError, RegisteredClient,
    configuration::Property, naming, resident_secrets::Secrets, wso2_is::APPLICATION,
};
use crate::{
    domain::{ApplicationTokenType, KeyMapping, OAuthClient, Secret},
    identity,
    store::{Documents, StoreError},
};

pub(super) const CONNECTOR: Connector = Connector {
    kind: crate::domain::RESIDENT_TYPE,
    display_name: "Resident Key Manager",
    consumer_key_claim: Some("azp"),
    scopes_claim: Some("scope"),
    introspection: Some(&[]),
    subject_claims: &[],
    endpoints: &[],
    connection: &[
        Property::input("Username", "User name of the connector"),
        Property::input("Password", "Password of the connector").secret(),
    ],
    application: APPLICATION,
    registration: Some(&Registration),
    scopes: None,
};

/// Whose a client is: told with the tenant where that is not the client's, so that nobody of the same name is meant.
pub(crate) fn owner_of_client(owner: &str, tenant: &str, home: &str) -> String {
    if tenant == home { owner.to_owned() } else { format!("{owner}@{tenant}") }
}

struct Registration;

impl ClientRegistration for Registration {
    fn choose_id(&self) -> Option<String> {
        Some(credential())
    }

    fn register<'a>(
        &'a self,
        call: Call<'a>,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            admitted(call).await?;
            let client = OAuthClient {
                client_id: request.chosen_id.clone().unwrap_or_else(credential),
                client_secret: Secret::new(credential()),
                tenant: call.tenant.to_owned(),
                name: naming::by_application_id(request),
                owner: owner_of_client(&request.application.owner, &request.application.tenant, call.tenant),
                grant_types: request.grant_types.clone(),
                callback_url: request.callback_url.clone(),
                jwt_tokens: request.application.token_type == ApplicationTokenType::Jwt,
                key_type: Some(request.key_type),
                additional_properties: completed(&request.properties),
                more_secrets: Vec::new(),
                first_revoked: false,
            };
            keep(call, client).await
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        call: Call<'a>,
        consumer_key: &'a str,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            admitted(call).await?;
            find(call, consumer_key).await.map(told)
        }
        .boxed()
    }

    fn update<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        request: &'a ClientRequest,
    ) -> BoxFuture<'a, Result<RegisteredClient, ConnectorError>> {
        async move {
            admitted(call).await?;
            let mut client = find(call, &mapping.consumer_key).await?;
            client.grant_types = request.grant_types.clone();
            client.callback_url = request.callback_url.clone();
            let mut properties = client.additional_properties;
            properties.extend(request.properties.clone());
            client.additional_properties = properties;
            keep(call, client).await
        }
        .boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, mapping: &'a KeyMapping) -> BoxFuture<'a, Result<(), ConnectorError>> {
        async move {
            admitted(call).await?;
            let (tenant, id) = (call.tenant.to_owned(), mapping.consumer_key.clone());
            let work = move |documents: &Documents<'_>| documents.remove::<OAuthClient>(&tenant, &id);
            let was_there = call.site.store.write::<_, StoreError, _>(work).await?;
            if was_there { Ok(()) } else { Err(ConnectorError::UnknownClient) }
        }
        .boxed()
    }

    fn rotate_secret<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Secret, ConnectorError>> {
        async move {
            admitted(call).await?;
            let mut client = find(call, &mapping.consumer_key).await?;
            client.replace_secret(Secret::new(credential()));
            let secret = client.client_secret.clone();
            keep(call, client).await?;
            Ok(secret)
        }
        .boxed()
    }

    fn several_secrets(&self) -> Option<&dyn ClientSecrets> {
        Some(&Secrets)
    }
}

/// Refuses a connector whose user name and password, once they were entered, are not those of an administrator of the tenant.
/// A key manager without them works with the platform's own right.
pub(super) async fn admitted(call: Call<'_>) -> Result<(), ConnectorError> {
    let property = |name| call.key_manager.additional_properties.text(name).filter(|text| !text.is_empty());
    let Some(name) = property("Username") else { return Ok(()) };
    let (tenant, password) = (call.tenant.to_owned(), property("Password").unwrap_or_default());
    let look = move |documents: &Documents<'_>| identity::member(documents, &tenant, &name, &password);
    let found = call.site.store.read::<_, StoreError, _>(look);
    match found.await?.filter(|user| user.roles.iter().any(|role| role == identity::ADMINISTRATOR)) {
        Some(_) => Ok(()),
        None => {
            let said = "the connector's user name and password are not those of an administrator".to_owned();
            Err(ConnectorError::Refused { status: 401, said, challenged: true })
        }
    }
}

pub(super) async fn find(call: Call<'_>, client_id: &str) -> Result<OAuthClient, ConnectorError> {
    let (tenant, id) = (call.tenant.to_owned(), client_id.to_owned());
    let found: Option<OAuthClient> =
        call.site.store.read::<_, StoreError, _>(move |documents| documents.find(&tenant, &id)).await?;
    found.ok_or(ConnectorError::UnknownClient)
}

async fn keep(call: Call<'_>, client: OAuthClient) -> Result<RegisteredClient, ConnectorError> {
    let (tenant, kept) = (call.tenant.to_owned(), client.clone());
    call.site.store.write::<_, StoreError, _>(move |documents| documents.put(&tenant, &kept)).await?;
    Ok(told(client))
}

fn told(client: OAuthClient) -> RegisteredClient {
    RegisteredClient {
        consumer_key: client.client_id,
        consumer_secret: Some(client.client_secret),
        grant_types: client.grant_types,
        callback_url: client.callback_url,
        properties: client.additional_properties,
        management: None,
    }
}

/// What was not asked for is told with its default, as text.
fn completed(asked: &Map<String, Value>) -> Map<String, Value> {
    let mut all: Map<String, Value> =
        APPLICATION.iter().map(|own| (own.name.to_owned(), json!(own.default.unwrap_or_default()))).collect();
    all.extend(asked.clone());
    all
}

/// 28 characters of letters, digits and `_`.
pub(super) fn credential() -> String {
    naming::fresh_id()
}
