//! The pages over mocked services.

// So that lints know helpers for tests too.
#[cfg(test)]
mod pages {
    mod account;
    mod authorization;
    mod careful;
    mod device;
    mod golden;
    mod invitation;
    mod password;
    mod session;
    mod support;
    mod verification;
}
