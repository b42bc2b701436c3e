//! Patterns of the pages from which an API key may be sent (AK-05).
//! Whether a key is kept to pages at all is read in [`super::vouched`].

/// Whether a page fits a pattern in which `*` stands for any text. Before the path it stands for any text within the host, so
/// that a page at another host never fits; one that a pattern begins with stands for the scheme, too.
pub(super) fn fits(pattern: &str, page: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (wanted, there) = (Address::of(pattern), Address::of(page));
    let scheme = match (wanted.scheme, there.scheme) {
        (Some(wanted), Some(there)) => is_like(wanted, there),
        (None, Some(_)) => wanted.host.starts_with('*'),
        (None, None) => true,
        (Some(_), None) => false,
    };
    scheme && is_host_like(wanted.host, there.host) && is_like(wanted.rest, there.rest)
}

/// The parts of an address, as a browser tells them apart.
struct Address<'a> {
    scheme: Option<&'a str>,
    /// With its port.
    host: &'a str,
    /// From the path on.
    rest: &'a str,
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Self {
        const ENDS: [char; 4] = ['/', '?', '#', '\\'];
        let is_scheme = |text: &str| !text.is_empty() && !text.contains(ENDS) && !text.contains(['.', ':', '@']);
        let (scheme, text) = match text.split_once("://") {
            Some((scheme, text)) if is_scheme(scheme) => (Some(scheme), text),
            _ => (None, text),
        };
        let (host, rest) = text.split_at(text.find(ENDS).unwrap_or(text.len()));
        Self { scheme, host, rest }
    }
}

/// Whether a host fits a pattern whose stars stand for neither a port nor the name of a user.
fn is_host_like(pattern: &str, host: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == host;
    }
    let (wanted, there) = (pattern.split([':', '@']), host.split([':', '@']));
    wanted.clone().count() == there.clone().count()
        && host.contains('@') == pattern.contains('@')
        && wanted.zip(there).all(|(wanted, there)| is_like(wanted, there))
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_before_the_path_for_any_text_within_the_host() {
        for (pattern, page, wanted) in [
            ("www.a.test/p", "www.a.test/p", true),
            ("www.a.test/p", "www.a.test/q", false),
            ("www.a.test/*", "www.a.test/x/y?z=1", true),
            ("www.a.test/*", "www.b.test/x", false),
            ("https://www.a.test/*", "https://www.a.test/x", true),
            ("https://www.a.test/*", "http://www.a.test/x", false),
            ("https://*.a.test/*", "https://s.a.test/x", true),
            ("https://*.a.test/*", "https://evil.test/.a.test/x", false),
            ("*://s.a.test/*", "https://s.a.test/x", true),
            ("*.a.test/*", "s.a.test/x", true),
            ("*.a.test/*", "https://s.t.a.test/x", true),
            ("*.a.test/*", "a.test/x", false),
            ("*.a.test/*", "http://evil.test/.a.test/x", false),
            ("*.a.test/*", "http://evil.test?a.a.test/x", false),
            ("*.a.test/*", "http://evil.test#a.a.test/x", false),
            ("*.a.test/*", "http://evil.test\\.a.test/x", false),
            ("*.a.test/*", "http://evil.test:80@s.a.test/x", false),
            ("*.a.test/*", "http://evil.test@s.a.test/x", false),
            ("*.a.test/*", "evil.test://s.a.test/x", false),
            ("*.a.test/*", "evil.test:.a.test/x", false),
            ("*.a.test:*/*", "s.a.test:8080/x", true),
            ("*", "", true),
            ("*", "https://www.a.test/p?q", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, page), wanted, "{pattern} {page}");
        }
    }
}
