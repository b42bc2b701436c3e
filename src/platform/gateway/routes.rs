//! From a path to an API and one of its operations, the same way for checks and for the backend.
//! Paths that two readers could read differently lead nowhere.

use std::{collections::HashMap, sync::Arc};

use percent_encoding::percent_decode_str;

use crate::domain::{Api, Operation};

/// The deployed APIs of a tenant by the path they answer to.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_base: HashMap<String, Arc<Api>>,
}

/// Where a path leads.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) api: Arc<Api>,
    /// What follows context and version, as sent; empty or with a leading slash.
    pub(super) resource: String,
}

impl Routes {
    /// Serves an API in place of its former revision.
    pub(super) fn add(&mut self, api: Arc<Api>) {
        self.remove(api.id);
        let versioned = format!("{}/{}", api.context.trim_end_matches('/'), api.version);
        if api.document.get("isDefaultVersion").and_then(serde_json::Value::as_bool) == Some(true) {
            self.by_base.insert(api.context.trim_end_matches('/').to_owned(), api.clone());
        }
        self.by_base.insert(versioned, api);
    }

    /// Serves an API no more.
    pub(super) fn remove(&mut self, id: uuid::Uuid) {
        self.by_base.retain(|_, api| api.id != id);
    }

    /// The API whose context and version are the longest beginning of the path.
    pub(super) fn find(&self, path: &str) -> Option<Route> {
        if is_ambiguous(path) {
            return None;
        }
        let mut end = path.len();
        loop {
            if let Some(api) = self.by_base.get(&path[..end]) {
                return Some(Route { api: api.clone(), resource: path[end..].to_owned() });
            }
            end = path[..end].rfind('/').filter(|end| *end > 0)?;
        }
    }
}

impl Route {
    /// The operation that fits the resource best: a literal segment beats a parameter, which beats a wildcard.
    pub(super) fn operation(&self, method: &str) -> Option<&Operation> {
        let segments = segments(&self.resource);
        let candidates = self.api.operations.iter().filter(|each| each.verb == method);
        let ranked = candidates.filter_map(|each| Some((rank(&each.target, &segments)?, each)));
        ranked.max_by(|(left, _), (right, _)| left.cmp(right)).map(|(_, operation)| operation)
    }
}

/// Dot segments, empty segments, path parameters, and encodings of `/`, `\` and NUL: whoever reads such a path next may
/// see another resource than the one that was checked.
fn is_ambiguous(path: &str) -> bool {
    let inner = path.strip_suffix('/').unwrap_or(path);
    inner.split('/').skip(1).any(|segment| {
        let decoded: Vec<u8> = percent_decode_str(segment).collect();
        decoded.is_empty()
            || decoded == b"."
            || decoded == b".."
            || decoded.iter().any(|byte| matches!(byte, b'/' | b'\\' | b';' | 0))
            || std::str::from_utf8(&decoded).is_err()
    })
}

fn segments(resource: &str) -> Vec<String> {
    let inner = resource.strip_prefix('/').unwrap_or(resource);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return Vec::new();
    }
    inner.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

/// How well a template fits, segment by segment; `None` when it does not.
fn rank(template: &str, segments: &[String]) -> Option<Vec<u8>> {
    let inner = template.trim_matches('/');
    let template: Vec<&str> = if inner.is_empty() { Vec::new() } else { inner.split('/').collect() };
    let mut ranks = Vec::with_capacity(template.len() + 1);
    for (at, part) in template.iter().enumerate() {
        if *part == "*" && at + 1 == template.len() {
            ranks.push(1);
            return Some(ranks);
        }
        let segment = segments.get(at)?;
        ranks.push(match *part {
            "*" => 2,
            part if part.starts_with('{') && part.ends_with('}') => 3,
            part if part == segment => 4,
            _ => return None,
        });
    }
    // A template that ends where the path ends beats one that goes on with a wildcard.
    ranks.push(2);
    (template.len() == segments.len()).then_some(ranks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::state::tests::{api, operation};

    fn routes() -> Routes {
        let mut orders = api("/orders");
        orders.operations =
            ["/", "/items/{id}", "/items/special", "/items/*", "/*"].map(|target| operation("GET", target)).into();
        let mut routes = Routes::default();
        routes.add(Arc::new(orders));
        let mut nested = api("/orders/1.0/nested");
        nested.document.insert("isDefaultVersion".into(), true.into());
        routes.add(Arc::new(nested));
        routes
    }

    #[test]
    fn the_most_specific_operation_decides() {
        for (path, target) in [
            ("/orders/1.0", "/"),
            ("/orders/1.0/", "/"),
            ("/orders/1.0/items/special", "/items/special"),
            ("/orders/1.0/items/%73pecial", "/items/special"),
            ("/orders/1.0/items/special/", "/items/special"),
            ("/orders/1.0/items/7", "/items/{id}"),
            ("/orders/1.0/items/7/8", "/items/*"),
            ("/orders/1.0/other", "/*"),
        ] {
            let route = routes().find(path).unwrap();
            assert_eq!(route.operation("GET").map(|each| each.target.as_str()), Some(target), "{path}");
            assert!(route.operation("POST").is_none());
        }
    }

    #[test]
    fn the_longest_context_wins_and_segments_are_whole() {
        assert_eq!(routes().find("/orders/1.0/nested/1.0/a").unwrap().api.context, "/orders/1.0/nested");
        assert_eq!(routes().find("/orders/1.0/nested/a").unwrap().api.context, "/orders/1.0/nested");
        for path in ["/orders", "/orders/1.00", "/orders/1", "/Orders/1.0", "/", "", "/other/1.0"] {
            assert!(routes().find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_leads_nowhere() {
        for path in [
            "/orders/1.0/a/../b",
            "/orders/1.0/%2e%2e/b",
            "/orders/1.0/.%2E",
            "/orders/1.0//a",
            "//orders/1.0",
            "/orders/1.0/a;x=1",
            "/orders/1.0/a%3bx",
            "/orders/1.0/a%2fb",
            "/orders/1.0/a%5Cb",
            "/orders/1.0/a\\b",
            "/orders/1.0/a%00",
            "/orders/1.0/%ff",
            "/orders/1.0/a//",
        ] {
            assert!(routes().find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn an_api_that_was_removed_is_gone_from_all_its_paths() {
        let mut routes = routes();
        let id = routes.find("/orders/1.0/nested/a").unwrap().api.id;
        routes.remove(id);
        assert_eq!(routes.find("/orders/1.0/nested/a").unwrap().api.context, "/orders");
    }
}
