//! Gherkin phrases; each a driver call or two. A file per area.

mod authorization_server;
