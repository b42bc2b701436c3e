//! The side that has a user name and a password: opens an exchange, and answers the challenge.
//! Made for tests and scenarios; carrying the messages is their affair.

use base64::{Engine, engine::general_purpose::STANDARD};
use picky_asn1_x509::oids;
use sspi::{
    AuthIdentity, AuthIdentityBuffers, BufferType, ClientRequestFlags, CredentialUse, DataRepresentation, Ntlm,
    SecurityBuffer, Sspi, SspiImpl, Username,
};

use super::{NtlmError, parcel::Parcel};
use crate::spnego::{Offer, Response};

/// A Windows user at the start of an exchange.
///
/// ```
/// let mut client = kmspec_mocks::ntlm::Client::new("CORP\\ann", "secret")?;
/// let windows_token = client.negotiate()?; // refused with a challenge in WWW-Authenticate
/// # let _ = windows_token;
/// # Ok::<(), kmspec_mocks::ntlm::NtlmError>(())
/// ```
#[derive(Debug)]
pub struct Client {
    context: Ntlm,
    credentials: Option<AuthIdentityBuffers>,
    in_spnego: bool,
}

impl Client {
    /// A user by a name such as `ann`, `CORP\ann` or `ann@corp.example`, and a password.
    ///
    /// # Errors
    ///
    /// [`NtlmError::Name`] when the name has another form.
    pub fn new(user: &str, password: &str) -> Result<Self, NtlmError> {
        let wrong = || NtlmError::Name(user.to_owned());
        let username = Username::parse(user).map_err(|_| wrong())?;
        let identity = AuthIdentity { username, password: password.to_owned().into() };
        let mut context = Ntlm::new();
        let acquired = context
            .acquire_credentials_handle()
            .with_credential_use(CredentialUse::Outbound)
            .with_auth_data(&identity)
            .execute(&mut context)
            .map_err(|_| wrong())?;
        Ok(Self { context, credentials: acquired.credentials_handle, in_spnego: false })
    }

    /// With every message in SPNEGO (RFC 4178), as clients on Windows send them by HTTP.
    #[must_use]
    pub fn in_spnego(mut self) -> Self {
        self.in_spnego = true;
        self
    }

    /// The first message, in base64.
    ///
    /// # Errors
    ///
    /// [`NtlmError::Sequence`] when it was asked for before.
    pub fn negotiate(&mut self) -> Result<String, NtlmError> {
        let message = self.next(Vec::new()).map_err(NtlmError::Sequence)?;
        let offer = |token| Offer { mechanisms: vec![oids::ntlm_ssp().into()], token }.written();
        Ok(STANDARD.encode(self.parcelled(message, offer)))
    }

    /// The answer to a challenge, in base64. The challenge may be given as it stands in `WWW-Authenticate`.
    ///
    /// # Errors
    ///
    /// [`NtlmError::Challenge`] when it is none.
    pub fn authenticate(&mut self, challenge: &str) -> Result<String, NtlmError> {
        let encoded = challenge.trim();
        let encoded = ["NTLM ", "Negotiate "].iter().find_map(|scheme| encoded.strip_prefix(scheme)).unwrap_or(encoded);
        let unreadable = |cause: &dyn std::fmt::Display| NtlmError::Challenge(cause.to_string());
        let octets = STANDARD.decode(encoded.trim()).map_err(|cause| unreadable(&cause))?;
        let challenge = Parcel::open(octets).map_err(|fault| unreadable(&fault))?;
        if challenge.message().is_empty() {
            return Err(unreadable(&"it is empty"));
        }
        let answer = self.next(challenge.message().to_vec()).map_err(|cause| unreadable(&cause))?;
        Ok(STANDARD.encode(self.parcelled(answer, |token| Response { mechanism: None, token }.written())))
    }

    /// The message as it travels.
    fn parcelled(&self, message: Vec<u8>, spnego: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
        if self.in_spnego { spnego(message).expect("octets have an encoding") } else { message }
    }

    fn next(&mut self, received: Vec<u8>) -> Result<Vec<u8>, String> {
        let mut input = [SecurityBuffer::new(received, BufferType::Token)];
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let mut builder = self
            .context
            .initialize_security_context()
            .with_credentials_handle(&mut self.credentials)
            .with_context_requirements(ClientRequestFlags::ALLOCATE_MEMORY | ClientRequestFlags::INTEGRITY)
            .with_target_data_representation(DataRepresentation::Native)
            .with_input(&mut input)
            .with_output(&mut output);
        self.context
            .initialize_security_context_impl(&mut builder)
            .and_then(|mut made| made.resolve_to_result())
            .map_err(|error| error.to_string())?;
        Ok(std::mem::take(&mut output[0].buffer))
    }
}
