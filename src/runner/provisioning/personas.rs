//! Who plays which role in a scenario, by name and by the roles that the product gives them.
//! Users of a product come from its target file instead.

use std::collections::BTreeMap;

use kmspec_model::{exchange::Role, target::Persona};
use kmspec_platform::UserSpec;

/// A role that the second developer holds and the first one does not; the features name it.
const DISTINGUISHING_ROLE: &str = "contractors";

/// Every persona: its role in the scenario, the name in target files, and the roles it holds.
const CAST: [(Role, &str, &[&str]); 4] = [
    (Role::Administrator, "administrator", &["admin"]),
    (Role::Publisher, "publisher", &["Internal/publisher", "Internal/creator"]),
    (Role::Developer, "developer", &["Internal/subscriber"]),
    (Role::OtherDeveloper, "other", &["Internal/subscriber", DISTINGUISHING_ROLE]),
];

/// The mail address of a user.
pub(crate) fn mail_address(name: &str) -> String {
    format!("{name}@mail.example")
}

/// The cast of a tenant of the reference platform: its administrator, its other users, and all of them as personas.
pub(super) fn cast(tenant: &str, password: &str) -> (UserSpec, Vec<UserSpec>, BTreeMap<Role, Persona>) {
    let user = |name: &str, roles: &[&str]| UserSpec {
        name: name.to_owned(),
        password: password.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    let local = |role: Role, name: &'static str| if role == Role::Administrator { "admin" } else { name };
    let administrator = user("admin", &["admin"]);
    let others = CAST
        .iter()
        .filter(|(role, ..)| *role != Role::Administrator)
        .map(|(_, name, roles)| user(name, roles))
        .collect();
    let personas = CAST
        .iter()
        .map(|(role, name, roles)| {
            let persona = Persona {
                username: format!("{}@{tenant}", local(*role, name)),
                password: password.to_owned(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            };
            (*role, persona)
        })
        .collect();
    (administrator, others, personas)
}

/// The same users once more, each under a mail address; they log in where a deployment takes those for names.
pub(super) fn called_by_mail(administrator: &UserSpec, others: &[UserSpec]) -> Vec<UserSpec> {
    let again = std::iter::once(administrator).chain(others);
    again.map(|user| UserSpec { name: mail_address(&user.name), ..user.clone() }).collect()
}

/// The personas of a target file by their roles; names that play no role are left out.
pub(super) fn of_target(named: &BTreeMap<String, Persona>) -> BTreeMap<Role, Persona> {
    CAST.iter().filter_map(|(role, name, _)| named.get(*name).map(|persona| (*role, persona.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_developers_differ_by_one_role() {
        let (administrator, others, personas) = cast("t1.example", "secret");
        assert_eq!((administrator.name.as_str(), others.len()), ("admin", 3));
        assert_eq!(personas[&Role::Administrator].username, "admin@t1.example");
        assert!(!personas[&Role::Developer].roles.contains(&DISTINGUISHING_ROLE.to_owned()));
        assert!(personas[&Role::OtherDeveloper].roles.contains(&DISTINGUISHING_ROLE.to_owned()));
    }
}
