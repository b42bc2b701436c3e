//! Listeners of `[[event_listener]]`: the one that sends revocation notices is carried out, others mean nothing here.
//! Sending is done in `notices`.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{
    keys::{IGNORED, INTERCEPTOR, LISTENER_KEYS, NOTICE_KEYS},
    read::{Reader, Value},
    settings::Settings,
    suggestion,
    values::flag,
};
use crate::notices::NoticeTarget;

/// Reads what stands at `event_listener`.
pub(super) fn read(reader: &mut Reader<'_, Settings>, path: &str, value: &Value<'_>) {
    reader.listeners(path, value);
}

impl Reader<'_, Settings> {
    fn listeners(&mut self, path: &str, value: &Value<'_>) {
        let tables = match value.get_ref() {
            DeValue::Array(entries) => entries.iter().map(|entry| (entry.span(), entry.get_ref().as_table())).collect(),
            // Under a name of its own: [event_listener.name].
            DeValue::Table(_) => Vec::new(),
            _ => vec![(value.span(), None)],
        };
        if tables.is_empty() {
            return self.without_effect(path);
        }
        for (span, table) in tables {
            match table {
                Some(table) => self.listener(path, span, table),
                None => self.fault(span, "listeners are written as [[event_listener]]".to_owned()),
            }
        }
    }

    fn listener(&mut self, path: &str, span: Range<usize>, table: &DeTable<'_>) {
        let Some(name) = table.get("name") else { return self.without_effect(path) };
        let Some(name) = self.resolved("event_listener.name", name) else { return };
        if name.get_ref().as_str() != Some(INTERCEPTOR) {
            return self.other_listener(path, table);
        }
        for (key, _) in table {
            if !LISTENER_KEYS.contains(&key.get_ref().as_ref()) {
                self.stranger(key.span(), "event_listener", key.get_ref(), &LISTENER_KEYS);
            }
        }
        if let Some(enable) = table.get("enable") {
            let Some(enable) = self.resolved("event_listener.enable", enable) else { return };
            match flag(enable.get_ref()) {
                Some(true) => {}
                Some(false) => return,
                None => return self.fault(enable.span(), "`event_listener.enable` takes a boolean".to_owned()),
            }
        }
        match table.get("properties").and_then(|properties| properties.get_ref().as_table()) {
            Some(properties) => self.notices(span, properties),
            None => self.fault(span, format!("{INTERCEPTOR} needs [event_listener.properties]")),
        }
    }

    /// One whose name is nearly that of the interceptor would tell nobody, and nobody would notice.
    fn other_listener(&mut self, path: &str, table: &DeTable<'_>) {
        let named = table.get("name").and_then(|name| Some((name.span(), name.get_ref().as_str()?)));
        match named.filter(|(_, name)| suggestion::slip(name, std::iter::once(INTERCEPTOR)).is_some()) {
            Some((span, name)) => {
                let message = format!("the listener `{name}` is not known\nhint: did you mean `{INTERCEPTOR}`?");
                self.fault(span, message);
            }
            None => self.without_effect(path),
        }
    }

    fn notices(&mut self, span: Range<usize>, properties: &DeTable<'_>) {
        let (mut target, mut incomplete) = (NoticeTarget::new("", "", ""), false);
        for (key, value) in properties {
            if IGNORED.contains(&key.get_ref().as_ref()) {
                continue;
            }
            let path = format!("event_listener.properties.{}", key.get_ref());
            let Some(value) = self.resolved(&path, value) else {
                incomplete = true;
                continue;
            };
            let Some(text) = value.get_ref().as_str().map(str::to_owned) else {
                self.fault(value.span(), format!("`{path}` takes a text"));
                continue;
            };
            match key.get_ref().as_ref() {
                "notification_endpoint" => target.url = text,
                "username" => target.username = text,
                "password" => target.password = text,
                "header.X-WSO2-KEY-MANAGER" => target.handler = text,
                other => self.stranger(key.span(), "event_listener.properties", other, &NOTICE_KEYS),
            }
        }
        for (name, said) in [("notification_endpoint", &target.url), ("username", &target.username)] {
            if said.is_empty() && !incomplete {
                self.fault(span.clone(), format!("{INTERCEPTOR} needs the property `{name}`"));
            }
        }
        self.settings.notices = Some(target);
    }
}

