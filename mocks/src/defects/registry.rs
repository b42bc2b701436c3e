//! The list of defects, and the switches of one server.
//! What a defect does stands in the file of its endpoint.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    certified, codes, devices, discovery, exchange, introspection, kerberos, key_set, layout, legacy, needs::Needs,
    refreshing, registration, revocation, saml, scopes, sealed, somebody_else, token_answer, token_request, turn::Turn,
    userinfo,
};
use crate::{
    endpoints::call::{Call, Reply},
    journal::Endpoint,
    server::Site,
    vendors::Handler,
};

/// A defect that can be switched on.
#[derive(Clone, Copy)]
pub struct Defect {
    /// Its id in the catalogue.
    pub id: &'static str,
    /// What the server does wrong, in one line.
    pub summary: &'static str,
    /// The endpoint it stands around.
    pub endpoint: Endpoint,
    /// Answers a request the way a server with the defect would.
    pub(super) answer: fn(&Turn<'_>) -> Reply,
    /// What a server must be like for it to show, if it needs anything beside the endpoint.
    pub(super) needs: Option<Needs>,
}

impl Defect {
    pub(super) const fn new(
        id: &'static str,
        summary: &'static str,
        endpoint: Endpoint,
        answer: fn(&Turn<'_>) -> Reply,
    ) -> Self {
        Self { id, summary, endpoint, answer, needs: None }
    }

    /// One that shows at such servers alone.
    pub(super) const fn at(self, needs: Needs) -> Self {
        Self { needs: Some(needs), ..self }
    }
}

impl fmt::Debug for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.summary)
    }
}

static FAMILIES: [&[Defect]; 20] = [
    introspection::DEFECTS,
    revocation::DEFECTS,
    refreshing::DEFECTS,
    scopes::DEFECTS,
    somebody_else::DEFECTS,
    exchange::DEFECTS,
    saml::DEFECTS,
    codes::DEFECTS,
    devices::DEFECTS,
    kerberos::DEFECTS,
    token_request::DEFECTS,
    token_answer::DEFECTS,
    key_set::DEFECTS,
    discovery::DEFECTS,
    registration::DEFECTS,
    userinfo::DEFECTS,
    legacy::DEFECTS,
    certified::DEFECTS,
    layout::DEFECTS,
    sealed::DEFECTS,
];

/// Every defect that can be switched on, ordered by id.
pub fn switchable() -> Vec<&'static Defect> {
    let mut all: Vec<&Defect> = FAMILIES.into_iter().flatten().collect();
    all.sort_by_key(|defect| defect.id);
    all
}

/// No defect of an authorization server has that id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no defect that an authorization server can have\nhint: {hint}", hint = hint(.0))]
pub struct UnknownDefect(pub String);

/// The id that was meant where that is plain, else those that there are. Numbers that look alike mean nothing to each other.
fn hint(wanted: &str) -> String {
    let ids: Vec<&str> = switchable().iter().map(|defect| defect.id).collect();
    let typed = wanted.to_uppercase();
    let meant = |id: &&&str| **id == typed || id.strip_suffix(typed.as_str()).is_some_and(|rest| rest.ends_with('-'));
    let mut found = ids.iter().filter(meant);
    match (found.next(), found.next()) {
        (Some(id), None) => format!("did you mean `{id}`?"),
        _ => format!("these can be switched on: {}", ids.join(", ")),
    }
}

/// The defect of that id.
pub(super) fn known(id: &str) -> Result<&'static Defect, UnknownDefect> {
    switchable().into_iter().find(|defect| defect.id == id).ok_or_else(|| UnknownDefect(id.to_owned()))
}

/// The defects of one server.
#[derive(Default)]
pub struct Defects {
    on: Mutex<Vec<&'static Defect>>,
    /// Nobody looks for defects while there are none.
    any: AtomicBool,
    /// What defects remember from one request to the next.
    memory: Mutex<BTreeMap<String, u64>>,
}

impl fmt::Debug for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.on().iter().map(|defect| defect.id)).finish()
    }
}

impl Defects {
    /// Switches a defect on; twice is as good as once. One that can never show at the server changes nothing:
    /// `AuthorizationServer::can_show` tells.
    ///
    /// # Errors
    ///
    /// [`UnknownDefect`] when there is none of that id.
    pub fn switch_on(&self, id: &str) -> Result<(), UnknownDefect> {
        let defect = known(id)?;
        let mut on = self.on();
        if !on.iter().any(|each| each.id == id) {
            on.push(defect);
        }
        self.any.store(true, Ordering::Release);
        Ok(())
    }

    /// Switches a defect off; whether it was on.
    pub fn switch_off(&self, id: &str) -> bool {
        let mut on = self.on();
        let before = on.len();
        on.retain(|defect| defect.id != id);
        self.any.store(!on.is_empty(), Ordering::Release);
        on.len() < before
    }

    /// Those that are on, in the order they were switched on.
    pub fn list(&self) -> Vec<&'static Defect> {
        self.on().clone()
    }

    fn on(&self) -> MutexGuard<'_, Vec<&'static Defect>> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what defects remember, as a restart does.
    pub(crate) fn forget(&self) {
        self.memory().clear();
    }

    /// What defects remember.
    pub(super) fn memory(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a request, with the defects of its endpoint around the honest one.
    pub(crate) fn answer(site: &Site, endpoint: Endpoint, call: &Call, honest: Handler) -> Reply {
        if !site.defects.any.load(Ordering::Acquire) {
            return honest(site, call);
        }
        key_set::note(site, endpoint);
        let on: Vec<_> = site.defects.list().into_iter().filter(|defect| defect.endpoint == endpoint).collect();
        around(site, call, honest, &on)
    }
}

/// The defect switched on last is the outermost.
fn around(site: &Site, call: &Call, honest: Handler, on: &[&'static Defect]) -> Reply {
    match on.split_last() {
        None => honest(site, call),
        Some((outermost, rest)) => {
            let within = |call: &Call| around(site, call, honest, rest);
            (outermost.answer)(&Turn::new(site, call, &within))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_defect_has_an_id_of_its_own() {
        let all = switchable();
        assert_eq!(all.iter().map(|defect| defect.id).collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|defect| !defect.summary.is_empty() && defect.id.starts_with("DEF-")));
    }

    #[test]
    fn a_defect_is_on_until_it_is_switched_off() {
        let defects = Defects::default();
        defects.switch_on("DEF-107").unwrap();
        defects.switch_on("DEF-107").unwrap();
        assert_eq!(defects.list().len(), 1);
        assert!(defects.switch_off("DEF-107"));
        assert!(!defects.switch_off("DEF-107"));
        assert!(defects.list().is_empty());
    }

    #[test]
    fn an_unknown_id_is_refused_with_those_that_are_known() {
        let refused = Defects::default().switch_on("DEF-001").unwrap_err().to_string();
        assert!(refused.starts_with("`DEF-001` is no defect"), "{refused}");
        assert!(refused.contains("DEF-107"), "{refused}");
        for meant in ["LEGACY-01", "def-seed-as-legacy-01"] {
            let refused = Defects::default().switch_on(meant).unwrap_err().to_string();
            assert!(refused.ends_with("did you mean `DEF-SEED-AS-LEGACY-01`?"), "{refused}");
        }
    }
}
