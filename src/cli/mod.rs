//! Arguments as typed, made into a plan that is known to be valid.
