//! NTLM (MS-NLMP), both sides of it: the messages that go to and fro in base64 until one side knows who the other is.
//! Who is asked for a password, and where an exchange waits for its next message, is decided in `grants` and `realm`.

mod challenge;
mod client;
mod flags;
mod message;
mod parcel;
mod proof;
mod server;

pub use client::Client;
pub(crate) use message::Kind;
pub(crate) use parcel::Parcel;
pub(crate) use server::Handshake;

/// A message of an exchange could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NtlmError {
    /// A name that is neither `user`, `DOMAIN\user` nor `user@domain`.
    #[error("`{0}` is no Windows user name\nhint: user, DOMAIN\\user or user@domain")]
    Name(String),
    /// The challenge is not what a server sends.
    #[error("the challenge of the server cannot be read: {0}")]
    Challenge(String),
    /// A message was asked for before its turn.
    #[error("making an NTLM message: {0}")]
    Sequence(String),
}
