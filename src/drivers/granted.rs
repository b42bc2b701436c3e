//! How the management planes say that something was done: the statuses of success that their interface has for each operation.
//! What else an answer says is read by the driver of its plane; whether success was right is for the steps to say.

use kmspec_model::exchange::Plane;

/// An operation of a plane, and the statuses that say that it was done.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    plane: Plane,
    method: &'static str,
    /// Below the plane's base; `{}` stands for an id.
    path: &'static str,
    statuses: &'static [u16],
}

const OK: &[u16] = &[200];
const CREATED: &[u16] = &[201];
const NO_CONTENT: &[u16] = &[204];
/// Made or done at once, or handed to somebody who has to approve it.
const CREATED_OR_PENDING: &[u16] = &[201, 202];
const OK_OR_PENDING: &[u16] = &[200, 202];
/// The product's document says one, and the product the other.
const OK_OR_CREATED: &[u16] = &[200, 201];

const fn admin(method: &'static str, path: &'static str, statuses: &'static [u16]) -> Operation {
    Operation { plane: Plane::Admin, method, path, statuses }
}

const fn portal(method: &'static str, path: &'static str, statuses: &'static [u16]) -> Operation {
    Operation { plane: Plane::Devportal, method, path, statuses }
}

const fn publisher(method: &'static str, path: &'static str, statuses: &'static [u16]) -> Operation {
    Operation { plane: Plane::Publisher, method, path, statuses }
}

/// Every operation whose statuses of success are settled (apim-rest-contract 1.3, 1.7, 1.9; apim-observed-behaviour
/// 1.2, 1.6 to 1.9). A more telling path comes first.
const OPERATIONS: &[Operation] = &[
    admin("GET", "/key-managers", OK),
    admin("POST", "/key-managers", CREATED),
    admin("POST", "/key-managers/discover", OK),
    admin("GET", "/key-managers/{}", OK),
    admin("PUT", "/key-managers/{}", OK),
    admin("DELETE", "/key-managers/{}", OK),
    admin("GET", "/settings", OK),
    admin("GET", "/tenant-config", OK),
    admin("PUT", "/tenant-config", OK),
    admin("GET", "/applications", OK),
    admin("POST", "/applications/{}/change-owner", OK),
    admin("POST", "/throttling/policies/{}", CREATED),
    admin("POST", "/organizations", CREATED),
    admin("DELETE", "/organizations/{}", OK),
    portal("GET", "/applications", OK),
    portal("POST", "/applications", CREATED_OR_PENDING),
    portal("GET", "/applications/{}", OK),
    portal("PUT", "/applications/{}", OK),
    portal("DELETE", "/applications/{}", OK_OR_PENDING),
    portal("GET", "/key-managers", OK),
    portal("POST", "/applications/{}/generate-keys", OK),
    portal("POST", "/applications/{}/map-keys", OK),
    portal("GET", "/applications/{}/oauth-keys", OK),
    portal("GET", "/applications/{}/oauth-keys/{}", OK),
    portal("PUT", "/applications/{}/oauth-keys/{}", OK),
    portal("DELETE", "/applications/{}/oauth-keys/{}", OK),
    portal("POST", "/applications/{}/oauth-keys/{}/generate-token", OK),
    portal("POST", "/applications/{}/oauth-keys/{}/regenerate-secret", OK),
    portal("POST", "/applications/{}/oauth-keys/{}/generate-secret", CREATED),
    portal("GET", "/applications/{}/oauth-keys/{}/secrets", OK),
    portal("POST", "/applications/{}/oauth-keys/{}/revoke-secret", NO_CONTENT),
    portal("POST", "/applications/{}/oauth-keys/{}/clean-up", OK),
    portal("POST", "/applications/{}/api-keys/{}/generate", OK),
    portal("GET", "/applications/{}/api-keys/{}", OK),
    portal("POST", "/applications/{}/api-keys/{}/revoke", OK),
    portal("POST", "/me/change-password", OK),
    portal("GET", "/apis", OK),
    portal("GET", "/apis/{}", OK),
    portal("GET", "/throttling-policies/{}", OK),
    portal("GET", "/subscriptions", OK),
    portal("POST", "/subscriptions", CREATED_OR_PENDING),
    portal("PUT", "/subscriptions/{}", OK_OR_PENDING),
    portal("DELETE", "/subscriptions/{}", OK_OR_PENDING),
    publisher("GET", "/key-managers", OK),
    publisher("POST", "/apis", CREATED),
    publisher("POST", "/apis/change-lifecycle", OK_OR_PENDING),
    publisher("GET", "/apis/{}", OK),
    publisher("PUT", "/apis/{}", OK),
    publisher("DELETE", "/apis/{}", OK),
    publisher("POST", "/apis/{}/revisions", CREATED),
    publisher("POST", "/apis/{}/deploy-revision", OK_OR_CREATED),
    publisher("POST", "/apis/{}/generate-key", OK),
    publisher("POST", "/apis/{}/client-certificates", CREATED),
    publisher("HEAD", "/roles/{}", OK),
    publisher("GET", "/subscriptions", OK),
    publisher("POST", "/subscriptions/change-business-plan", OK),
    publisher("POST", "/subscriptions/block-subscription", OK),
    publisher("POST", "/subscriptions/unblock-subscription", OK),
    publisher("GET", "/scopes", OK),
    publisher("POST", "/scopes", CREATED),
    publisher("GET", "/scopes/{}", OK),
    publisher("PUT", "/scopes/{}", OK),
    publisher("DELETE", "/scopes/{}", OK),
    Operation { plane: Plane::Resident, method: "POST", path: "/api/identity/user/v1.0/me", statuses: CREATED },
    Operation { plane: Plane::Resident, method: "POST", path: "/client-registration/v0.17/register", statuses: OK },
];

/// The statuses by which the plane says that this was done; `None` where its interface leaves that open. The path is the
/// one below the plane's base; that of the resident key manager is the root of its tenant.
pub fn statuses(plane: Plane, method: &str, path: &str) -> Option<&'static [u16]> {
    let meant = |each: &&Operation| each.plane == plane && each.method == method && fits(each.path, path);
    OPERATIONS.iter().find(meant).map(|operation| operation.statuses)
}

/// A word of the template is itself, and `{}` is any one.
fn fits(template: &str, path: &str) -> bool {
    let (words, parts) = (template.split('/'), path.split('/'));
    words.clone().count() == parts.clone().count() && words.zip(parts).all(|(word, part)| word == "{}" || word == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_known_by_plane_method_and_path() {
        for (plane, method, path, due) in [
            (Plane::Admin, "POST", "/key-managers", Some(CREATED)),
            (Plane::Admin, "POST", "/key-managers/discover", Some(OK)),
            (Plane::Devportal, "POST", "/key-managers", None),
            (Plane::Admin, "PATCH", "/key-managers", None),
            (Plane::Devportal, "POST", "/applications/7/oauth-keys/8/revoke-secret", Some(NO_CONTENT)),
            (Plane::Devportal, "POST", "/applications/7/oauth-keys/8/revoke-secret/", None),
        ] {
            assert_eq!(statuses(plane, method, path), due, "{method} {path}");
        }
    }
}
