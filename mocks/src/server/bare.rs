//! A server without a network: bytes in, statuses out. For property tests and fuzzing, which must not catch panics.
//! What comes between the network and an endpoint on a real one is in `front` and `answering`.

use super::{
    builder,
    layout::Layout,
    site::{Endpoints, Site},
};
use crate::{
    certificates::{PresentedCertificate, TlsIdentity},
    endpoints::call::Call,
    front::{Next, Requests},
    realm::{Clock, KeyChest, Realm},
    vendors::Vendor,
};

/// A server without a network.
pub struct BareServer {
    site: Site,
    shown: Option<PresentedCertificate>,
}

impl BareServer {
    /// A fresh server of that vendor.
    pub fn new(vendor: Vendor) -> Self {
        let (clock, chest) = (Clock::system(), KeyChest::default());
        let (base_url, layout) = ("https://localhost:1".to_owned(), Layout::default());
        Self { site: builder::site(vendor, base_url, layout, clock, &chest, true, None), shown: None }
    }

    /// The same at the end of a connection whose client showed this certificate, which the server trusts.
    #[must_use]
    pub fn shown(self, identity: &TlsIdentity) -> Self {
        Self { shown: PresentedCertificate::of_identity(identity), ..self }
    }

    /// Where its endpoints are.
    pub fn endpoints(&self) -> &Endpoints {
        &self.site.endpoints
    }

    /// What it knows.
    pub fn realm(&self) -> &Realm {
        &self.site.realm
    }

    /// The paths at which it serves something.
    pub fn paths(&self) -> Vec<String> {
        builder::paths(&self.site.endpoints, self.site.realm.issuer())
    }

    /// The statuses with which it answers the requests that these bytes of a connection hold. Nothing that panics is
    /// caught.
    pub fn answers(&self, bytes: &[u8]) -> Vec<u16> {
        let mut requests = Requests::new(None);
        requests.arrived.extend_from_slice(bytes);
        let mut statuses = Vec::new();
        loop {
            match requests.next() {
                Next::Continue => {}
                Next::More => return statuses,
                Next::Refused(status) => {
                    statuses.push(status.as_u16());
                    return statuses;
                }
                Next::Request { bytes, .. } => {
                    let call = call(&bytes).map(|call| Call { certificate: self.shown.clone(), ..call });
                    statuses.extend(call.map(|call| self.site.reply(&call).1.status));
                }
            }
        }
    }
}

impl std::fmt::Debug for BareServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BareServer({})", self.site.realm.issuer())
    }
}

/// The request as an endpoint sees it; `None` for what the HTTP library behind the front refuses.
fn call(bytes: &[u8]) -> Option<Call> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut request = httparse::Request::new(&mut fields);
    let length = request.parse(bytes).ok()?.is_complete().then_some(bytes.len())?;
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(length, |at| at + 4);
    let url = url::Url::parse("http://localhost").ok()?.join(request.path?).ok()?;
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Some(Call {
        method: request.method?.to_owned(),
        path: url.path().to_owned(),
        query: url.query().map(str::to_owned),
        headers: request.headers.iter().map(|field| (field.name.to_ascii_lowercase(), text(field.value))).collect(),
        body: bytes[head..].to_vec(),
        certificate: None,
    })
}
