//! What leaves Rollbook, on its way from the outbox to whoever sends it.

mod letter;

pub(in crate::service) use letter::post;
#[expect(
    unused_imports,
    reason = "the courier that prepares letters comes next"
)]
pub(crate) use letter::prepare;

/// What to send, or why it is not wanted any more.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the courier that prepares letters comes next")
)]
#[derive(Clone, Debug)]
pub(crate) enum Prepared<T> {
    /// This.
    Send(T),
    /// Nothing, for this reason: a clause for the operator.
    Unwanted(String),
}
