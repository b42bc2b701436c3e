//! What a type of key manager is configured with: its properties, claims and endpoints.
//! The values of one type stand in that type's file.

use serde_json::{Value, json};

use super::{ClientRegistration, ScopeAdministration};
use crate::domain::{ConnectorProperties, KeyManager};

/// What is shown in the place of a secret, and understood as "unchanged" when it comes back.
pub(crate) const MASK: &str = "*****";

/// A type of key manager.
pub(crate) struct Connector {
    pub(crate) kind: &'static str,
    pub(crate) display_name: &'static str,
    /// Default of the claim that holds the consumer key.
    pub(crate) consumer_key_claim: Option<&'static str>,
    /// Default of the claim that holds the scopes.
    pub(crate) scopes_claim: Option<&'static str>,
    /// The properties that hold name and password of whoever asks its servers about tokens, the first pair that is filled in
    /// counting; `None` where they are not asked (contract, section 2.4).
    pub(crate) introspection: Option<&'static [Account]>,
    /// Where its tokens name their subject when `sub` does not (contract, section 2.4).
    pub(crate) subject_claims: &'static [&'static str],
    /// Endpoints without which a key manager of the type is refused.
    pub(crate) endpoints: &'static [Endpoint],
    /// Properties of the key manager.
    pub(crate) connection: &'static [Property],
    /// Properties of a key request.
    pub(crate) application: &'static [Property],
    /// How clients are registered; `None` where this platform does not speak the type's dialect.
    pub(crate) registration: Option<&'static dyn ClientRegistration>,
    /// How scopes are administered; `None` where the type's servers are not told of them.
    pub(crate) scopes: Option<&'static dyn ScopeAdministration>,
}

/// The properties with the name and the password of an account.
pub(crate) type Account = (&'static str, &'static str);

/// The client of the connector asks.
pub(super) const BY_CLIENT: &[Account] = &[("client_id", "client_secret")];

/// The user of the connector asks.
pub(super) const BY_USER: &[Account] = &[("Username", "Password")];

/// A member of the key manager document that a type may demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Issuer,
    ClientRegistration,
    Introspection,
    Token,
    Revoke,
}

/// What connectors that register clients at the server demand.
pub(super) const SERVER_SIDE: &[Endpoint] =
    &[Endpoint::ClientRegistration, Endpoint::Introspection, Endpoint::Token, Endpoint::Revoke];

impl Endpoint {
    fn of(self, key_manager: &KeyManager) -> Option<&str> {
        let value = match self {
            Self::Issuer => &key_manager.issuer,
            Self::ClientRegistration => &key_manager.client_registration_endpoint,
            Self::Introspection => &key_manager.introspection_endpoint,
            Self::Token => &key_manager.token_endpoint,
            Self::Revoke => &key_manager.revoke_endpoint,
        };
        value.as_deref().filter(|text| !text.trim().is_empty())
    }

    fn member(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::ClientRegistration => "clientRegistrationEndpoint",
            Self::Introspection => "introspectionEndpoint",
            Self::Token => "tokenEndpoint",
            Self::Revoke => "revokeEndpoint",
        }
    }
}

/// A property of a key manager or of a key request, and the control that a form shows for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    label: &'static str,
    control: &'static str,
    pub(crate) required: bool,
    pub(crate) masked: bool,
    multiple: bool,
    /// Decided once, when the key manager is created (contract sheet, 2.4).
    decided_once: bool,
    /// Whether a key manager may limit what is chosen (contract sheet, 2.5).
    pub(crate) limitable: bool,
    /// Whether calls go where it says.
    address: bool,
    pub(crate) default: Option<&'static str>,
    choices: &'static [Choice],
}

/// One of the values of a property, and what must be known when it is chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(super) value: &'static str,
    pub(super) children: &'static [Property],
}

impl Choice {
    pub(super) const fn of(value: &'static str) -> Self {
        Self { value, children: &[] }
    }
}

impl Property {
    pub(super) const fn input(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            control: "input",
            required: false,
            masked: false,
            multiple: false,
            decided_once: false,
            limitable: false,
            address: false,
            default: None,
            choices: &[],
        }
    }

    pub(super) const fn select(name: &'static str, label: &'static str, choices: &'static [Choice]) -> Self {
        Self { control: "select", choices, ..Self::input(name, label) }
    }

    pub(super) const fn options(name: &'static str, label: &'static str, choices: &'static [Choice]) -> Self {
        Self { control: "options", ..Self::select(name, label, choices) }
    }

    pub(super) const fn checkbox(name: &'static str, label: &'static str, choices: &'static [Choice]) -> Self {
        Self { control: "checkbox", multiple: true, ..Self::select(name, label, choices) }
    }

    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { masked: true, ..self }
    }

    pub(super) const fn decided_once(self) -> Self {
        Self { decided_once: true, ..self }
    }

    pub(super) const fn limitable(self) -> Self {
        Self { limitable: true, ..self }
    }

    /// It is an address that the connector calls.
    pub(super) const fn address(self) -> Self {
        Self { address: true, ..self }
    }

    /// What it is, said or not.
    fn effective(&self, present: &ConnectorProperties) -> Option<String> {
        let told = present.text(self.name).filter(|text| !text.trim().is_empty());
        told.or_else(|| self.default.map(str::to_owned))
    }

    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// What is chosen; without a value the default is.
    fn choice(&self, present: &ConnectorProperties) -> Option<&'static Choice> {
        let told = present.0.get(self.name).filter(|value| !is_blank(value));
        let chosen = match told {
            Some(_) => present.text(self.name),
            None => self.default.map(str::to_owned),
        };
        self.choices.iter().find(|choice| Some(choice.value) == chosen.as_deref())
    }

    /// As the settings resource describes a form control.
    fn describe(&self) -> Value {
        let values: Vec<Value> = self.choices.iter().map(Choice::describe).collect();
        json!({
            "name": self.name,
            "label": self.label,
            "type": self.control,
            "required": self.required,
            "mask": self.masked,
            "multiple": self.multiple,
            "tooltip": self.label,
            "default": self.default.unwrap_or_default(),
            "values": values,
        })
    }
}

