//! What the operator reads when a command fails: what went wrong, and what to do about it.

use std::fmt;

use rollbook_domain::Error;

/// What a command answers.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with its message: a clause without a full stop.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// A use case that did not succeed, and `what` was to be done.
    pub(crate) fn of(what: &str, error: &Error) -> Self {
        let failure = Self::new(format!("cannot {what}: {}", explain(error)));
        match error {
            Error::Busy => failure.hint("another program holds the database; try again in a moment"),
            Error::Storage(_) => failure
                .hint("check that the database is reachable and writable (`rollbook config` shows which one is used)"),
            _ => failure,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The domain's words, with every unacceptable field spelled out.
fn explain(error: &Error) -> String {
    match error {
        Error::Invalid(violations) => violations
            .iter()
            .map(|violation| format!("{}: {}", violation.field, violation.reason))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_and_what_to_do() {
        let failure = Failure::of("create the user", &Error::Busy);
        assert_eq!(
            failure.to_string(),
            "error: cannot create the user: the store is busy\n hint: another program holds the \
             database; try again in a moment"
        );
        let failure = Failure::of("issue the token", &Error::invalid("name", "too long"));
        assert_eq!(
            failure.to_string(),
            "error: cannot issue the token: name: too long"
        );
    }
}
