//! The two lists of a role that administrators change: the scopes that it carries, or in its old form the permissions
//! that it has, and the users who hold it.
//! Roles as such are in `scim_roles`; groups are not played.

use serde_json::{Value, json};

use super::{
    call::Reply,
    scim::failed,
    scim_patch::{Act, Operation, Target},
};
use crate::{
    realm::{jwt::Object, permission},
    server::Site,
};

/// What every permission of the old form lies below.
const ROOT: &str = "/permission";

/// The schema of roles, which may stand before an attribute's name.
pub(crate) const SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:2.0:Role";

/// How roles are shown and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Roles v2: they have an audience, and their permissions are scopes.
    New,
    /// The form before it: every role is the organisation's, and its permissions are paths, such as
    /// `/permission/admin/manage`.
    Old,
}

impl Form {
    /// Permissions as a role lists them.
    pub(super) fn permissions(self, held: Vec<String>) -> Value {
        match self {
            Self::New => held.iter().map(|scope| json!({ "value": scope, "display": scope })).collect(),
            Self::Old => json!(held),
        }
    }

    /// What an entry of a list stands for.
    fn value(self, attribute: &str, entry: &Value) -> Option<String> {
        let member = || entry.get("value").and_then(Value::as_str).map(str::to_owned);
        match (self, attribute) {
            (Self::Old, "permissions") => entry.as_str().map(str::to_owned).or_else(member),
            _ => member(),
        }
    }
}

/// Both lists: scopes by name or permissions, users by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    form: Form,
    pub(super) permissions: Vec<String>,
    pub(super) users: Vec<String>,
}

impl Parts {
    /// Those of the role of that name.
    pub(super) fn of(site: &Site, form: Form, role: &str) -> Self {
        let holders = site.realm.users().into_iter().filter(|user| user.has_role(role));
        let permissions = match form {
            Form::New => site.realm.carried_by(role),
            Form::Old => site.realm.permitted_to(role),
        };
        Self { form, permissions, users: holders.map(|user| user.id).collect() }
    }

    /// Those that a whole role names; what it leaves out is empty.
    ///
    /// # Errors
    ///
    /// 400 when a list is none.
    pub(super) fn read(form: Form, asked: &Object) -> Result<Self, Reply> {
        let list = |name: &str| asked.get(name).map_or(Ok(Vec::new()), |listed| values(form, name, listed));
        Ok(Self { form, permissions: list("permissions")?, users: list("users")? })
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
        let form = self.form;
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
            (Act::Add, None, Some(value)) => list.extend(values(form, &target.attribute, value)?),
            (Act::Replace, None, Some(value)) => *list = values(form, &target.attribute, value)?,
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
        let scope = match self.form {
            Form::New => site.realm.carry(role, &self.permissions),
            Form::Old => {
                let mut permissions = self.permissions.clone();
                permissions.sort();
                permissions.dedup();
                site.realm.permit(role, permissions);
                None
            }
        };
        if let Some(scope) = scope {
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
        let is_known = |permission: &&String| match self.form {
            Form::New => site.realm.scope(permission).is_some(),
            Form::Old => permission::covered(&[ROOT.to_owned()], permission),
        };
        if let Some(permission) = self.permissions.iter().find(|permission| !is_known(permission)) {
            return Err(failed(400, &format!("there is no permission {permission}")));
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

/// What each entry stands for; one entry may stand for a list of one.
fn values(form: Form, attribute: &str, listed: &Value) -> Result<Vec<String>, Reply> {
    let value = |each: &Value| form.value(attribute, each);
    let read = match listed {
        Value::Array(listed) => listed.iter().map(value).collect::<Option<Vec<_>>>(),
        one => value(one).map(|one| vec![one]),
    };
    read.ok_or_else(|| failed(400, &format!("the {attribute} are malformed")))
}