impl Choice {
    fn describe(&self) -> Value {
        if self.children.is_empty() {
            return json!(self.value);
        }
        let children: Vec<Value> = self.children.iter().map(Property::describe).collect();
        json!({"name": self.value, "values": children})
    }
}

impl Connector {
    /// The form controls of a key manager.
    pub(crate) fn describe_connection(&self) -> Vec<Value> {
        self.connection.iter().map(Property::describe).collect()
    }

    /// The form controls of a key request.
    pub(crate) fn describe_application(&self) -> Vec<Value> {
        self.application.iter().map(Property::describe).collect()
    }

    /// What a key manager of this type lacks, by name: endpoints that are blank, and required properties whose key
    /// is absent. A present but empty property is accepted, and a property's default does not make up for its absence.
    pub(crate) fn missing(&self, key_manager: &KeyManager) -> Vec<&'static str> {
        let endpoints = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.of(key_manager).is_none())
            .map(|endpoint| endpoint.member());
        let mut missing: Vec<&'static str> = endpoints.collect();
        let present = &key_manager.additional_properties;
        let properties = asked(self.connection, present).into_iter();
        missing.extend(properties.filter(|own| own.required && !present.0.contains_key(own.name)).map(|own| own.name));
        missing
    }

    /// The first property whose value is none of its choices, and what those are. One that is blank counts as not chosen.
    pub(crate) fn no_choice(&self, key_manager: &KeyManager) -> Option<String> {
        let present = &key_manager.additional_properties;
        asked(self.connection, present).into_iter().find_map(|property| {
            let is_wrong = !property.multiple
                && !property.choices.is_empty()
                && present.0.get(property.name).is_some_and(|value| !is_blank(value))
                && property.choice(present).is_none();
            let known: Vec<&str> = property.choices.iter().map(|choice| choice.value).collect();
            is_wrong.then(|| format!("{}: must be one of {}", property.name, known.join(", ")))
        })
    }

    /// The first property whose value could not be sent to the server: no header field holds control characters (RFC 9110,
    /// section 5.5), nor do names and passwords of HTTP Basic (RFC 7617, section 2).
    pub(crate) fn unsendable(&self, key_manager: &KeyManager) -> Option<&'static str> {
        let present = &key_manager.additional_properties;
        let unsendable =
            |property: &&Property| present.text(property.name).is_some_and(|text| text.contains(char::is_control));
        asked(self.connection, present).into_iter().find(unsendable).map(|property| property.name)
    }

    /// The first property that was decided when the key manager was created, and would be another now.
    pub(crate) fn decided_anew(&self, sent: &KeyManager, stored: &KeyManager) -> Option<&'static str> {
        let (sent, stored) = (&sent.additional_properties, &stored.additional_properties);
        let is_other = |own: &&Property| own.decided_once && own.effective(sent) != own.effective(stored);
        self.connection.iter().find(is_other).map(|own| own.name)
    }

    /// Names of the secret properties, also of those that belong to a choice.
    pub(crate) fn secrets(&self) -> Vec<&'static str> {
        self.all_properties().filter(|own| own.masked).map(|own| own.name).collect()
    }

    /// The properties that are addresses which the connector calls, and what a key manager says they are.
    pub(crate) fn addresses(&self, key_manager: &KeyManager) -> Vec<(&'static str, String)> {
        let told = |own: &Property| Some((own.name, key_manager.additional_properties.text(own.name)?));
        self.all_properties().filter(|own| own.address).filter_map(told).collect()
    }

    fn all_properties(&self) -> impl Iterator<Item = &'static Property> {
        let nested = self.connection.iter().flat_map(|own| own.choices).flat_map(|choice| choice.children);
        self.connection.iter().chain(nested)
    }
}

/// The properties, each followed by those that its choice asks for.
fn asked(properties: &'static [Property], present: &ConnectorProperties) -> Vec<&'static Property> {
    let with_children = |property: &'static Property| {
        let children = property.choice(present).map(|choice| asked(choice.children, present));
        std::iter::once(property).chain(children.unwrap_or_default())
    };
    properties.iter().flat_map(with_children).collect()
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
