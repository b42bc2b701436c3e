//! Devices without a browser (RFC 8628): a device code to poll with, a user code to type, and what became of them.
//! What a poll is answered with is decided in `grants`; asking the user is the endpoints' affair.

use std::borrow::Cow;

use aws_lc_rs::rand;

use super::{pending::PRUNE_FROM, random, state::Realm};

/// How a server treats devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevicePolicy {
    /// How long a device code is good, in seconds.
    pub lifetime_seconds: u64,
    /// How far apart polls must be, in seconds.
    pub interval_seconds: u64,
    /// By how many seconds that grows with every poll that came too early (RFC 8628, section 3.5, says five).
    pub slow_down_seconds: u64,
    /// Whether the first poll must wait, too.
    pub first_poll_waits: bool,
    /// The error code for a device code that is unknown, or another client's.
    pub unknown_code: &'static str,
    /// The error code for a device code that has given its tokens.
    pub used_code: &'static str,
    /// How many characters a user code has, and of which ones.
    pub user_code: (usize, Cow<'static, str>),
}

impl Default for DevicePolicy {
    fn default() -> Self {
        Self {
            lifetime_seconds: 600,
            interval_seconds: 5,
            slow_down_seconds: 5,
            first_poll_waits: false,
            unknown_code: "invalid_grant",
            used_code: "invalid_grant",
            // No vowels, so no words (RFC 8628, section 6.1).
            user_code: (8, Cow::Borrowed("BCDFGHJKLMNPQRSTVWXZ")),
        }
    }
}

/// How often a user code is made anew that another device has.
const MOST_TRIES: usize = 100;

/// What the user has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceState {
    /// Nothing.
    Pending,
    /// Typed the code, and is logging in.
    Entered,
    /// Agreed.
    Approved {
        /// Who it was.
        username: String,
    },
    /// Declined.
    Denied,
    /// Agreed, and the tokens were given out.
    Used,
}

/// A device that asks for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What the device polls with.
    pub device_code: String,
    /// What the user types.
    pub user_code: String,
    /// For whom.
    pub client_id: String,
    /// The scopes asked for; `None` when there were none.
    pub scopes: Option<Vec<String>>,
    /// Seconds since 1970.
    pub expires_at: u64,
    /// How far apart polls must be now, in seconds.
    pub interval_seconds: u64,
    /// What the user has done so far.
    pub state: DeviceState,
    last_poll_ms: Option<u64>,
}

impl Realm {
    /// Keeps a device that asks for tokens.
    pub fn add_device(&self, client_id: &str, scopes: Option<Vec<String>>) -> Device {
        let (policy, now) = (self.policy().device.clone(), self.now());
        let mut device = Device {
            device_code: random::uuid(),
            user_code: user_code(&policy.user_code),
            client_id: client_id.to_owned(),
            scopes,
            expires_at: now.saturating_add(policy.lifetime_seconds),
            interval_seconds: policy.interval_seconds,
            state: DeviceState::Pending,
            last_poll_ms: policy.first_poll_waits.then(|| self.clock().now_ms()),
        };
        let mut pending = self.pending();
        if pending.devices.len() >= PRUNE_FROM {
            pending.devices.retain(|device| now < device.expires_at);
        }
        let taken = |devices: &[Device], code: &str| devices.iter().any(|other| other.user_code == code);
        for _ in 0..MOST_TRIES {
            if !taken(&pending.devices, &device.user_code) {
                break;
            }
            device.user_code = user_code(&policy.user_code);
        }
        // There may be few codes, by configuration: then the device that had this one has it no longer.
        pending.devices.retain(|other| other.user_code != device.user_code);
        pending.devices.push(device.clone());
        device
    }

    /// The device whose user code this is, unless it has expired or was decided on.
    pub fn waiting_device(&self, user_code: &str) -> Option<Device> {
        let now = self.now();
        let waits = |device: &&Device| {
            device.user_code == user_code
                && now < device.expires_at
                && matches!(device.state, DeviceState::Pending | DeviceState::Entered)
        };
        self.pending().devices.iter().find(waits).cloned()
    }

    /// Notes that the user has typed the code.
    pub(crate) fn enter_device(&self, user_code: &str) -> bool {
        self.decide_device(user_code, DeviceState::Entered)
    }

    /// Agrees on a user's behalf, as if the user had logged in; `false` when no device waits with that user code, or
    /// there is no such user.
    pub fn approve_device(&self, user_code: &str, username: &str) -> bool {
        self.user(username).is_some()
            && self.decide_device(user_code, DeviceState::Approved { username: username.to_owned() })
    }

    /// Declines; `false` when no device waits with that user code.
    pub fn deny_device(&self, user_code: &str) -> bool {
        self.decide_device(user_code, DeviceState::Denied)
    }

    fn decide_device(&self, user_code: &str, state: DeviceState) -> bool {
        let now = self.now();
        let mut pending = self.pending();
        let waiting = pending.devices.iter_mut().find(|device| {
            device.user_code == user_code
                && now < device.expires_at
                && matches!(device.state, DeviceState::Pending | DeviceState::Entered)
        });
        waiting.map(|device| device.state = state).is_some()
    }

    /// Notes a poll; gives the device as it is, and whether the poll came too early. `None` when no device of that
    /// client has the code. An approved device that is polled in time is used from then on: of two polls at once, one
    /// finds it approved.
    pub(crate) fn poll_device(&self, device_code: &str, client_id: &str) -> Option<(Device, bool)> {
        let (policy, now_ms) = (self.policy().device.clone(), self.clock().now_ms());
        let mut pending = self.pending();
        let device = pending
            .devices
            .iter_mut()
            .find(|device| device.device_code == device_code && device.client_id == client_id)?;
        let early = device
            .last_poll_ms
            .is_some_and(|last| now_ms < last.saturating_add(device.interval_seconds.saturating_mul(1000)));
        device.last_poll_ms = Some(now_ms);
        let expired = now_ms / 1000 >= device.expires_at;
        if early && !expired {
            device.interval_seconds = device.interval_seconds.saturating_add(policy.slow_down_seconds);
        }
        let found = device.clone();
        if !early && !expired && matches!(device.state, DeviceState::Approved { .. }) {
            device.state = DeviceState::Used;
        }
        Some((found, early))
    }
}

fn user_code((length, alphabet): &(usize, Cow<'static, str>)) -> String {
    let (length, alphabet) = (*length, alphabet.as_bytes());
    let mut code = String::with_capacity(length);
    let mut byte = [0];
    while code.len() < length {
        rand::fill(&mut byte).expect("the operating system supplies randomness, or nothing works");
        // Bytes beyond the last full round of the alphabet would make some characters likelier.
        if usize::from(byte[0]) < 256 - 256 % alphabet.len() {
            code.push(char::from(alphabet[usize::from(byte[0]) % alphabet.len()]));
        }
    }
    code
}
