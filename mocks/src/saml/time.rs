//! Instants as SAML writes them (XML Schema `dateTime` in UTC; SAML 2.0 core, section 1.3.3).
//! Inside, time is seconds since 1970.

use jiff::Timestamp;

/// The instant as text.
pub(super) fn written(seconds: u64) -> String {
    let instant = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    instant.unwrap_or(Timestamp::MAX).to_string()
}

/// The instant of a text that names its zone; `None` when it is none, or lies before 1970.
pub(super) fn read(text: &str) -> Option<u64> {
    let instant: Timestamp = text.trim().parse().ok()?;
    u64::try_from(instant.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_it_was_written() {
        assert_eq!(written(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(read("2023-11-14T22:13:20Z"), Some(1_700_000_000));
        assert_eq!(read("2023-11-14T23:13:20.5+01:00"), Some(1_700_000_000));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in ["", "tomorrow", "2023-11-14", "2023-11-14T22:13:20", "1823-11-14T22:13:20Z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
