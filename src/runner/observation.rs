//! Whether what a scenario observed is what a declared deviation says: its text, in which `*` stands for any text.
//! Where such lines come from belongs to `profile_file`; what becomes of the scenario, to `judge`.

use kmspec_model::{plan::ExpectedDeviation, verdict::Deviation};

/// Whether `observed` as a whole is what `declared` says. A `*` stands for any run of characters, none included.
pub fn fits(declared: &str, observed: &str) -> bool {
    let mut parts = declared.trim().split('*');
    let first = parts.next().unwrap_or_default();
    let Some(last) = parts.next_back() else { return first == observed.trim() };
    let Some(rest) = observed.trim().strip_prefix(first) else { return false };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    true
}

/// Whether a text says anything of what is observed: `*` alone would accept whatever comes.
pub fn says_something(declared: &str) -> bool {
    declared.chars().filter(|each| each.is_alphanumeric()).count() > 0 || declared.contains('`')
}

/// The deviation of a scenario that deviates otherwise than its line says.
pub fn other(deviation: &Deviation, line: &ExpectedDeviation) -> Deviation {
    let (declared, observed) = (&line.observed, &deviation.observed);
    Deviation {
        observed: format!(
            "a deviation is declared here, but another was observed: expected to see {declared}, saw {observed}"
        ),
        ..deviation.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_star_is_the_whole_of_what_is_observed() {
        assert!(fits("status 401", "status 401"));
        assert!(!fits("status 401", "status 401 with code invalid_client (no)"));
        assert!(!fits("status 401", "no status 401"));
    }

    #[test]
    fn a_star_stands_for_any_text_and_for_none() {
        let observed = "status 403 with code invalid_grant (the code was used before)";
        assert!(fits("status 403 with code invalid_grant (*)", observed));
        assert!(fits("status 403 * invalid_grant *before)", observed));
        assert!(fits("*status 403*", "status 403"));
        assert!(fits("a*c", "a\nb\nc"));
        assert!(!fits("status 403 with code invalid_client (*)", observed));
        assert!(!fits("status 403 * before * invalid_grant*", observed));
    }

    #[test]
    fn a_beginning_and_an_end_do_not_share_their_characters() {
        assert!(!fits("aba*ba", "aba"));
        assert!(!fits("a*b*b", "ab"));
    }

    #[test]
    fn stars_alone_say_nothing() {
        assert!(says_something("1") && says_something("``") && says_something("*x"));
        assert!(!says_something("") && !says_something(" * ") && !says_something("(*)"));
    }
}
