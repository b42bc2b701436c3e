//! A key distribution centre in small: whoever knows the key of a service can hand out tickets for it. Nobody logs in to it,
//! and it stands on no port. How a ticket is put together is said in `order`.

use super::{Encryption, KerberosError, order::TicketOrder, principal::Principal, service::ServicePrincipal};

/// Hands out tickets for one service, and plays the client that shows them.
///
/// ```
/// use kmspec_mocks::kerberos::{KeyCentre, ServicePrincipal};
///
/// let service = ServicePrincipal::with_password("HTTP/is.example@EXAMPLE.COM", "of the service")?;
/// let now = 1_700_000_000; // the server's time
/// let kerberos_token = KeyCentre::new(service).ticket("ann@EXAMPLE.COM", now)?.token();
/// # let _ = kerberos_token;
/// # Ok::<(), kmspec_mocks::kerberos::KerberosError>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeyCentre {
    service: ServicePrincipal,
}

impl KeyCentre {
    /// For this service.
    pub fn new(service: ServicePrincipal) -> Self {
        Self { service }
    }

    /// A ticket for a client, good for ten hours from now, and shown now.
    ///
    /// # Errors
    ///
    /// [`KerberosError::Principal`] when the client's name is none.
    pub fn ticket(&self, client: &str, now: u64) -> Result<TicketOrder, KerberosError> {
        let encryption = self.service.usual_encryption();
        Ok(TicketOrder::new(self.service.principal(), self.key(encryption)?, client.parse::<Principal>()?, now))
    }

    /// The same in another encryption.
    ///
    /// # Errors
    ///
    /// [`KerberosError::NoKey`] when the service has no key for it.
    pub fn ticket_in(&self, encryption: Encryption, client: &str, now: u64) -> Result<TicketOrder, KerberosError> {
        Ok(TicketOrder::new(self.service.principal(), self.key(encryption)?, client.parse::<Principal>()?, now))
    }

    fn key(&self, encryption: Encryption) -> Result<(Encryption, Vec<u8>), KerberosError> {
        let key = self.service.key(encryption).ok_or(KerberosError::NoKey(encryption.name()))?;
        Ok((encryption, key))
    }
}
