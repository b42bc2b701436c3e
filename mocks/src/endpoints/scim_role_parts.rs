//! The two lists of a role that administrators change: the scopes that it carries, and the users who hold it.
//! Roles as such are in `scim_roles`; groups are not played.

use serde_json::Value;

use super::{
    call::Reply,
    scim::failed,
    scim_patch::{Act, Operation, Target},
};
use crate::{realm::jwt::Object, server::Site};

/// The schema of roles, which may stand before an attribute's name.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:2.0:Role";

/// Both lists: scopes by name, users by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parts {
    pub(super) permissions: Vec<String>,
    pub(super) users: Vec<String>,
}

impl Parts {
    /// Those of the role of that name.
    pub(super) fn of(site: &Site, role: &str) -> Self {
        let holders = site.realm.users().into_iter().filter(|user| user.has_role(role));
        Self { permissions: site.realm.carried_by(role), users: holders.map(|user| user.id).collect() }
    }

    /// Those that a whole role names; what it leaves out is empty.
    ///
    /// # Errors
    ///
    /// 400 when a list is none.
    pub(super) fn read(asked: &Object) -> Result<Self, Reply> {
        let list = |name: &str| asked.get(name).map_or(Ok(Vec::new()), |listed| values(name, listed));
        Ok(Self { permissions: list("permissions")?, users: list("users")? })
    }

    /// Carries out one operation of a PATCH; one without a path names the lists in its value.
    ///
    /// # Errors
    ///
    /// 400 when it is about anything else, or cannot be carried out.
    pub(super) fn apply(&mut self, site: &Site, operation: Operation) -> Result<(), Reply> {
        let Operation { act, path, value } = operation;
        match (path, value) {
            (Some(path), value) => self.change(site, act, &Target::read(&path, SCHEMA)?, value.as_ref()),
            (None, _) if act == Act::Remove => Err(failed(400, "a removal needs a path")),
            (None, Some(Value::Object(members))) => members
                .iter()
                .try_for_each(|(name, value)| self.change(site, act, &Target::read(name, SCHEMA)?, Some(value))),
            (None, _) => Err(failed(400, "an operation without a path needs an object")),
        }
    }

    fn change(&mut self, site: &Site, act: Act, target: &Target, value: Option<&Value>) -> Result<(), Reply> {
        let list = match target.attribute.as_str() {
            "permissions" => &mut self.permissions,
            "users" => &mut self.users,
            _ => return Err(failed(400, "only permissions and users of a role can be patched")),
        };
        match (act, &target.chosen, value) {
            (Act::Remove, Some((member, wanted)), None) => {
                let wanted = chosen(site, &target.attribute, member, wanted)?;
                list.retain(|each| *each != wanted);
            }
            (Act::Remove, None, None) => list.clear(),
            (Act::Remove, _, Some(_)) => {
                return Err(failed(400, "a removal has no value: its path says what is removed"));
            }
            (_, Some(_), _) => return Err(failed(400, "only a removal can choose among values")),
            (_, None, None) => return Err(failed(400, "an operation has no value")),
            (Act::Add, None, Some(value)) => list.extend(values(&target.attribute, value)?),
            (Act::Replace, None, Some(value)) => *list = values(&target.attribute, value)?,
        }
        Ok(())
    }

    /// Makes the role have them; when one of them is not known, nothing has changed.
    ///
    /// # Errors
    ///
    /// 400 naming the scope or the user that is not known.
    pub(super) fn keep(&self, site: &Site, role: &str) -> Result<(), Reply> {
        self.known(site)?;
        let unknown = |what: &str, name: String| Err(failed(400, &format!("there is no {what} {name}")));
        if let Some(scope) = site.realm.carry(role, &self.permissions) {
            return unknown("permission", scope);
        }
        site.realm.hold(role, &self.users).map_or(Ok(()), |user| unknown("user", user))
    }

    /// Whether all of them are known.
    ///
    /// # Errors
    ///
    /// As [`Parts::keep`].
    pub(super) fn known(&self, site: &Site) -> Result<(), Reply> {
        if let Some(scope) = self.permissions.iter().find(|scope| site.realm.scope(scope).is_none()) {
            return Err(failed(400, &format!("there is no permission {scope}")));
        }
        match self.users.iter().find(|id| site.realm.user_by_id(id).is_none()) {
            Some(id) => Err(failed(400, &format!("there is no user {id}"))),
            None => Ok(()),
        }
    }
}

/// What a filter chooses, as the list has it: a scope by either of its members, a user by id or name.
fn chosen(site: &Site, attribute: &str, member: &str, wanted: &str) -> Result<String, Reply> {
    match (attribute, member) {
        (_, "value") | ("permissions", "display") => Ok(wanted.to_owned()),
        // Nobody of that name is nobody of that id either.
        ("users", "display") => Ok(site.realm.user(wanted).map_or_else(String::new, |user| user.id)),
        _ => Err(failed(400, "values are chosen by value or display")),
    }
}

/// The `value` of each entry; one entry may stand for a list of one.
fn values(attribute: &str, listed: &Value) -> Result<Vec<String>, Reply> {
    let value = |each: &Value| each.get("value").and_then(Value::as_str).map(str::to_owned);
    let read = match listed {
        Value::Array(listed) => listed.iter().map(value).collect::<Option<Vec<_>>>(),
        one => value(one).map(|one| vec![one]),
    };
    read.ok_or_else(|| failed(400, &format!("the {attribute} are malformed")))
}
