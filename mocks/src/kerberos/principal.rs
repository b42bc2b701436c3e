//! Names in Kerberos (RFC 4120, sections 6.1 and 6.2; RFC 1964, section 2.1.1): `ann@EXAMPLE.COM`, `HTTP/is.example@EXAMPLE.COM`.
//! Keys are made of them in `encryption`.

use std::{fmt, str::FromStr};

use picky_asn1::{
    restricted_string::Ia5String,
    wrapper::{Asn1SequenceOf, ExplicitContextTag0, ExplicitContextTag1, GeneralStringAsn1, IntegerAsn1},
};
use picky_krb::{constants::types::NT_PRINCIPAL, data_types::PrincipalName};

use super::KerberosError;

/// Somebody, or a service, of a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    components: Vec<String>,
    realm: String,
}

impl Principal {
    /// The name without its realm.
    pub fn name(&self) -> String {
        self.components.join("/")
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// What keys are salted with unless somebody says otherwise: the realm and the components, with nothing between them
    /// (RFC 4120, section 4).
    pub(super) fn salt(&self) -> String {
        format!("{}{}", self.realm, self.components.concat())
    }

    /// As it stands in a message.
    pub(super) fn read(name: &PrincipalName, realm: &GeneralStringAsn1) -> Self {
        let text = |text: &GeneralStringAsn1| text.0.as_utf8().to_owned();
        Self { components: name.name_string.0.0.iter().map(text).collect(), realm: text(realm) }
    }

    /// The name and the realm, for a message.
    pub(super) fn written(&self) -> (PrincipalName, GeneralStringAsn1) {
        let text = |text: &str| {
            GeneralStringAsn1::from(Ia5String::from_string(text.to_owned()).expect("only ASCII makes a principal"))
        };
        let name = PrincipalName {
            name_type: ExplicitContextTag0::from(IntegerAsn1::from(vec![NT_PRINCIPAL])),
            name_string: ExplicitContextTag1::from(Asn1SequenceOf(
                self.components.iter().map(|component| text(component)).collect(),
            )),
        };
        (name, text(&self.realm))
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name(), self.realm)
    }
}

impl FromStr for Principal {
    type Err = KerberosError;

    fn from_str(text: &str) -> Result<Self, KerberosError> {
        let none = || KerberosError::Principal(text.to_owned());
        let (name, realm) = text.rsplit_once('@').ok_or_else(none)?;
        let components: Vec<String> = name.split('/').map(str::to_owned).collect();
        let whole = text.is_ascii() && !realm.is_empty() && components.iter().all(|component| !component.is_empty());
        if whole { Ok(Self { components, realm: realm.to_owned() }) } else { Err(none()) }
    }
}
