//! What stands in a value for something that stands elsewhere: `$env{NAME}` is put in its place, other kinds are refused.
//! Which values are looked at is decided in `read`: those of keys that mean something.

use std::{borrow::Cow, ops::Range};

use toml::de::DeValue;

use super::read::Value;

/// What a variable of the environment holds; `None` where it is not set.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The environment of this process.
pub(super) fn of_the_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The kinds of reference that the products know.
const KINDS: [&str; 4] = ["env", "secret", "ref", "sys"];

/// Whether anything in a value refers to something.
pub(super) fn refers(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(text) => next(text).is_some(),
        DeValue::Array(list) => list.iter().any(|each| refers(each.get_ref())),
        DeValue::Table(table) => table.values().any(|each| refers(each.get_ref())),
        _ => false,
    }
}

/// Puts in whatever a value refers to; notes what is wrong with a reference, and where.
pub(super) fn put_in(value: &mut Value<'_>, environment: &Environment<'_>, wrong: &mut Vec<(Range<usize>, String)>) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) => match resolved(text, environment) {
            Ok(whole) => *text = Cow::Owned(whole),
            Err(message) => wrong.push((span, message)),
        },
        DeValue::Array(list) => list.iter_mut().for_each(|each| put_in(each, environment, wrong)),
        DeValue::Table(table) => table.iter_mut().for_each(|(_, each)| put_in(each, environment, wrong)),
        _ => {}
    }
}

