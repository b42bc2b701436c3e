//! Lines for a shell that send `key-manager.json` to a platform's Admin interface.
//! They need curl and sed and nothing else; no secret stands in them.

use std::fmt::Write as _;

use kmspec_model::proposal::KeyManagerProposal;

/// Log in as an administrator, put secrets in the place of placeholders, send the document.
pub(super) fn lines(proposal: &KeyManagerProposal) -> String {
    let mut text = "\
PLATFORM=https://localhost:9443 ADMIN=admin   # and ADMIN_PASSWORD; curl --cacert names a CA of your own
member() { sed \"s/.*\\\"$1\\\" *: *\\\"\\([^\\\"]*\\)\\\".*/\\1/\"; }
client=$(curl -sS -u \"$ADMIN:$ADMIN_PASSWORD\" \"$PLATFORM/client-registration/v0.17/register\" -H 'Content-Type: application/json' \\
  -d \"{\\\"clientName\\\":\\\"kmspec-certify\\\",\\\"owner\\\":\\\"$ADMIN\\\",\\\"grantType\\\":\\\"password\\\",\\\"callbackUrl\\\":\\\"https://localhost\\\",\\\"saasApp\\\":true}\")
token=$(curl -sS \"$PLATFORM/oauth2/token\" -u \"$(echo \"$client\" | member clientId):$(echo \"$client\" | member clientSecret)\" \\
  --data-urlencode grant_type=password --data-urlencode \"username=$ADMIN\" --data-urlencode \"password=$ADMIN_PASSWORD\" \\
  --data-urlencode 'scope=apim:admin apim:admin_operations' | member access_token)
"
    .to_owned();
    let placeholders = placeholders(proposal);
    let (source, data) = if placeholders.is_empty() {
        (String::new(), "@key-manager.json")
    } else {
        let replaced = placeholders.iter().fold(String::new(), |mut line, name| {
            let _ = write!(line, " -e \"s|<{name}>|${}|\"", variable(name));
            line
        });
        let variables: Vec<String> = placeholders.iter().map(|name| variable(name)).collect();
        let _ = writeln!(text, "# These hold what stands in angle brackets: {}", variables.join(" "));
        (format!("sed{replaced} key-manager.json | "), "@-")
    };
    let _ = writeln!(
        text,
        "{source}curl -sS -w '\\n%{{http_code}}\\n' \"$PLATFORM/api/am/admin/v4/key-managers\" \\\n  \
         -H \"Authorization: Bearer $token\" -H 'Content-Type: application/json' --data-binary {data}   # 201: it is there"
    );
    text
}

/// Names that stand in angle brackets in the document.
fn placeholders(proposal: &KeyManagerProposal) -> Vec<String> {
    let properties = proposal.document["additionalProperties"].as_object();
    let name = |value: &serde_json::Value| Some(value.as_str()?.strip_prefix('<')?.strip_suffix('>')?.to_owned());
    properties.into_iter().flatten().filter_map(|(_, value)| name(value)).collect()
}

fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn proposal(properties: serde_json::Value) -> KeyManagerProposal {
        let document = json!({ "additionalProperties": properties });
        KeyManagerProposal { fields: Vec::new(), document, notes: Vec::new() }
    }

    #[test]
    fn each_placeholder_is_replaced_from_a_variable() {
        let said =
            lines(&proposal(json!({ "Password": "<Password>", "is7_roles_endpoint": "https://a.example/Roles" })));
        assert!(said.contains(r#"sed -e "s|<Password>|$PASSWORD|" key-manager.json | curl"#), "{said}");
        assert!(!said.contains("IS7_ROLES_ENDPOINT"), "{said}");
    }

    #[test]
    fn a_document_without_placeholders_is_sent_as_it_is() {
        let said = lines(&proposal(json!({})));
        assert!(said.contains("--data-binary @key-manager.json") && !said.contains("angle brackets"), "{said}");
    }
}
