//! What Identity Server manages beside OAuth: API resources, and roles with the scopes that they carry.
//! A role's permissions are kept with the scopes themselves, so that there is one truth about who gets what.

use std::collections::BTreeMap;

use super::state::Realm;

/// A group of scopes under an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResource {
    /// The server's own id.
    pub id: String,
    /// What a person reads.
    pub name: String,
    /// What programs look it up by.
    pub identifier: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether clients must be authorized for it.
    pub requires_authorization: bool,
    /// Names of its scopes.
    pub scopes: Vec<String>,
}

/// API resources and roles, by id.
#[derive(Default)]
pub(super) struct Directory {
    resources: BTreeMap<String, ApiResource>,
    roles: BTreeMap<String, String>,
    /// By the name of the role, in small letters.
    pub(super) permissions: BTreeMap<String, Vec<String>>,
}

/// API resources.
impl Realm {
    /// Adds a resource; `false` when its identifier is taken.
    pub fn add_api_resource(&self, resource: ApiResource) -> bool {
        let mut directory = self.directory();
        let taken = directory.resources.values().any(|known| known.identifier == resource.identifier);
        if !taken {
            directory.resources.insert(resource.id.clone(), resource);
        }
        !taken
    }

    /// The resource of that id.
    pub fn api_resource(&self, id: &str) -> Option<ApiResource> {
        self.directory().resources.get(id).cloned()
    }

    /// Every resource, ordered by id.
    pub fn api_resources(&self) -> Vec<ApiResource> {
        self.directory().resources.values().cloned().collect()
    }

    /// Changes a resource, if there is one of that id.
    pub(crate) fn update_api_resource(&self, id: &str, change: impl FnOnce(&mut ApiResource)) {
        if let Some(resource) = self.directory().resources.get_mut(id) {
            change(resource);
        }
    }

    /// Removes a resource and its scopes.
    pub(crate) fn remove_api_resource(&self, id: &str) {
        let removed = self.directory().resources.remove(id);
        for scope in removed.into_iter().flat_map(|resource| resource.scopes) {
            self.remove_scope(&scope);
        }
    }
}

/// Roles.
impl Realm {
    /// Adds a role; `false` when its name is taken, whatever the case.
    pub fn add_role(&self, id: &str, name: &str) -> bool {
        let mut directory = self.directory();
        let taken = directory.roles.values().any(|known| known.eq_ignore_ascii_case(name));
        if !taken {
            directory.roles.insert(id.to_owned(), name.to_owned());
        }
        !taken
    }

    /// Every role: id and name, ordered by id.
    pub fn roles(&self) -> Vec<(String, String)> {
        self.directory().roles.iter().map(|(id, name)| (id.clone(), name.clone())).collect()
    }

    /// Removes a role from the directory, from scopes and from users; its name, if there was one of that id.
    pub fn remove_role(&self, id: &str) -> Option<String> {
        let name = self.directory().roles.remove(id)?;
        self.directory().permissions.remove(&name.to_ascii_lowercase());
        self.carry(&name, &[]);
        let mut state = self.state();
        for user in state.users.values_mut() {
            user.roles.retain(|role| !role.eq_ignore_ascii_case(&name));
        }
        Some(name)
    }

    /// The scopes that a role carries.
    pub fn carried_by(&self, role: &str) -> Vec<String> {
        let carries = |roles: &[String]| roles.iter().any(|held| held.eq_ignore_ascii_case(role));
        self.scopes().into_iter().filter(|scope| carries(&scope.roles)).map(|scope| scope.name).collect()
    }

    /// Makes a role carry these scopes and no others; the first one that is not registered, if any is not, and then
    /// nothing has changed.
    pub fn carry(&self, role: &str, scopes: &[String]) -> Option<String> {
        let mut state = self.state();
        if let Some(unknown) = scopes.iter().find(|scope| !state.scopes.contains_key(*scope)) {
            return Some(unknown.clone());
        }
        for scope in state.scopes.values_mut() {
            scope.roles.retain(|held| !held.eq_ignore_ascii_case(role));
            if scopes.contains(&scope.name) {
                scope.roles.push(role.to_owned());
            }
        }
        None
    }

    /// Makes these users hold a role, by their ids, and no others; the first one that nobody has, if any is not known, and
    /// then nothing has changed.
    pub fn hold(&self, role: &str, users: &[String]) -> Option<String> {
        let mut state = self.state();
        if let Some(unknown) = users.iter().find(|id| !state.users.values().any(|user| user.id == **id)) {
            return Some(unknown.clone());
        }
        for user in state.users.values_mut() {
            let holds = user.has_role(role);
            match users.contains(&user.id) {
                true if !holds => user.roles.push(role.to_owned()),
                false => user.roles.retain(|held| !held.eq_ignore_ascii_case(role)),
                true => {}
            }
        }
        None
    }
}
