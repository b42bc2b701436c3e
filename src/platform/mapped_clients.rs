//! Clients that were mapped: somebody else made them, and whatever becomes of their keys, they are never the platform's to
//! delete. Finding clients that were left behind is the developer portal's work.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    domain::KeyMapping,
    store::{Document, Documents, StoreError},
};

/// A client that was mapped once. A change of its key has given it the name that the platform's own client would have, by
/// which it must not be taken for one.
#[derive(Debug, Serialize, Deserialize)]
struct MappedClient {
    key_manager_id: Uuid,
    consumer_key: String,
}

impl Document for MappedClient {
    const KIND: &'static str = "mapped-client";
    fn id(&self) -> String {
        format!("{}\n{}", self.key_manager_id, self.consumer_key)
    }
    fn parent(&self) -> Option<String> {
        Some(self.key_manager_id.to_string())
    }
}

/// Remembers the client of a mapped key, in the tenant of its key manager.
pub(super) fn remember(documents: &Documents<'_>, key: &KeyMapping) -> Result<(), StoreError> {
    let client = MappedClient { key_manager_id: key.key_manager_id, consumer_key: key.consumer_key.clone() };
    documents.put(key.home_of_key_manager(), &client)
}

/// Whether the client was ever mapped.
pub(super) fn is_known(
    documents: &Documents<'_>,
    key_manager_id: Uuid,
    consumer_key: &str,
) -> Result<bool, StoreError> {
    let client = MappedClient { key_manager_id, consumer_key: consumer_key.to_owned() };
    Ok(documents.find_anywhere::<MappedClient>(&client.id())?.is_some())
}

/// Forgets those of a key manager that is deleted.
pub(super) fn forget(documents: &Documents<'_>, tenant: &str, key_manager_id: Uuid) -> Result<(), StoreError> {
    for client in documents.children::<MappedClient>(&key_manager_id.to_string())? {
        documents.remove::<MappedClient>(tenant, &client.id())?;
    }
    Ok(())
}
