//! The secrets of the resident key manager's clients: documents of our own store.
//! Which of them opens the token endpoint is decided in `resident`.

use futures::{FutureExt, future::BoxFuture};
use uuid::Uuid;

use super::{
    Call, ClientSecrets, ConnectorError, SecretOrder, ToldSecret,
    resident::{admitted, credential, find},
};
use crate::{
    domain::{ClientSecret, KeyMapping, NotRevoked, OAuthClient, Secret},
    store::Documents,
};

/// They are kept with their client. The one that a key came with has the key's id; the others have ids of their own, for good.
pub(super) struct Secrets;

impl ClientSecrets for Secrets {
    fn add<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        order: &'a SecretOrder,
    ) -> BoxFuture<'a, Result<ToldSecret, ConnectorError>> {
        async move {
            admitted(call).await?;
            let now = call.site.clocks.of(call.tenant).now();
            let made = ClientSecret {
                id: Uuid::new_v4(),
                value: Secret::new(credential()),
                description: order.description.clone(),
                expires_at: order.expires_in.map(|seconds| now.saturating_add(seconds)),
            };
            let told = ToldSecret { value: Some(made.value.clone()), ..told(&made) };
            change(call, mapping, move |client| {
                client.more_secrets.push(made);
                Ok(())
            })
            .await?;
            Ok(told)
        }
        .boxed()
    }

    fn list<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
    ) -> BoxFuture<'a, Result<Vec<ToldSecret>, ConnectorError>> {
        async move {
            admitted(call).await?;
            let client = find(call, &mapping.consumer_key).await?;
            let first = ToldSecret { id: mapping.id.to_string(), value: None, description: None, expires_at: None };
            let first = (!client.first_revoked).then_some(first);
            Ok(first.into_iter().chain(client.more_secrets.iter().map(told)).collect())
        }
        .boxed()
    }

    fn revoke<'a>(
        &'a self,
        call: Call<'a>,
        mapping: &'a KeyMapping,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Secret>, ConnectorError>> {
        let (id, first) = (id.to_owned(), mapping.id.to_string());
        async move {
            admitted(call).await?;
            let now = call.site.clocks.of(call.tenant).now();
            change(call, mapping, move |client| {
                let id = (id != first).then_some(id.as_str());
                client.revoke_secret(id, now).map_err(|why| match why {
                    NotRevoked::Unknown => ConnectorError::UnknownSecret,
                    NotRevoked::Last => ConnectorError::LastSecret,
                })
            })
            .await
        }
        .boxed()
    }
}

/// Reads a client, changes it and keeps it, in one go.
async fn change<T: Send + 'static>(
    call: Call<'_>,
    mapping: &KeyMapping,
    work: impl FnOnce(&mut OAuthClient) -> Result<T, ConnectorError> + Send + 'static,
) -> Result<T, ConnectorError> {
    let (tenant, id) = (call.tenant.to_owned(), mapping.consumer_key.clone());
    let whole = move |documents: &Documents<'_>| {
        let mut client: OAuthClient = documents.find(&tenant, &id)?.ok_or(ConnectorError::UnknownClient)?;
        let done = work(&mut client)?;
        documents.put(&tenant, &client)?;
        Ok(done)
    };
    call.site.store.write(whole).await
}

fn told(kept: &ClientSecret) -> ToldSecret {
    ToldSecret {
        id: kept.id.to_string(),
        value: None,
        description: kept.description.clone(),
        expires_at: kept.expires_at,
    }
}