impl Settings {
    /// The administrator may be named by reference, wherever in the file the name stands.
    pub(super) fn resolve_administrator(&mut self) {
        let (name, password) = self.administrator.clone();
        if let Some(target) = &mut self.notices {
            for scope in ["admin", "super_admin"] {
                target.username = target.username.replace(&format!("${{{scope}.username}}"), &name);
                target.password = target.password.replace(&format!("${{{scope}.password}}"), &password);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::deployment_toml::DeploymentToml;

    const FILE: &str = r#"
[[event_listener]]
id = "token_revocation"
type = "org.wso2.carbon.identity.core.handler.AbstractIdentityHandler"
name = "org.wso2.is.notification.ApimOauthEventInterceptor"
order = 1
[event_listener.properties]
notification_endpoint = "https://localhost:9443/internal/data/v1/notify"
username = "${admin.username}"
password = "${admin.password}"
'header.X-WSO2-KEY-MANAGER' = "WSO2-IS"

[super_admin]
username = "ruth"
password = "ruth's"
"#;

    fn faults(text: &str) -> Vec<(usize, String)> {
        let error = DeploymentToml::parse(text).unwrap_err();
        error.faults.into_iter().map(|fault| (fault.line, fault.message)).collect()
    }

    #[test]
    fn the_interceptor_of_the_documents_names_whom_to_tell() {
        let file = DeploymentToml::parse(FILE).unwrap();
        let target = file.settings.notices.clone().unwrap();
        assert_eq!((target.username.as_str(), target.password.as_str()), ("ruth", "ruth's"));
        assert_eq!(
            (target.url.as_str(), target.handler.as_str()),
            ("https://localhost:9443/internal/data/v1/notify", "WSO2-IS")
        );
        assert!(file.without_effect().is_empty());
    }

    #[test]
    fn a_listener_that_is_off_or_another_one_tells_nobody() {
        let off = FILE.replace("order = 1", "order = 1\nenable = false");
        assert_eq!(DeploymentToml::parse(&off).unwrap().settings.notices, None);
        let other = DeploymentToml::parse("[[event_listener]]\nname = \"org.example.Other\"\nwhatever = 1\n").unwrap();
        assert_eq!(other.settings.notices, None);
        assert_eq!(other.without_effect(), ["event_listener"]);
        let named = DeploymentToml::parse("[event_listener.mine]\nname = \"org.example.Other\"\n").unwrap();
        assert_eq!(named.without_effect(), ["event_listener"]);
    }

    #[test]
    fn what_the_interceptor_does_not_know_is_refused_with_its_line() {
        let misspelt = faults(&FILE.replace("notification_endpoint", "notification_endpiont"));
        assert!(
            misspelt.iter().any(|(line, text)| *line == 8 && text.contains("did you mean `notification_endpoint`?"))
        );
        assert!(misspelt.iter().any(|(line, text)| *line == 2 && text.contains("needs the property")));
        assert_eq!(faults(&FILE.replace("order = 1", "ordre = 1"))[0].0, 6);
        assert_eq!(faults(&FILE.replace("order = 1", "enable = 3"))[0].0, 6);
        assert_eq!(faults("event_listener = 1\n")[0].0, 1);
        let nearly = faults(&FILE.replace("ApimOauth", "ApimOAuth"));
        assert!(nearly[0].0 == 5 && nearly[0].1.contains(&format!("did you mean `{}`?", super::INTERCEPTOR)));
    }
}
