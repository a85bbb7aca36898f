//! The ZenML dialect over mocked services.

// So that lints know helpers for tests too.
#[cfg(test)]
mod zenml {
    mod arguments;
    mod asked;
    mod description;
    mod gate;
    mod golden;
    mod house;
    mod login;
    mod neighbours;
    mod pydantic;
    mod refusals;
    mod samples;
    #[expect(dead_code, reason = "some of it is for the native dialect only")]
    #[path = "../native/support.rs"]
    mod support;
    mod transport;
}
