//! Generating keys: a client is registered at the chosen key manager and belongs to the application from then on.
//! When any part fails, nothing of it is left: no client without a key, no key without a client.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ApplicationScopes,
    access::{Named, check_permission, named_anywhere, own_application},
    attempts,
    failures::told,
    key_document::{self, KeyRequest, check_callback, check_properties, check_scopes, key_type},
    registering::{forget, register},
};
use crate::{
    connectors::{self, Call, ClientRequest, ConnectorError, RegisteredClient, TokenRequest, request_token},
    domain::{Application, KeyManager, KeyMapping, KeyState, KeyType, MappingMode, TokenType},
    events::Event,
    site::Site,
    store::Documents,
    wire::{Body, Caller, Code, Path, Refusal, to_the_end},
};

pub(super) async fn generate_keys(
    caller: Caller<ApplicationScopes>,
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Body(request): Body<KeyRequest>,
) -> Result<Json<Value>, Refusal> {
    let (tenant, user) = (caller.tenant, caller.user);
    let named = request.key_manager.clone();
    let kind = key_type(&request.key_type);
    let (in_tenant, by_user) = (tenant.clone(), user.clone());
    let deployment = site.config.deployment.clone();
    let (application, named, kind) = site
        .store
        .read(move |documents| {
            let application = own_application(documents, &in_tenant, &by_user, &id)?;
            let named = named_anywhere(documents, &deployment, &in_tenant, named.as_deref())?;
            check_permission(documents, &in_tenant, &by_user, &named.key_manager)?;
            check_switches(&named.key_manager)?;
            let kind = kind?;
            check_free(documents, &in_tenant, &application, kind, &named.key_manager)?;
            Ok::<_, Refusal>((application, named, kind))
        })
        .await?;
    let Named { key_manager, tenant: key_manager_tenant } = named;
    let client = client_request(user, application, kind, &key_manager, &request)?;
    let name = mapping_key(&client.application, kind, &key_manager);
    let begun = site.underway.begin(name).ok_or(Code::MappingExists)?;
    // Another may have ended between the first look and the beginning of this one.
    let (in_tenant, asked, chosen) = (tenant.clone(), client.application.clone(), key_manager.clone());
    site.store.read(move |documents| check_free(documents, &in_tenant, &asked, kind, &chosen)).await?;
    to_the_end(async move {
        let done = Work { site, tenant, key_manager, key_manager_tenant, client, scopes: request.scopes }.run().await;
        drop(begun);
        done
    })
    .await
}

fn check_switches(key_manager: &KeyManager) -> Result<(), Refusal> {
    if !key_manager.enabled {
        return Err(Code::NotRegistered.into());
    }
    if key_manager.token_type == TokenType::Exchanged || !key_manager.enable_oauth_app_creation {
        return Err(Code::NoClientCreation.into());
    }
    Ok(())
}

/// Refuses a second key for the same application, key type and key manager.
pub(super) fn check_free(
    documents: &Documents<'_>,
    tenant: &str,
    application: &Application,
    kind: KeyType,
    key_manager: &KeyManager,
) -> Result<(), Refusal> {
    let key = mapping_key(application, kind, key_manager);
    match documents.find_by_key::<KeyMapping>(tenant, &key)? {
        Some(_) => Err(Code::MappingExists.into()),
        None => Ok(()),
    }
}

/// The unique key of a mapping.
fn mapping_key(application: &Application, kind: KeyType, key_manager: &KeyManager) -> String {
    format!("{}\n{kind}\n{}", application.id, key_manager.id)
}

fn client_request(
    user: String,
    application: Application,
    key_type: KeyType,
    key_manager: &KeyManager,
    request: &KeyRequest,
) -> Result<ClientRequest, Refusal> {
    check_callback(&request.grant_types_to_be_supported, request.callback_url.as_deref())?;
    let mut properties = request.additional_properties.clone();
    let connector = connectors::find(&key_manager.kind).ok_or(Code::TypeUnknown)?;
    for property in connector.application.iter().filter(|own| own.required) {
        if !properties.contains_key(property.name) {
            return Err(Code::ApplicationPropertiesMissing.into());
        }
    }
    if let (true, Some(seconds)) = (key_manager.is_resident(), &request.validity_time) {
        let text = seconds.as_str().map_or_else(|| seconds.to_string(), str::to_owned);
        properties.entry("application_access_token_expiry_time").or_insert(json!(text));
    }
    connector.keep_within_limits(key_manager, &mut properties);
    check_properties(key_manager, &properties)?;
    check_scopes(&request.scopes)?;
    Ok(ClientRequest {
        user,
        application,
        key_type,
        grant_types: request.grant_types_to_be_supported.clone(),
        callback_url: request.callback_url.clone().filter(|url| !url.trim().is_empty()),
        properties,
        chosen_id: None,
        chosen_token: None,
    })
}

