//! How a scenario gets its world: embedded, at a product, or at a gateway that was configured beforehand.
//! Which of them a run uses is decided by the stage.

pub mod private_jwk;
