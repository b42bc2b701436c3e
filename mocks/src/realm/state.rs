//! The realm itself: one authorization server's knowledge behind one lock, and the rules that keep it consistent.
//! Nothing in here waits; signing happens outside of the lock.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use super::{
    client::{Client, ClientSpec},
    clock::Clock,
    directory::Directory,
    ended::{Ear, Ended},
    key_ring::KeyRing,
    pending::Pending,
    policy::Policy,
    scope::{Scope, ScopeRequest, ScopeRule, Strict},
    shape::{Standard, TokenShape},
    signing_key::KeyError,
    snapshot::Snapshot,
    test_keys::KeyFamily,
    token::{TokenState, TokenStore},
    trusted_issuer::Trust,
    user::{User, UserSpec},
};

/// What a realm is made of; everything but the issuer has a default.
#[derive(Debug, Clone)]
pub struct RealmSpec {
    /// The issuer, exactly as it will stand in tokens.
    pub issuer: String,
    /// Its time.
    pub clock: Clock,
    /// Its keys.
    pub keys: KeyRing,
    /// Its switches.
    pub policy: Policy,
    /// The form of its tokens.
    pub shape: Arc<dyn TokenShape>,
    /// Which scopes it grants.
    pub scope_rule: Arc<dyn ScopeRule>,
}

impl RealmSpec {
    /// A realm that follows the RFCs, with an RSA test key and the system's time.
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            clock: Clock::system(),
            keys: KeyRing::of_family(KeyFamily::Rsa),
            policy: Policy::default(),
            shape: Arc::new(Standard),
            scope_rule: Arc::new(Strict),
        }
    }
}

/// One authorization server's knowledge; clones share it.
#[derive(Clone)]
pub struct Realm(pub(super) Arc<Inner>);

pub(super) struct Inner {
    issuer: String,
    clock: Clock,
    keys: KeyRing,
    policy: RwLock<Arc<Policy>>,
    shape: Arc<dyn TokenShape>,
    scope_rule: Arc<dyn ScopeRule>,
    state: Mutex<State>,
    pub(super) pending: Mutex<Pending>,
    trust: Mutex<Trust>,
    pub(super) graceful_use: Mutex<()>,
    directory: Mutex<Directory>,
    pub(super) ear: Ear,
}

#[derive(Default)]
pub(super) struct State {
    clients: BTreeMap<String, Client>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) scopes: BTreeMap<String, Scope>,
    pub(super) tokens: TokenStore,
    /// Since when tokens are good, for one client or for all.
    pub(super) cut_offs: BTreeMap<Option<String>, u64>,
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

impl Realm {
    /// An empty realm.
    pub fn new(spec: RealmSpec) -> Self {
        Self::with_state(spec, State::default())
    }

    /// The realm that a snapshot was taken of; issuer, clock, policy, shape and scope rule are the given ones, the
    /// keys are the snapshot's.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when a stored key does not read.
    pub fn restore(mut spec: RealmSpec, snapshot: &Snapshot) -> Result<Self, KeyError> {
        spec.keys = KeyRing::restore(&snapshot.keys)?;
        let mut state = State::default();
        state.clients.extend(snapshot.clients.iter().map(|client| (client.id.clone(), client.clone())));
        state.users.extend(snapshot.users.iter().map(|user| (user.name.clone(), user.clone())));
        state.scopes.extend(snapshot.scopes.iter().map(|scope| (scope.name.clone(), scope.clone())));
        let now = spec.clock.now();
        snapshot.tokens.iter().for_each(|row| state.tokens.insert(row.clone(), now));
        Ok(Self::with_state(spec, state))
    }

    fn with_state(spec: RealmSpec, state: State) -> Self {
        Self(Arc::new(Inner {
            issuer: spec.issuer,
            clock: spec.clock,
            keys: spec.keys,
            policy: RwLock::new(Arc::new(spec.policy)),
            shape: spec.shape,
            scope_rule: spec.scope_rule,
            state: Mutex::new(state),
            pending: Mutex::default(),
            trust: Mutex::default(),
            graceful_use: Mutex::default(),
            directory: Mutex::default(),
            ear: Ear::default(),
        }))
    }