/// What is done once everything was checked.
struct Work {
    site: Arc<Site>,
    /// Of the application.
    tenant: String,
    key_manager: KeyManager,
    key_manager_tenant: String,
    client: ClientRequest,
    scopes: Vec<String>,
}

impl Work {
    async fn run(self) -> Result<Json<Value>, Refusal> {
        let connector = connectors::find(&self.key_manager.kind).ok_or(Code::TypeUnknown)?;
        let registration = connector.registration.ok_or_else(|| {
            told(&self.key_manager, ConnectorError::Unsupported("clients of this type are mapped, not registered"))
        })?;
        let mut client = self.client.clone();
        let registered = register(self.call(), registration, &mut client, |client| self.mapping(client)).await?;
        let mapping = self.mapping(registered);
        let done = self.keep_and_try(&mapping, client.chosen_id.clone()).await;
        if let Err(refusal) = &done {
            tracing::info!(?refusal, "key generation is undone");
            match registration.delete(self.call(), &mapping).await {
                Ok(()) => forget(self.call(), &client).await?,
                Err(error) => {
                    let client = &mapping.consumer_key;
                    tracing::warn!(?error, client, "a registered client could not be deleted again");
                }
            }
        }
        done
    }

    /// A token first, so that a key is announced only when all of it works.
    async fn keep_and_try(&self, mapping: &KeyMapping, attempt: Option<String>) -> Result<Json<Value>, Refusal> {
        let token = self.token(mapping).await?;
        let (tenant, kept, named) = (self.tenant.clone(), mapping.clone(), self.key_manager.id.to_string());
        let application = self.client.application.clone();
        self.site
            .store
            .write(move |documents| {
                // Whatever was there before the authorization server was asked may be gone by now.
                let key_manager: KeyManager =
                    documents.find(kept.home_of_key_manager(), &named)?.ok_or(Code::NotRegistered)?;
                documents
                    .find::<Application>(&tenant, &application.id.to_string())?
                    .ok_or_else(|| Refusal::not_found("application"))?;
                check_free(documents, &tenant, &application, kept.key_type, &key_manager)?;
                documents.put(&tenant, &kept)?;
                if let Some(attempt) = attempt {
                    attempts::end(documents, kept.home_of_key_manager(), &attempt)?;
                }
                documents.announce(Event::KeyMapped { mapping: Arc::new(kept) });
                Ok::<_, Refusal>(())
            })
            .await?;
        let mut body = key_document::shown(mapping);
        body["token"] = token;
        Ok(Json(body))
    }

    async fn token(&self, mapping: &KeyMapping) -> Result<Value, Refusal> {
        let grants = &self.client.grant_types;
        let wanted = self.key_manager.enable_token_generation && grants.iter().any(|one| one == "client_credentials");
        let Some(secret) = mapping.consumer_secret.as_ref().filter(|_| wanted) else {
            return Ok(key_document::no_token());
        };
        let request =
            TokenRequest { key: mapping, consumer_secret: secret.reveal(), scopes: &self.scopes, validity_s: None };
        let answer = request_token(self.call(), &request).await.map_err(|error| {
            tracing::info!(?error, key_manager = self.key_manager.name, "no token for a new client");
            Refusal::from(Code::TokenGenerationFailed)
        })?;
        Ok(key_document::token(&answer))
    }

    fn call(&self) -> Call<'_> {
        Call { site: &self.site, tenant: &self.key_manager_tenant, key_manager: &self.key_manager }
    }

    fn mapping(&self, registered: RegisteredClient) -> KeyMapping {
        let told = |told: Vec<String>, asked: &Vec<String>| if told.is_empty() { asked.clone() } else { told };
        KeyMapping {
            id: Uuid::new_v4(),
            tenant: self.tenant.clone(),
            application_id: self.client.application.id,
            key_manager_id: self.key_manager.id,
            key_manager_name: self.key_manager.name.clone(),
            key_type: self.client.key_type,
            mode: MappingMode::Created,
            state: KeyState::Completed,
            consumer_key: registered.consumer_key,
            consumer_secret: registered.consumer_secret,
            grant_types: told(registered.grant_types, &self.client.grant_types),
            callback_url: self.client.callback_url.clone(),
            additional_properties: registered.properties,
            management: registered.management,
            key_manager_tenant: (self.key_manager_tenant != self.tenant).then(|| self.key_manager_tenant.clone()),
        }
    }
}
