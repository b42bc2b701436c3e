//! Which known key an unknown one was probably meant to be: a slip is looked for table by table, then in the whole path.
//! Which keys are known stands in `vocabulary`.

use std::collections::BTreeSet;

/// The known path that is nearest to a written one: in the table that it stands in if anything there is near, else
/// wherever the whole path is, else the one key of a section that was written without the section. It may be a table's.
/// `None` when nothing is near.
pub(super) fn nearest(written: &str, known: &[&str]) -> Option<String> {
    along(written, known)
        .or_else(|| word(written, known.iter().copied()).map(str::to_owned))
        .or_else(|| sectionless(written, known).map(str::to_owned))
}

/// The key that ends with what was written, where there is only one: its section was forgotten.
fn sectionless<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let ends = |known: &str| known.strip_suffix(written).is_some_and(|section| section.ends_with('.'));
    let mut fitting = known.iter().copied().filter(|known| !written.is_empty() && ends(known));
    fitting.next().filter(|_| fitting.next().is_none())
}

/// Goes down table by table, each time to the name that was written or to the one that is nearest to it.
fn along(written: &str, known: &[&str]) -> Option<String> {
    let mut path = String::new();
    for name in written.split('.') {
        let below = known.iter().filter_map(|known| below(known, &path));
        let names: BTreeSet<&str> = below.filter_map(|rest| rest.split('.').next()).collect();
        // The table is known as a whole: whatever was written below it is its own affair.
        if names.is_empty() && known.contains(&path.as_str()) {
            break;
        }
        let name = if names.contains(name) {
            name
        } else {
            word(name, names.iter().copied()).or_else(|| beginning(name, names.iter().copied()))?
        };
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
    }
    (path != written).then_some(path)
}

/// What follows a table's path in a key's.
pub(super) fn below<'a>(key: &'a str, table: &str) -> Option<&'a str> {
    if table.is_empty() { Some(key) } else { key.strip_prefix(table)?.strip_prefix('.') }
}

/// The nearest word. Farther than a third of it is another word.
fn word<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = known.map(|known| (strsim::damerau_levenshtein(known, written), known)).min();
    nearest.filter(|(distance, known)| distance * 3 <= known.len().max(written.len())).map(|(_, known)| known)
}

/// The one known word that a written one is a slip of, or a slip of its beginning: far nearer than a mere suggestion.
pub(super) fn slip<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let known: BTreeSet<&str> = known.collect();
    if known.contains(written) {
        return None;
    }
    known.iter().copied().find(|known| is_slip(written, known)).or_else(|| beginning(written, known.iter().copied()))
}

fn is_slip(written: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(written, known);
    known.eq_ignore_ascii_case(written) || distance <= 3 && distance * 4 <= known.len().max(written.len())
}

/// The one known word that begins with what was written, but for a slip; words have underscores between their parts.
fn beginning<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let begins = |known: &str| {
        let end = known.match_indices('_').nth(written.matches('_').count()).map(|(end, _)| end);
        end.is_some_and(|end| is_slip(written, &known[..end]))
    };
    let mut fitting = known.filter(|known| written.len() > 3 && begins(known));
    fitting.next().filter(|_| fitting.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 7] = [
        "server.offset",
        "server.hostname",
        "oauth.grant_type.password.enable",
        "oauth.grant_type.jwt.enable",
        "oauth.authorize_all_scopes",
        "oauth.token_renewal.renew_refresh_token",
        "keystore",
    ];

    fn near(written: &str) -> Option<String> {
        nearest(written, &KNOWN)
    }

    #[test]
    fn a_slip_is_put_right_where_it_stands() {
        for (written, meant) in [
            ("server.ofset", "server.offset"),
            ("sever.offset", "server.offset"),
            ("oauth.grant_tipe", "oauth.grant_type"),
            ("oauth.grant_tipe.pasword.enabled", "oauth.grant_type.password.enable"),
            ("oauth.grant_type.password.enabel", "oauth.grant_type.password.enable"),
            ("keystroe", "keystore"),
            ("keystroe.primary.file_name", "keystore"),
        ] {
            assert_eq!(near(written).as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn what_stands_in_the_wrong_table_is_found_by_its_whole_path() {
        let meant = "oauth.token_renewal.renew_refresh_token";
        assert_eq!(near("oauth.renewal.renew_refresh_token").as_deref(), Some(meant));
        assert_eq!(near("token_renewal.renew_refresh_token").as_deref(), Some(meant));
    }

    #[test]
    fn a_key_without_its_section_is_found_where_only_one_section_has_it() {
        assert_eq!(near("hostname").as_deref(), Some("server.hostname"));
        assert_eq!(near("authorize_all_scopes").as_deref(), Some("oauth.authorize_all_scopes"));
        assert_eq!(near("password.enable").as_deref(), Some("oauth.grant_type.password.enable"));
        assert_eq!(near("enable"), None, "several sections have it");
    }

    #[test]
    fn the_beginning_of_a_longer_name_is_completed_where_only_one_fits() {
        assert_eq!(near("oauth.authorise").as_deref(), Some("oauth.authorize_all_scopes"));
        assert_eq!(near("oauth.token_renewl").as_deref(), Some("oauth.token_renewal"));
        assert_eq!(near("oauth.auth"), None, "that is no slip");
    }

    #[test]
    fn a_slip_is_nearer_than_a_suggestion() {
        let slip = |written| slip(written, ["primary", "renew_token_without", "renew_other_keys", "tls"].into_iter());
        assert_eq!((slip("primry"), slip("Primary")), (Some("primary"), Some("primary")));
        assert_eq!(slip("renew_tokn"), Some("renew_token_without"));
        for other in ["primary", "private", "renew", "internal", "tl", "pri", ""] {
            assert_eq!(slip(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_is_suggested_where_nothing_is_near() {
        for written in ["oauth.nonsense", "server.grant_type", "something.else.altogether", "oauth", "x", ""] {
            assert_eq!(near(written), None, "{written}");
        }
        assert_eq!(nearest("server.offset", &[]), None);
    }
}
