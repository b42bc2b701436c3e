//! The event bus: what changed in the control plane, for those who hold copies of it.
//! What a change means is left to its readers, above all the gateway.

use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

use super::domain::{Application, ClientCertificate, KeyManager, KeyMapping, Revision, Subscription};

/// Events that a slow reader may lag behind before it must load everything anew.
const CAPACITY: usize = 4096;

/// Something that changed, after it was committed to the store.
#[derive(Debug, Clone)]
pub enum Event {
    /// A tenant can be used.
    TenantCreated {
        /// Its domain.
        tenant: String,
    },
    /// A tenant and everything in it is gone.
    TenantRemoved {
        /// Its domain.
        tenant: String,
    },
    /// A key manager was registered.
    KeyManagerAdded {
        /// Domain of its tenant.
        tenant: String,
        /// The key manager, secrets included.
        key_manager: Arc<KeyManager>,
    },
    /// A key manager was changed in any way, enabled and disabled included.
    KeyManagerUpdated {
        /// Domain of its tenant.
        tenant: String,
        /// The key manager as it is now.
        key_manager: Arc<KeyManager>,
    },
    /// A key manager is gone.
    KeyManagerDeleted {
        /// Domain of its tenant.
        tenant: String,
        /// Which one.
        id: Uuid,
    },
    /// A revision was deployed; it replaces the one deployed before.
    ApiDeployed {
        /// Domain of the API's tenant.
        tenant: String,
        /// What to serve.
        revision: Arc<Revision>,
    },
    /// An API is no longer served.
    ApiUndeployed {
        /// Domain of the API's tenant.
        tenant: String,
        /// Which one.
        api_id: Uuid,
    },
    /// A certificate opens an API from now on.
    ClientCertificateAdded {
        /// The certificate.
        certificate: Arc<ClientCertificate>,
    },
    /// A certificate opens its API no longer.
    ClientCertificateRemoved {
        /// The certificate as it was.
        certificate: Arc<ClientCertificate>,
    },
    /// An application was created or changed.
    ApplicationChanged {
        /// The application as it is now.
        application: Arc<Application>,
    },
    /// An application is gone; its keys and subscriptions have events of their own before this one.
    ApplicationRemoved {
        /// Domain of its tenant.
        tenant: String,
        /// Which one.
        id: Uuid,
    },
    /// An application has a consumer key, or it was changed.
    KeyMapped {
        /// The key as it is now.
        mapping: Arc<KeyMapping>,
    },
    /// A consumer key no longer belongs to an application.
    KeyMappingRemoved {
        /// The key as it was.
        mapping: Arc<KeyMapping>,
    },
    /// A subscription was created or changed.
    SubscriptionChanged {
        /// The subscription as it is now.
        subscription: Arc<Subscription>,
    },
    /// A subscription is gone.
    SubscriptionRemoved {
        /// The subscription as it was.
        subscription: Arc<Subscription>,
    },
    /// One access token no longer counts.
    TokenRevoked {
        /// Domain of the tenant that it was revoked in; empty when an authorization server announced it.
        tenant: String,
        /// `jti` of a JWT, its signature when it has none, or the whole opaque token.
        token: String,
        /// When the token would have expired anyway, in milliseconds since 1970.
        expires_at_ms: u64,
    },
    /// Every token of a client issued before a moment no longer counts.
    ConsumerRevoked {
        /// Domain of the tenant that it was revoked in; empty when an authorization server announced it.
        tenant: String,
        /// The client.
        consumer_key: String,
        /// The moment, in milliseconds since 1970.
        revoked_at_ms: u64,
    },
    /// Every token of a user or client issued before a moment no longer counts.
    SubjectRevoked {
        /// Domain of the tenant that it was revoked in; empty when an authorization server announced it.
        tenant: String,
        /// The user or client.
        entity_id: String,
        /// `USER_ID` or `CLIENT_ID`.
        entity_type: String,
        /// The moment, in milliseconds since 1970.
        revoked_at_ms: u64,
    },
}

impl Event {
    /// Whether it changes a key manager, an API or an application, of which backends are told.
    pub fn changes_what_backends_are_told(&self) -> bool {
        matches!(self, Self::KeyManagerUpdated { .. } | Self::ApiDeployed { .. } | Self::ApplicationChanged { .. })
    }
}

/// Hands every event to every reader, in order.
#[derive(Debug, Clone)]
pub struct EventBus {
    sender: broadcast::Sender<Event>,
}

impl EventBus {
    /// A bus without readers.
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY) }
    }

    /// Tells all readers. To have none is no error.
    pub fn publish(&self, event: Event) {
        tracing::debug!(?event, "published");
        let _ = self.sender.send(event);
    }

    /// A reader of everything published from now on.
    ///
    /// A reader that gets `Lagged` has lost events and must load its state from the store again.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

impl Default for EventBus {
    fn default() -> Self {
        Self::new()
    }
}
