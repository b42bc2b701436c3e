//! What a value of a file says, as each kind of key takes it; like the products, most may also be written as text.
//! Which key takes what is said in `vocabulary`.

use std::net::IpAddr;

use regex::Regex;
use rustls::pki_types::ServerName;
use toml::de::DeValue;

pub(super) fn flag(value: &DeValue<'_>) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn number(value: &DeValue<'_>) -> Option<u64> {
    match value.as_integer() {
        Some(integer) => u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok(),
        None => value.as_str()?.parse().ok(),
    }
}

/// Seconds, as a number, or as text with or without a unit.
pub(super) fn span(value: &DeValue<'_>) -> Option<u64> {
    if let Some(seconds) = number(value) {
        return Some(seconds);
    }
    let text = value.as_str()?.trim();
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    text.strip_suffix(unit)?.trim().parse::<u64>().ok()?.checked_mul(factor)
}

/// What a host may be called. Servers listen on IPv4 alone.
pub(super) const HOST: &str = "a host name or an IPv4 address\n\
                    hint: it stands alone: no scheme, no path, and no port, which is 9443 and `server.offset`";

pub(super) fn host(value: &DeValue<'_>) -> Option<String> {
    match ServerName::try_from(value.as_str()?).ok()? {
        ServerName::DnsName(name) => Some(name.as_ref().to_owned()),
        ServerName::IpAddress(address) => {
            Some(IpAddr::from(address)).filter(IpAddr::is_ipv4).map(|address| address.to_string())
        }
        _ => None,
    }
}

pub(super) fn filled<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    value.as_str().filter(|text| !text.is_empty())
}

pub(super) fn patterns(value: &DeValue<'_>) -> Option<Vec<Regex>> {
    texts(value)?.iter().map(|each| Regex::new(&format!("^(?:{each})$")).ok()).collect()
}

/// A list, or what stands between the commas of a text.
pub(super) fn words(value: &DeValue<'_>) -> Option<Vec<String>> {
    let listed =
        |text: &str| text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    value.as_str().map(listed).or_else(|| texts(value))
}

pub(super) fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|each| each.get_ref().as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::DeploymentToml;

    fn fault(text: &str) -> (usize, String) {
        let fault = DeploymentToml::parse(text).unwrap_err().faults.remove(0);
        (fault.line, fault.message)
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_nothing_beside() {
        for name in ["localhost", "is.example", "is-1.example", "127.0.0.1", "IS.Example", "is_km"] {
            let text = format!("[server]\nhostname = \"{name}\"");
            assert_eq!(DeploymentToml::parse(&text).unwrap().settings.hostname.as_deref(), Some(name));
        }
        for name in [
            "",
            " ",
            "https://is.example",
            "is.example/carbon",
            "is.example:9443",
            "127.0.0.1:9443",
            "::1",
            "[::1]",
            "a b",
            "*.example",
            "is..example",
            "${carbon.host}",
        ] {
            let (line, message) = fault(&format!("[server]\nhostname = \"{name}\""));
            assert!(line == 2 && message.contains("`server.hostname` takes a host name"), "{name}: {message}");
            assert!(message.contains("hint: it stands alone"), "{name}: {message}");
        }
        assert!(fault("[server]\nhostname = 5").1.contains("takes a host name"));
    }
}
