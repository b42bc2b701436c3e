//! What one scenario remembers.
