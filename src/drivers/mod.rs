//! A client per plane of the subject; the only code that knows its REST interface.