    /// Everything it has come to know, to be kept.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        Snapshot {
            clients: state.clients.values().cloned().collect(),
            users: state.users.values().cloned().collect(),
            scopes: state.scopes.values().cloned().collect(),
            tokens: state.tokens.rows().cloned().collect(),
            keys: self.0.keys.stored(),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The clock, which can be moved.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Its time, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.0.clock.now()
    }

    /// The keys, which can be rotated and withdrawn.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// The switches as they are now.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.0.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Turns switches while the realm is in use.
    pub fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        let ends_grace = {
            let mut policy = self.0.policy.write().unwrap_or_else(PoisonError::into_inner);
            let before = policy.grace();
            change(Arc::make_mut(&mut policy));
            before.is_some() && policy.grace().is_none()
        };
        // Switched on again it begins anew: what was replaced before stays so.
        if ends_grace {
            self.state().tokens.end_grace_where(|_| true);
        }
    }

    /// The form of its tokens.
    pub fn shape(&self) -> &dyn TokenShape {
        &*self.0.shape
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        self.0.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trusted(&self) -> MutexGuard<'_, Trust> {
        self.0.trust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients.
impl Realm {
    /// Adds a client, or replaces the one of its id.
    pub fn add_client(&self, spec: ClientSpec) -> Client {
        let client = Client { created_at: self.now(), ..spec.0 };
        self.state().clients.insert(client.id.clone(), client.clone());
        client
    }

    /// The client of that id.
    pub fn client(&self, id: &str) -> Option<Client> {
        self.state().clients.get(id).cloned()
    }

    /// Every client, ordered by id.
    pub fn clients(&self) -> Vec<Client> {
        self.state().clients.values().cloned().collect()
    }

    /// Changes a client; gives it as it is then, or `None` when there is none of that id. The id itself stays.
    pub fn update_client(&self, id: &str, change: impl FnOnce(&mut Client)) -> Option<Client> {
        let mut state = self.state();
        let client = state.clients.get_mut(id)?;
        change(client);
        id.clone_into(&mut client.id);
        Some(client.clone())
    }

    /// Removes a client and ends its tokens.
    pub fn remove_client(&self, id: &str) -> Option<Client> {
        let removed = {
            let mut state = self.state();
            state.tokens.end_where(|row| row.client_id == id, TokenState::Revoked, self.now());
            state.clients.remove(id)?
        };
        self.ended(|| Ended::Client(removed.id.clone()));
        Some(removed)
    }
}

/// Users.
impl Realm {
    /// Adds a user, or replaces the one of that name.
    pub fn add_user(&self, spec: UserSpec) -> User {
        let user = User { created_at: self.now(), changed_at: self.now(), ..spec.0 };
        self.state().users.insert(user.name.clone(), user.clone());
        user
    }

    /// The user of that name.
    pub fn user(&self, name: &str) -> Option<User> {
        self.state().users.get(name).cloned()
    }

    /// The user of that id.
    pub fn user_by_id(&self, id: &str) -> Option<User> {
        self.state().users.values().find(|user| user.id == id).cloned()
    }

    /// Every user, ordered by name.
    pub fn users(&self) -> Vec<User> {
        self.state().users.values().cloned().collect()
    }

    /// Changes a user; gives it as it is then. The name itself stays.
    pub fn update_user(&self, name: &str, change: impl FnOnce(&mut User)) -> Option<User> {
        let now = self.now();
        let mut state = self.state();
        let user = state.users.get_mut(name)?;
        change(user);
        user.changed_at = now;
        name.clone_into(&mut user.name);
        Some(user.clone())
    }

    /// Removes a user and ends the user's tokens.
    pub fn remove_user(&self, name: &str) -> Option<User> {
        let removed = {
            let mut state = self.state();
            state.tokens.end_where(|row| row.username.as_deref() == Some(name), TokenState::Revoked, self.now());
            state.users.remove(name)?
        };
        self.ended(|| Ended::User(removed.id.clone()));
        Some(removed)
    }

    /// A user's name as it was typed, without the tenant that may stand behind it and the user store that may stand
    /// before it, where the policy names some; left alone when there is a user of the whole name.
    pub fn login_name<'a>(&self, typed: &'a str) -> &'a str {
        let policy = self.policy();
        if self.state().users.contains_key(typed) {
            return typed;
        }
        let suffix = policy.tenant.as_deref().and_then(|tenant| typed.strip_suffix(tenant)?.strip_suffix('@'));
        let name = suffix.unwrap_or(typed);
        let prefix = policy.user_store.as_deref().and_then(|store| {
            let (before, name) = name.split_once('/')?;
            before.eq_ignore_ascii_case(store).then_some(name)
        });
        prefix.unwrap_or(name)
    }

    /// The user, when the password is right and the user may log in.
    pub fn authenticate_user(&self, name: &str, password: &str) -> Option<User> {
        self.state().users.get(name).filter(|user| user.active && same(&user.password, password)).cloned()
    }
}