/// A text with everything put in that it refers to, or what is wrong with it. What is put in is left as it is.
fn resolved(text: &str, environment: &Environment<'_>) -> Result<String, String> {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, kind, behind)) = next(rest) {
        let unclosed = || format!("has a `${kind}{{` that nothing closes\nhint: write `${kind}{{NAME}}`");
        let (name, behind) = behind.split_once('}').ok_or_else(unclosed)?;
        whole.push_str(before);
        whole.push_str(&looked_up(kind, name, environment)?);
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

fn looked_up(kind: &str, name: &str, environment: &Environment<'_>) -> Result<String, String> {
    let instead = "write the value itself, or take it from the environment by `$env{NAME}`";
    match kind {
        "env" => environment(name).ok_or_else(|| {
            format!(
                "needs the environment variable `{name}`, which is not set\nhint: set it, or write the value itself"
            )
        }),
        "secret" => Err(format!("names the secret `{name}`, and no secrets are kept here\nhint: {instead}")),
        "ref" => Err(format!("refers to the key `{name}`, and references are not followed here\nhint: {instead}")),
        _ => Err(format!("names the property `{name}` of a Java system, and there is none here\nhint: {instead}")),
    }
}

/// The first reference of a text: what stands before it, its kind, and everything behind its brace.
fn next(text: &str) -> Option<(&str, &'static str, &str)> {
    let found = KINDS.into_iter().filter_map(|kind| {
        let opening = format!("${kind}{{");
        text.find(&opening).map(|at| (at, kind, at + opening.len()))
    });
    let (at, kind, behind) = found.min()?;
    Some((&text[..at], kind, &text[behind..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::DeploymentToml;

    /// An environment of a test's own.
    fn known(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("is.example".to_owned()),
            "OFFSET" => Some("7".to_owned()),
            "SPAN" => Some("5m".to_owned()),
            "OFF" => Some("false".to_owned()),
            "SCOPE" => Some("consent".to_owned()),
            "BRACES" => Some("$env{HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn read(text: &str) -> Result<DeploymentToml, String> {
        DeploymentToml::parse_in(text, &known).map_err(|error| error.to_string())
    }

    #[test]
    fn a_variable_of_the_environment_stands_for_a_text_a_number_a_span_a_boolean_and_a_part_of_a_list() {
        let file = "[server]\nhostname = \"$env{HOST}\"\noffset = \"$env{OFFSET}\"\n\
                    [oauth]\nallowed_scopes = [\"$env{SCOPE}.*\", \"x\"]\n\
                    [oauth.token_validation]\nuser_access_token_validity = \"$env{SPAN}\"\n\
                    [oauth.token_renewal]\nrenew_refresh_token = \"$env{OFF}\"\n\
                    [super_admin]\nusername = \"a-$env{OFFSET}-$env{HOST}\"\npassword = \"$env{BRACES}\"\n";
        let read = read(file).unwrap();
        let settings = &read.settings;
        assert_eq!((read.hostname(), read.port_offset()), (Some("is.example"), Some(7)));
        assert_eq!((settings.lifetimes.user_seconds, settings.renew_refresh_token), (300, false));
        assert!(settings.allowed_scopes[0].contains("consent.*"), "{:?}", settings.allowed_scopes);
        let (name, password) = &settings.administrator;
        assert_eq!((name.as_str(), password.as_str()), ("a-7-is.example", "$env{HOST}"), "put in as it is");
    }

    #[test]
    fn what_a_listener_and_a_grant_type_of_somebodys_own_say_may_come_from_the_environment() {
        let file = "[[event_listener]]\nname = \"org.wso2.is.notification.ApimOauthEventInterceptor\"\n\
                    [event_listener.properties]\nnotification_endpoint = \"https://$env{HOST}/notify\"\n\
                    username = \"u\"\npassword = \"p\"\n";
        assert_eq!(read(file).unwrap().settings.notices.unwrap().url, "https://is.example/notify");
        assert!(read(&file.replace("HOST", "HOTS")).unwrap_err().contains("line 4: `event_listener.properties.notif"));
        let off = file.replace("Interceptor\"\n", "Interceptor\"\nenable = \"$env{OFF}\"\n");
        assert_eq!(read(&off).unwrap().settings.notices, None);
        let grant =
            "[[oauth.custom_grant_type]]\nname = \"$env{SCOPE}\"\nproperties.PublicClientAllowed = \"$env{OFF}\"\n";
        let read_grant = read(grant).unwrap();
        assert_eq!(read_grant.settings.custom_grants[0].name, "consent");
        assert!(read(&grant.replace("$env{OFF}", "$env{NO}")).unwrap_err().contains("line 3"));
    }

    #[test]
    fn what_cannot_be_put_in_is_refused_with_its_key_its_line_and_what_to_do() {
        for (value, said) in [
            ("$env{NOBODY}", ["the environment variable `NOBODY`, which is not set", "hint: set it"]),
            ("a$env{HOST}b$env{NOBODY}", ["`NOBODY`", "hint"]),
            ("$env{}", ["the environment variable ``", "hint"]),
            ("$secret{keystore_password}", ["the secret `keystore_password`", "$env{NAME}"]),
            ("$ref{server.hostname}", ["refers to the key `server.hostname`", "hint"]),
            ("$sys{carbon.home}", ["`carbon.home`", "hint"]),
            ("$env{HOST", ["`$env{` that nothing closes", "write `$env{NAME}`"]),
        ] {
            let error = read(&format!("\n[super_admin]\npassword = \"{value}\"\n")).unwrap_err();
            assert!(error.starts_with("deployment.toml, line 3: `super_admin.password` "), "{value}: {error}");
            assert!(said.iter().all(|part| error.contains(part)), "{value}: {error}");
        }
        let both = read("[super_admin]\nusername = \"$env{A}\"\npassword = \"$env{B}\"\n").unwrap_err();
        assert!(both.contains("line 2") && both.contains("line 3"), "{both}");
        let list = read("[oauth]\nallowed_scopes = [\n\"x\",\n\"$env{A}\"]\n").unwrap_err();
        assert!(list.contains("line 4"), "{list}");
    }

    #[test]
    fn what_comes_from_the_environment_is_held_to_the_kind_of_its_key() {
        for (file, said) in [
            ("[server]\noffset = \"$env{HOST}\"\n", "`server.offset` takes a number"),
            ("[server]\nhostname = \"$env{EMPTY}\"\n", "`server.hostname` takes a host name"),
            ("[super_admin]\nusername = \"$env{EMPTY}\"\n", "takes a text"),
            ("[oauth.token_renewal]\nrenew_refresh_token = \"$env{HOST}\"\n", "takes a boolean"),
        ] {
            let error = read(file).unwrap_err();
            assert!(error.contains("line 2") && error.contains(said), "{error}");
        }
    }

    #[test]
    fn nothing_is_asked_of_the_environment_for_keys_that_mean_nothing() {
        for file in [
            "[database.identity_db]\npassword = \"$env{NOBODY}\"\n",
            "[keystore.primary]\npassword = \"$secret{keystore_password}\"\n",
            "[server]\nbase_path = \"https://$ref{server.hostname}:9443\"\n",
            "[[event_listener]]\nname = \"org.example.Other\"\nproperties.x = \"$env{NOBODY}\"\n",
            "[oauth.grant_type.password]\ngrant_handler = \"$env{NOBODY}\"\n",
        ] {
            read(file).unwrap_or_else(|error| panic!("{file}{error}"));
        }
    }

    proptest! {
        #[test]
        fn any_text_with_references_in_it_is_read_or_refused(
            parts in prop::collection::vec("(\\$|env|secret|\\{|\\}|HOST|NOBODY|ü|\\$env\\{HOST\\})", 0..12)
        ) {
            let file = format!("[super_admin]\nusername = '{}'\n", parts.concat());
            let _ = read(&file);
        }
    }
}
