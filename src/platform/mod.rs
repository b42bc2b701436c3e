//! The reference platform: the key manager side of an API platform, behind its REST interface.
