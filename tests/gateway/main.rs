//! The gateway and the resident key manager from outside: over HTTPS, with mock authorization servers behind them.
//! Single rules of validation are tested in their room; here is what a client sees.

mod changes;
mod house;
mod opaque;
mod resident;
mod tokens;
