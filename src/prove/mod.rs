//! Seeded defects, each one switched on by its id.
