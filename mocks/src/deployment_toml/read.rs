//! From text to settings: every key must be known, and every value of its kind. All that is wrong is told at once, with
//! its line. What the keys are is in `keys`.

use std::{borrow::Cow, fmt, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    references::{self, Environment},
    suggestion,
    values::{self, filled, flag, number, patterns, span, texts, words},
    vocabulary::{Key, Level, Table, Vocabulary},
};

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from one.
    pub line: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A file that cannot be used, and everything that is wrong in it; at least one thing is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DeploymentError {
    /// In the order of their lines.
    pub faults: Vec<Fault>,
}

impl fmt::Display for DeploymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            write!(f, "{separator}deployment.toml, line {}: {}", fault.line, fault.message)?;
        }
        Ok(())
    }
}

/// Reads a text by a vocabulary; gives the settings, and what has no effect. What the text takes from the environment is
/// that of this process.
///
/// # Errors
///
/// [`DeploymentError`] with every key that is not known and every value that is no such thing, each with its line.
pub fn read<S: Default>(text: &str, vocabulary: &Vocabulary<S>) -> Result<(S, Vec<String>), DeploymentError> {
    read_in(text, vocabulary, &references::of_the_process)
}

/// The same in another environment.
///
/// # Errors
///
/// As [`read`], and for each variable that the environment does not have.
pub fn read_in<S: Default>(
    text: &str,
    vocabulary: &Vocabulary<S>,
    environment: &Environment<'_>,
) -> Result<(S, Vec<String>), DeploymentError> {
    let root = DeTable::parse(text).map_err(|error| {
        let line = line_of(text, error.span().unwrap_or_default());
        DeploymentError { faults: vec![Fault { line, message: error.message().to_owned() }] }
    })?;
    let mut reader = Reader {
        text,
        vocabulary,
        environment,
        settings: S::default(),
        without_effect: Vec::new(),
        faults: Vec::new(),
    };
    let top = Level::top(vocabulary);
    if let Some(path) = vocabulary.first
        && let (Some(key), Some(value)) = (top.known(path), at(root.get_ref(), path))
    {
        reader.set(path, key, value);
    }
    reader.table(&top, "", root.get_ref());
    (vocabulary.finish)(&mut reader.settings);
    if reader.faults.is_empty() {
        reader.without_effect.sort();
        return Ok((reader.settings, reader.without_effect));
    }
    reader.faults.sort_by_key(|fault| fault.line);
    Err(DeploymentError { faults: reader.faults })
}

/// Goes through a file, and writes down what it says and what is wrong with it.
pub struct Reader<'a, S: 'static> {
    text: &'a str,
    vocabulary: &'a Vocabulary<S>,
    environment: &'a Environment<'a>,
    pub(super) settings: S,
    without_effect: Vec<String>,
    faults: Vec<Fault>,
}

/// A value with its place in the file.
pub type Value<'a> = Spanned<DeValue<'a>>;

/// What stands at a path.
fn at<'t, 'a>(table: &'t DeTable<'a>, path: &str) -> Option<&'t Value<'a>> {
    match path.split_once('.') {
        Some((head, rest)) => at(table.get(head)?.get_ref().as_table()?, rest),
        None => table.get(path),
    }
}

