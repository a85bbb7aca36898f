//! The authorization server's endpoints over mocked services.

// So that lints know helpers for tests too.
#[cfg(test)]
mod oauth {
    mod answers;
    mod clients;
    mod cors;
    mod description;
    mod golden;
    mod house;
    mod support;
}
