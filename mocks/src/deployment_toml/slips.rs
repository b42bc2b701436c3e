//! Tables that mean nothing here: what stands in them is passed over, but for slips of keys that are known to stand there.
//! What is known is in `keys`, `without_effect` and `neighbours`; all other tables are gone through in `read`.

use std::ops::Range;

use toml::de::DeTable;

use super::{
    read::{Reader, Value},
    vocabulary::{Key, Level},
};

impl<S> Reader<'_, S> {
    /// A table of which some keys mean something, and all others nothing.
    pub(super) fn partly(&mut self, level: &Level<S>, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{path}.{}", key.get_ref());
            if self.is_slip(level, &path, key.span()) {
                continue;
            }
            match (level.known(&path), value.get_ref().as_table()) {
                (Some(known), _) => self.set(&format!("{}{path}", level.prefix), known, value),
                (None, Some(inner)) if level.leads_to_keys(&path) => self.table(level, &path, inner),
                (None, Some(inner)) => self.partly(level, &path, inner),
                (None, None) => self.without_effect(&path),
            }
        }
    }

    /// Refuses slips in what stands at the path of a key, if that is a table that means nothing.
    pub(super) fn slips(&mut self, level: &Level<S>, path: &str, key: Key<S>, value: &Value<'_>) {
        if let (Key::Nothing, Some(table)) = (key, value.get_ref().as_table()) {
            self.slips_below(level, path, table);
        }
    }

    fn slips_below(&mut self, level: &Level<S>, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{path}.{}", key.get_ref());
            if !self.is_slip(level, &path, key.span())
                && let Some(inner) = value.get_ref().as_table()
            {
                self.slips_below(level, &path, inner);
            }
        }
    }

    /// Whether a key is a slip of one that is known; it is refused then.
    fn is_slip(&mut self, level: &Level<S>, path: &str, span: Range<usize>) -> bool {
        let Some(meant) = level.slip(path) else { return false };
        let prefix = &level.prefix;
        self.fault(span, format!("the key `{prefix}{path}` is not known\nhint: did you mean `{prefix}{meant}`?"));
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{DeploymentToml, keys::VOCABULARY, vocabulary::Level};

    #[test]
    fn a_slip_in_a_table_that_means_nothing_is_refused_with_its_line_and_what_was_meant() {
        for (file, line, meant) in [
            ("[keystore.primry]\nfile_name = \"a\"\n", 1, "`keystore.primary`"),
            ("[keystore.primary]\ntype = \"JKS\"\nfilename = \"a\"\n", 3, "`keystore.primary.file_name`"),
            ("[oauth.jwt]\nrenew_tokn = true\n", 2, "`oauth.jwt.renew_token_without_revoking_existing`"),
            (
                "[oauth.jwt.renew_token_without_revoking_existing]\nenabel = true\n",
                2,
                "`oauth.jwt.renew_token_without_revoking_existing.enable`",
            ),
            ("[server]\nlegcy = true\n", 2, "`server.legacy_mode`"),
        ] {
            let error = DeploymentToml::parse(file).unwrap_err();
            assert_eq!(error.faults[0].line, line, "{error}");
            assert!(error.to_string().contains(meant), "{error}");
        }
    }

    #[test]
    fn what_is_like_nothing_that_is_known_passes_in_a_table_that_means_nothing() {
        for file in [
            "[keystore.saml]\nfile_name = \"a\"\n",
            "[[keystore.custom]]\nfile_name = \"a\"\n",
            "[keystore.primary]\nprovider = \"a\"\n",
            "[oauth.jwt]\nsomething = true\n[oauth.jwt.other]\nenable = true\n",
            "[datasource.WSO2]\npool_options.maxActive = 5\n",
            "[user_store.properties]\nConnectionURL = \"a\"\n",
        ] {
            DeploymentToml::parse(file).unwrap_or_else(|error| panic!("{file}{error}"));
        }
    }

    /// Every path that a file may have, at its top.
    fn paths() -> Vec<&'static str> {
        Level::top(&VOCABULARY).names().chain(VOCABULARY.neighbours.iter().copied()).collect()
    }

    /// A path whose last name has one letter too few, too many, or another one.
    fn misspelt(path: &str, place: prop::sample::Index, slip: u8) -> String {
        let (table, name) = path.rsplit_once('.').map_or(("", path), |(table, name)| (table, name));
        let mut letters: Vec<char> = name.chars().collect();
        let at = place.index(letters.len());
        match slip {
            0 => letters.insert(at, 'q'),
            1 => letters[at] = 'q',
            _ => drop(letters.remove(at)),
        }
        let name: String = letters.into_iter().collect();
        if table.is_empty() { name } else { format!("{table}.{name}") }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).*") {
            let _ = DeploymentToml::parse(&text);
        }

        #[test]
        fn any_arrangement_of_known_words_is_read_or_refused(
            words in prop::collection::vec("(\\[|\\]|\\[\\[|\\]\\]|\n|=|\\.|\"|true|1|server|legacy_mode|offset|oauth|resource|access_control|context|scopes|enable| )", 0..30)
        ) {
            let _ = DeploymentToml::parse(&words.concat());
        }

        #[test]
        fn a_known_key_with_one_letter_wrong_is_refused_with_its_line(
            path in prop::sample::select(paths()), place: prop::sample::Index, slip in 0_u8..3,
        ) {
            let path = misspelt(path, place, slip);
            let known = paths();
            prop_assume!(!path.ends_with('.') && !path.is_empty());
            prop_assume!(!known.iter().any(|known| *known == path || known.starts_with(&format!("{path}."))));
            // Too short for a slip to be told from another word.
            prop_assume!(path.rsplit('.').next().is_some_and(|name| name.len() > 3));
            let error = DeploymentToml::parse(&format!("\n{path} = true\n")).unwrap_err();
            prop_assert!(error.faults[0].line == 2 && error.faults[0].message.contains(&path), "{error}");
        }
    }
}
