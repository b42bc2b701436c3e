//! Several redirect URIs as the one pattern that WSO2 Identity Server tells them as. They are kept as the addresses that they
//! are, so that a dot in one stands for nothing else; a pattern that somebody wrote is compared by `grants`.

use crate::realm::Client;

/// What is told of a client's redirect URIs: several as one pattern.
pub(super) fn of(uris: &[String]) -> Vec<String> {
    match uris {
        [_, _, ..] => vec![format!("regexp=({})", uris.join("|"))],
        _ => uris.to_vec(),
    }
}

/// Takes over redirect URIs; the pattern that was told of those before means those.
pub(super) fn take(client: &mut Client, asked: Vec<String>) {
    if asked != of(&client.redirect_uris) {
        client.redirect_uris = asked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::ClientSpec;

    #[test]
    fn what_was_told_comes_back_as_what_it_was() {
        let list = |uris: &[&str]| uris.iter().map(|&uri| uri.to_owned()).collect::<Vec<_>>();
        let mut client = ClientSpec::new("app").redirect_uris(["https://a/", "https://b/"]).0;
        let told = of(&client.redirect_uris);
        assert_eq!(told, list(&["regexp=(https://a/|https://b/)"]));
        take(&mut client, told);
        assert_eq!(client.redirect_uris, list(&["https://a/", "https://b/"]));
        take(&mut client, list(&["regexp=(https://a/|https://c/)"]));
        assert_eq!(client.redirect_uris, list(&["regexp=(https://a/|https://c/)"]));
        take(&mut client, list(&["https://c/"]));
        assert_eq!(of(&client.redirect_uris), list(&["https://c/"]));
    }
}