/// Scopes.
impl Realm {
    /// Registers a scope, or replaces the one of that name.
    pub fn add_scope(&self, scope: Scope) {
        self.state().scopes.insert(scope.name.clone(), scope);
    }

    /// Registers a scope by name alone.
    pub fn register_scope(&self, name: &str) {
        self.add_scope(Scope { name: name.to_owned(), display_name: name.to_owned(), ..Scope::default() });
    }

    /// The scope of that name.
    pub fn scope(&self, name: &str) -> Option<Scope> {
        self.state().scopes.get(name).cloned()
    }

    /// Every registered scope, ordered by name.
    pub fn scopes(&self) -> Vec<Scope> {
        self.state().scopes.values().cloned().collect()
    }

    /// Forgets a scope; tokens that hold it keep it.
    pub fn remove_scope(&self, name: &str) -> Option<Scope> {
        self.state().scopes.remove(name)
    }

    /// Whether access may be delegated to a client at all (WSO2 Identity Server 7 asks after the grant itself).
    ///
    /// # Errors
    ///
    /// `unauthorized_client` when the policy names the client.
    pub(crate) fn may_act(&self, client: &Client) -> Result<(), super::OAuthError> {
        if self.policy().undelegated_clients.contains(&client.id) {
            return Err(super::OAuthError::unauthorized_client("access may not be delegated to this client"));
        }
        Ok(())
    }

    /// Whether what is granted can be kept.
    ///
    /// # Errors
    ///
    /// `server_error` as WSO2 Identity Server 7 words it, when the policy says that something is broken.
    pub(crate) fn can_keep(&self) -> Result<(), super::OAuthError> {
        let policy = self.policy();
        let (status, words) = match policy.broken {
            None => return Ok(()),
            Some(super::policy::Breakage::Internal) => (500, "an internal error occurred"),
            Some(super::policy::Breakage::Database) => (502, "the database cannot be reached"),
        };
        let challenge = format!("Basic realm=\"{}\"", policy.challenge_realm);
        Err(super::OAuthError::new(status, "server_error", words).header("www-authenticate", challenge))
    }

    /// Which of the requested scopes the client gets, on behalf of the user if there is one.
    ///
    /// # Errors
    ///
    /// What the scope rule refuses with; before it a client that may not act for anybody is refused, and after it
    /// everybody while something is broken.
    pub fn granted_scopes(
        &self,
        requested: Option<&[String]>,
        client: &Client,
        user: Option<&User>,
        grant_type: &str,
    ) -> Result<Vec<String>, super::OAuthError> {
        self.may_act(client)?;
        let registered = self.state().scopes.clone();
        let permissions = user.map(|user| self.permissions_of(user)).unwrap_or_default();
        let request =
            ScopeRequest { requested, client, user, permissions: &permissions, grant_type, registered: &registered };
        let granted = self.0.scope_rule.grant(&request)?;
        self.can_keep()?;
        Ok(granted)
    }
}

/// Compares secrets in a time that does not depend on where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}
