//! Rules of `[[resource.access_control]]`: who may call which management path with which method.
//! Finding out who calls is the endpoints' affair.

use regex::Regex;

/// One rule. The first whose path and method fit decides.
#[derive(Debug, Clone)]
pub(crate) struct AccessRule {
    /// What the whole path must match.
    pub(super) context: Regex,
    /// Methods in upper case; every method when empty.
    pub(super) methods: Vec<String>,
    /// Whether the caller must be somebody.
    pub(crate) secure: bool,
    /// Scopes of which a token must hold every one.
    pub(crate) scopes: Vec<String>,
    /// Whether tokens of other tenants count as well.
    pub(crate) cross_tenant: bool,
    /// Permissions that a caller must hold; none are needed when empty.
    pub(crate) permissions: Vec<String>,
}

impl PartialEq for AccessRule {
    fn eq(&self, other: &Self) -> bool {
        self.context.as_str() == other.context.as_str()
            && (&self.methods, self.secure, self.cross_tenant, &self.scopes, &self.permissions)
                == (&other.methods, other.secure, other.cross_tenant, &other.scopes, &other.permissions)
    }
}

impl AccessRule {
    /// A rule for that path; `None` when it is no regular expression.
    pub(super) fn new(context: &str) -> Option<Self> {
        let context = Regex::new(&format!("^(?:{context})$")).ok()?;
        let (methods, scopes, permissions) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { context, methods, secure: true, cross_tenant: false, scopes, permissions })
    }

    /// The methods as they are written: one, several with commas between them, or `all`.
    pub(super) fn set_methods(&mut self, written: &str) {
        let each = written.split(',').map(|method| method.trim().to_ascii_uppercase());
        self.methods = each.filter(|method| !method.is_empty() && method != "ALL").collect();
    }

    pub(crate) fn fits(&self, method: &str, path: &str) -> bool {
        self.context.is_match(path) && (self.methods.is_empty() || self.methods.iter().any(|each| each == method))
    }
}
