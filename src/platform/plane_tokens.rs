//! Who calls a management plane: what the planes need to know of a bearer token.
//! Issuing and reading such tokens is the resident key manager's work.

/// The user behind a management call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneCaller {
    /// Name without the tenant.
    pub user: String,
    /// Domain of the user's tenant.
    pub tenant: String,
    /// Scopes of the token.
    pub scopes: Vec<String>,
}

/// Reads the bearer tokens of the management planes.
pub trait VerifyPlaneToken: Send + Sync + 'static {
    /// The caller, when the token is one of ours, active and not expired.
    fn verify(&self, bearer: &str) -> Option<PlaneCaller>;
}