impl<S> Reader<'_, S> {
    pub(super) fn table(&mut self, level: &Level<S>, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
            let full = format!("{}{path}", level.prefix);
            if let (true, Some(inner)) = (level.is_partly_known(&path), value.get_ref().as_table()) {
                self.partly(level, &path, inner);
            } else if let Some(known) = level.known(&path) {
                // The first was read already.
                if self.vocabulary.first != Some(full.as_str()) {
                    self.set(&full, known, value);
                }
                self.slips(level, &path, known, value);
            } else if let (true, Some(inner)) = (level.is_table(&path), value.get_ref().as_table()) {
                self.table(level, &path, inner);
            } else {
                self.unknown(level, &path, key.span(), value);
            }
        }
    }

    /// Names the unknown keys inside of an unknown table one by one, for they are what people know.
    fn unknown(&mut self, level: &Level<S>, path: &str, span: Range<usize>, value: &Value<'_>) {
        match value.get_ref().as_table() {
            Some(inner) if !inner.is_empty() => {
                for (key, value) in inner {
                    self.unknown(level, &format!("{path}.{}", key.get_ref()), key.span(), value);
                }
            }
            _ => {
                let prefix = &level.prefix;
                let hint = level.nearest(path).map_or_else(
                    || format!("{} lists the keys that are known", self.vocabulary.listed_in),
                    |near| format!("did you mean `{prefix}{near}`?"),
                );
                self.fault(span, format!("the key `{prefix}{path}` is not known\nhint: {hint}"));
            }
        }
    }

    pub(super) fn set(&mut self, path: &str, key: Key<S>, value: &Value<'_>) {
        let value = match key {
            // These look at their values one by one, or not at all.
            Key::Tables(_) | Key::By(_) | Key::Nothing => Cow::Borrowed(value),
            _ => match self.resolved(path, value) {
                Some(value) => value,
                None => return,
            },
        };
        let value = &*value;
        let written = value.get_ref();
        let settings = &mut self.settings;
        let wanted = match key {
            Key::Flag(set) => flag(written).map(|on| set(settings, on)).ok_or("a boolean"),
            Key::Offset(set) => number(written)
                .and_then(|number| u16::try_from(number).ok())
                .filter(|offset| 9443_u16.checked_add(*offset).is_some())
                .map(|number| set(settings, number))
                .ok_or("a number from 0 to 56092"),
            Key::Minutes(set) => number(written).map(|minutes| set(settings, minutes)).ok_or("a number of minutes"),
            Key::Span(set) => span(written)
                .map(|seconds| set(settings, seconds))
                .ok_or("a number of seconds, or one with a unit such as \"1h\""),
            Key::Host(set) => values::host(written).map(|name| set(settings, name)).ok_or(values::HOST),
            Key::Text(set) => filled(written).map(|text| set(settings, text.to_owned())).ok_or("a text"),
            Key::Checked(set) => filled(written).ok_or("a text").and_then(|text| set(settings, text)),
            Key::Texts(set) => texts(written).map(|list| set(settings, list)).ok_or("a list of texts"),
            Key::Words(set) => {
                words(written).ok_or("a list of texts, or one text with commas").and_then(|list| set(settings, list))
            }
            Key::Count(set) => number(written).ok_or("a number").and_then(|number| set(settings, number)),
            Key::Patterns(set) => {
                patterns(written).map(|list| set(settings, list)).ok_or("a list of regular expressions")
            }
            Key::Tables(table) => return self.tables(path, table, value),
            Key::By(read) => return read(self, path, value),
            Key::Nothing => {
                self.without_effect(path);
                Ok(())
            }
        };
        if let Err(wanted) = wanted {
            self.fault(value.span(), format!("`{path}` takes {wanted}"));
        }
    }

    /// A value with everything put in that it refers to. Where that is not to be had there is no value, and a fault each.
    pub(super) fn resolved<'v, 'a>(&mut self, path: &str, value: &'v Value<'a>) -> Option<Cow<'v, Value<'a>>> {
        if !references::refers(value.get_ref()) {
            return Some(Cow::Borrowed(value));
        }
        let (mut whole, mut wrong) = (value.clone(), Vec::new());
        references::put_in(&mut whole, self.environment, &mut wrong);
        let found = wrong.is_empty();
        wrong.into_iter().for_each(|(span, message)| self.fault(span, format!("`{path}` {message}")));
        found.then_some(Cow::Owned(whole))
    }

    fn tables(&mut self, path: &str, table: &'static Table<S>, value: &Value<'_>) {
        let Some(each) = value.get_ref().as_array() else {
            return self.fault(value.span(), format!("such tables are written as [[{path}]]"));
        };
        for one in each {
            match one.get_ref().as_table() {
                Some(inner) if at(inner, table.needed).is_none() => {
                    self.fault(one.span(), format!("each [[{path}]] needs a `{}`{}", table.needed, slip(inner, table)));
                }
                Some(inner) => {
                    (table.begin)(&mut self.settings);
                    self.table(&Level::of(table, path), "", inner);
                }
                None => self.fault(one.span(), format!("each [[{path}]] is a table")),
            }
        }
    }

    /// Notes what means nothing here, once.
    pub(super) fn without_effect(&mut self, path: &str) {
        if !self.without_effect.iter().any(|known| known == path) {
            self.without_effect.push(path.to_owned());
        }
    }

    /// Refuses a key of a table whose keys are these.
    pub(super) fn stranger(&mut self, span: Range<usize>, table: &str, key: &str, known: &[&str]) {
        let hint = suggestion::nearest(key, known)
            .map_or_else(|| format!("there may stand {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        self.fault(span, format!("the key `{table}.{key}` is not known\nhint: {hint}"));
    }

    pub(super) fn fault(&mut self, span: Range<usize>, message: String) {
        self.faults.push(Fault { line: line_of(self.text, span), message });
    }
}

/// A hint where the key that a table needs is there but misspelt.
fn slip<S>(written: &DeTable<'_>, table: &'static Table<S>) -> String {
    let level = Level::of(table, "");
    let mut unknown = written.keys().map(|key| &**key.get_ref()).filter(|key: &&str| level.known(key).is_none());
    let meant = unknown.find(|key| level.nearest(key).as_deref() == Some(table.needed));
    meant.map_or_else(String::new, |key| format!("; there is a `{key}`\nhint: did you mean `{}`?", table.needed))
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{
        super::{keys::VOCABULARY, settings::Settings},
        *,
    };
    use crate::vendors::is7_tokens::ScopeMode;

    /// What the documents of the key manager tell administrators to write.
    const DOCUMENTED: &str = r#"
[server]
legacy_mode = true
offset = 1

[oauth.global_rbac_scope_issuer]
enable = true

[oauth.global_scope_validators.role_based_scope_issuer]
enable = true

[[resource.access_control]]
context="(.*)/scim2/Me"
secure=true
http_method="GET"
cross_tenant=true
permissions=[]
scopes=[]
"#;

    fn read(text: &str) -> Result<(Settings, Vec<String>), DeploymentError> {
        super::read(text, &VOCABULARY)
    }

    fn faults(text: &str) -> Vec<(usize, String)> {
        read(text).unwrap_err().faults.into_iter().map(|fault| (fault.line, fault.message)).collect()
    }

    #[test]
    fn the_documented_file_is_understood() {
        let (settings, without_effect) = read(DOCUMENTED).unwrap();
        assert_eq!((settings.offset, settings.scope_mode()), (Some(1), ScopeMode::RoleBased));
        assert_eq!(settings.secret_length(), 28);
        assert!(settings.access_rule("GET", "/scim2/Me").is_some());
        assert!(settings.access_rule("GET", "/t/a.example/scim2/Me").is_some());
        assert!(settings.access_rule("PATCH", "/scim2/Me").is_none());
        assert!(settings.access_rule("GET", "/scim2/Meadow").is_none());
        assert!(without_effect.is_empty());
    }

    #[test]
    fn both_switches_are_needed_for_scopes_by_role() {
        for (text, mode) in [
            ("", ScopeMode::Authorised),
            ("[oauth.global_rbac_scope_issuer]\nenable = true", ScopeMode::Authorised),
            ("[oauth.global_scope_validators.role_based_scope_issuer]\nenable = true", ScopeMode::Authorised),
            ("[oauth]\nauthorize_all_scopes = true", ScopeMode::AllRegistered),
            ("[server]\nlegacy_mode = true", ScopeMode::AllRegistered),
        ] {
            assert_eq!(read(text).unwrap().0.scope_mode(), mode, "{text}");
        }
    }

    #[test]
    fn what_is_said_explicitly_counts_more_than_the_old_mode() {
        let text = "[oauth]\nuse_client_id_as_sub_claim_for_app_tokens = true\n[server]\nlegacy_mode = \"true\"\n";
        let (settings, _) = read(text).unwrap();
        assert!(settings.client_id_is_subject && !settings.username_hidden && settings.revocation_headers);
    }

    #[test]
    fn spans_are_seconds_or_have_a_unit() {
        for (written, seconds) in [("60", 60), ("\"60\"", 60), ("\"5m\"", 300), ("\"1h\"", 3_600), ("\"2 d\"", 172_800)]
        {
            let text = format!("[oauth.token_validation]\nuser_access_token_validity = {written}");
            assert_eq!(read(&text).unwrap().0.lifetimes.user_seconds, seconds, "{written}");
        }
        for written in ["-1", "1.5", "true", "\"soon\"", "\"5w\"", "\"\"", "\"99999999999999999999h\""] {
            let text = format!("[oauth.token_validation]\nuser_access_token_validity = {written}");
            assert_eq!(faults(&text)[0].0, 2, "{written}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_what_it_may_have_been() {
        let text = "[server]\nlegacy_mod = true\n\n[oauth.global_rbac_scope_isuer]\nenable = true\n\n[nonsense]\n";
        let faults = faults(text);
        assert_eq!(faults.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5, 7]);
        assert!(faults[0].1.contains("`server.legacy_mod`") && faults[0].1.contains("`server.legacy_mode`"));
        assert!(faults[1].1.contains("did you mean `oauth.global_rbac_scope_issuer.enable`?"), "{}", faults[1].1);
        assert!(faults[2].1.contains("lists the keys"));
    }

    #[test]
    fn a_needed_key_that_is_misspelt_is_recognised() {
        let misspelt = faults("[[resource.access_control]]\ncontxt = \"a\"\nsecure = true\n");
        assert!(misspelt[0].1.contains("there is a `contxt`") && misspelt[0].1.contains("did you mean `context`?"));
        let missing = faults("[[resource.access_control]]\nsecure = true\n");
        assert!(!missing[0].1.contains("did you mean"), "{}", missing[0].1);
        let top = faults("legacy_mode = true\n");
        assert!(top[0].1.contains("did you mean `server.legacy_mode`?"), "{}", top[0].1);
    }

    #[test]
    fn a_value_of_another_kind_is_refused_with_its_line() {
        for (text, line) in [
            ("[server]\nlegacy_mode = 1", 2),
            ("[server]\noffset = 60000", 2),
            ("[server]\noffset = -1", 2),
            ("[server]\nhostname = \"\"", 2),
            ("[oauth]\nrestricted_query_parameters = \"a\"", 2),
            ("server = 1", 1),
            ("[resource]\naccess_control = 1", 2),
            ("[[resource.access_control]]\nsecure = true", 1),
            ("[[resource.access_control]]\ncontext = \"(\"", 2),
            ("[[resource.access_control]]\ncontext = \"a\"\nsecure = 3", 3),
            ("[[resource.access_control]]\ncontext = \"a\"\nhttp_methods = \"GET\"", 3),
            ("a = \n", 1),
        ] {
            assert_eq!(faults(text)[0].0, line, "{text}");
        }
    }

    #[test]
    fn tables_of_what_is_not_there_are_named() {
        let text =
            "[user_store]\ntype = \"x\"\n[database.identity_db]\nurl = \"y\"\n[keystore.primary]\nfile_name = \"z\"\n";
        assert_eq!(read(text).unwrap().1, ["database", "keystore", "user_store"]);
    }
}
