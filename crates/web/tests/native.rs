//! The native dialect over mocked services.

// So that lints know helpers for tests too.
#[cfg(test)]
mod native {
    mod arguments;
    mod description;
    mod gate;
    mod golden;
    mod house;
    mod lists;
    mod once;
    mod refusals;
    mod support;
    mod tokens;
    mod transport;
    mod updates;
}
