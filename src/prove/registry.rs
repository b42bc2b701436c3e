//! The list of defects that can be switched on.
//! What a defect means at large stands in `features/catalogue/defects.toml`.

use std::sync::{Arc, LazyLock};

use super::{Accomplices, Saboteur, defects};
use kmspec_model::rule::RuleId;

/// A defect that can be switched on.
///
/// Scenarios tagged with its id may turn red while it is on, and at least one does; all others are its controls and
/// stay green. A defect with further consequences is too wide: its saboteur is to be narrowed, or the scenario tagged.
#[derive(Debug, Clone, Copy)]
pub struct Defect {
    /// Its id in the catalogue.
    pub id: &'static str,
    /// What the subject appears to do wrong, in one line.
    pub summary: &'static str,
    /// Makes its saboteur.
    pub(super) saboteur: fn(Arc<Accomplices>) -> Arc<dyn Saboteur>,
}

/// What has a defect, and so where it is switched on.
#[derive(Clone, Copy)]
pub enum Cause {
    /// Any subject: a saboteur on the wire makes it appear to have it.
    Saboteur(fn(Arc<Accomplices>) -> Arc<dyn Saboteur>),
    /// The mock authorization servers that the run certifies: they have it themselves.
    Servers,
}

/// Every defect that can be switched on: one line for each file of them.
static DEFECTS: LazyLock<Vec<Defect>> = LazyLock::new(|| {
    let files = [
        defects::admin_access::DEFECTS,
        defects::applications::DEFECTS,
        defects::client_certificates::DEFECTS,
        defects::client_settings::DEFECTS,
        defects::api_terms::DEFECTS,
        defects::assertions::DEFECTS,
        defects::backend_tokens::DEFECTS,
        defects::backends::DEFECTS,
        defects::caching::DEFECTS,
        defects::claims::DEFECTS,
        defects::connectors::DEFECTS,
        defects::consumer_secrets::DEFECTS,
        defects::deletions::DEFECTS,
        defects::deployments::DEFECTS,
        defects::discovery_import::DEFECTS,
        defects::failed_generation::DEFECTS,
        defects::foreign_key_managers::DEFECTS,
        defects::gateway::DEFECTS,
        defects::good_tokens::DEFECTS,
        defects::vendor_tokens::DEFECTS,
        defects::headers::DEFECTS,
        defects::kept_keys::DEFECTS,
        defects::key_generation::DEFECTS,
        defects::key_lists::DEFECTS,
        defects::key_manager_admin::DEFECTS,
        defects::key_manager_checks::DEFECTS,
        defects::key_manager_choice::DEFECTS,
        defects::key_manager_documents::DEFECTS,
        defects::key_manager_lists::DEFECTS,
        defects::key_manager_news::DEFECTS,
        defects::key_orders::DEFECTS,
        defects::limits::DEFECTS,
        defects::logins::DEFECTS,
        defects::mappings::DEFECTS,
        defects::opaque_tokens::DEFECTS,
        defects::other_credentials::DEFECTS,
        defects::out_of_band::DEFECTS,
        defects::outlived::DEFECTS,
        defects::permissions::DEFECTS,
        defects::plans::DEFECTS,
        defects::proofs::DEFECTS,
        defects::propagation::DEFECTS,
        defects::publisher::DEFECTS,
        defects::refusals::DEFECTS,
        defects::resident_answers::DEFECTS,
        defects::resident_grants::DEFECTS,
        defects::scopes::DEFECTS,
        defects::scopes_held_up::DEFECTS,
        defects::secrets::DEFECTS,
        defects::server_trust::DEFECTS,
        defects::shown_apis::DEFECTS,
        defects::signatures::DEFECTS,
        defects::statuses::DEFECTS,
        defects::subscriptions::DEFECTS,
        defects::tenants::DEFECTS,
        defects::tenant_events::DEFECTS,
        defects::token_form::DEFECTS,
        defects::token_types::DEFECTS,
        defects::unreachable::DEFECTS,
        defects::workers::DEFECTS,
    ];
    let mut all = files.concat();
    // A mock has its defect within: on the wire there is nothing to be done.
    let of_servers = kmspec_mocks::defects::switchable();
    all.extend(of_servers.iter().map(|each| Defect {
        id: each.id,
        summary: each.summary,
        saboteur: |_| Arc::new(Nobody),
    }));
    all.sort_by_key(|defect| defect.id);
    all
});

/// Every defect that can be switched on.
pub fn switchable() -> &'static [Defect] {
    &DEFECTS
}

/// The defect of that id.
///
/// # Errors
///
/// [`NotSwitchable`] when no saboteur is known for the id.
pub fn defect(id: &RuleId) -> Result<&'static Defect, NotSwitchable> {
    let text = id.to_string();
    DEFECTS.iter().find(|each| each.id == text).ok_or(NotSwitchable(text))
}

/// Does nothing.
struct Nobody;

impl Saboteur for Nobody {}

/// What has the defect of that id.
///
/// # Errors
///
/// [`NotSwitchable`] when none is known for the id.
pub fn cause(id: &RuleId) -> Result<Cause, NotSwitchable> {
    let defect = defect(id)?;
    let of_servers = kmspec_mocks::defects::switchable().iter().any(|each| each.id == defect.id);
    Ok(if of_servers { Cause::Servers } else { Cause::Saboteur(defect.saboteur) })
}

/// No saboteur is known for a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSwitchable(pub String);

impl std::error::Error for NotSwitchable {}

impl std::fmt::Display for NotSwitchable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no defect that can be switched on\nhint: these can:", self.0)?;
        DEFECTS.iter().try_for_each(|each| write!(f, "\n  {:<16} {}", each.id, each.summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmspec_model::rule::RuleKind;

    #[test]
    fn every_defect_is_found_by_its_id_and_no_other_id_is() {
        for each in switchable() {
            let id: RuleId = each.id.parse().unwrap();
            assert_eq!(id.kind(), RuleKind::Defect);
            assert_eq!(defect(&id).unwrap().summary, each.summary);
            let row = format!("id = \"{}\"", each.id);
            assert!(include_str!("../../features/catalogue/defects.toml").contains(&row), "{row}");
            assert_eq!(switchable().iter().filter(|other| other.id == each.id).count(), 1);
        }
        let refused = defect(&"DEF-999".parse().unwrap()).unwrap_err().to_string();
        assert!(refused.starts_with("`DEF-999` is no defect"), "{refused}");
        assert!(refused.contains("\n  DEF-148 "), "{refused}");
    }
}
