//! Givens about the certificate that an authorization server proves itself with.
//! What the platform makes of it is observed by requests and calls.

use cucumber::given;
use kmspec_mocks::certificates::CertificateKind;

use crate::world::{OrFail as _, StepError, World};

/// What is wrong with a certificate, in the words of the features.
const FLAWS: [(&str, CertificateKind); 5] = [
    ("has expired", CertificateKind::Expired),
    ("is not valid yet", CertificateKind::NotYetValid),
    ("is for another name", CertificateKind::WrongName),
    ("nobody else signed", CertificateKind::SelfSigned),
    ("an unknown authority signed", CertificateKind::OtherAuthority),
];

#[given(regex = r#"^the authorization server "([^"]*)" presents a certificate that (.+)$"#)]
async fn presents(world: &mut World, name: String, flaw: String) -> Result<(), StepError> {
    let Some((_, kind)) = FLAWS.iter().find(|(words, _)| *words == flaw) else {
        let known: Vec<_> = FLAWS.iter().map(|(words, _)| *words).collect();
        return Err(world.error(format!("no certificate `{flaw}`\nhint: one of {}", known.join(", "))));
    };
    let presented = world.servers.named(&name).or_fail(world)?.mock().or_fail(world)?.present(*kind);
    presented.map_err(|error| world.error(format!("`{name}` has no such certificate: {error}")))
}
