//! The filters of OData that applications in Microsoft Graph are looked for with: by display name, and by one tag.
//! What they are looked for among is in `graph`.

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// `displayName eq '…'`
    Name(String),
    /// `tags/any(t:t eq '…')`
    Tag(String),
}

impl Filter {
    /// Reads a filter; `None` for any other, however well-formed.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("displayName") {
            return equal(rest).map(Self::Name);
        }
        let inner = text.strip_prefix("tags/any(")?.strip_suffix(')')?;
        let (variable, condition) = inner.split_once(':')?;
        let variable = variable.trim();
        let plain = variable.starts_with(|c: char| c.is_ascii_alphabetic())
            && variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        plain.then(|| equal(condition.trim_start().strip_prefix(variable)?).map(Self::Tag))?
    }
}

/// What stands between the quotes of ` eq '…'`.
fn equal(text: &str) -> Option<String> {
    literal(text.strip_prefix(" eq ")?.trim())
}

/// A text between quotes; a quote inside is written twice (OData 4.01, ABNF `string`).
fn literal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let alone = inner.replace("''", "").contains('\'');
    (!alone).then(|| inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_tags_are_looked_for_and_nothing_else() {
        for (text, filter) in [
            ("displayName eq 'a'", Some(Filter::Name("a".to_owned()))),
            ("displayName eq 'it''s'", Some(Filter::Name("it's".to_owned()))),
            ("displayName eq ''", Some(Filter::Name(String::new()))),
            ("tags/any(t:t eq 'a b')", Some(Filter::Tag("a b".to_owned()))),
            ("tags/any(x: x eq '(:)')", Some(Filter::Tag("(:)".to_owned()))),
            ("displayName eq 'a' or displayName eq 'b'", None),
            ("displayName eq 'a", None),
            ("displayName eq '", None),
            ("displayName ne 'a'", None),
            ("tags/any(:eq 'a')", None),
            ("tags/any(: eq 'a')", None),
            ("tags/any(t:u eq 'a')", None),
            ("", None),
        ] {
            assert_eq!(Filter::read(text), filter, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_none(text: String, inner: String) {
            let _ = Filter::read(&text);
            let _ = Filter::read(&format!("displayName{inner}"));
            let _ = Filter::read(&format!("tags/any({inner})"));
        }

        #[test]
        fn a_filter_that_was_written_is_read_as_it_was(value: String, variable in "[a-z][a-z0-9_]{0,5}") {
            let quoted = value.replace('\'', "''");
            prop_assert_eq!(Filter::read(&format!("displayName eq '{quoted}'")), Some(Filter::Name(value.clone())));
            let tag = format!("tags/any({variable}:{variable} eq '{quoted}')");
            prop_assert_eq!(Filter::read(&tag), Some(Filter::Tag(value)));
        }
    }
}
