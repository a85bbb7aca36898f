use std::fmt;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use tracing::field::display;

use super::RequestId;
use crate::dialect::Fault;

/// An answer that takes longer is worth a warning.
const SLOW: Duration = Duration::from_secs(1);

/// What the log says about one request.
pub(super) struct Line<'a> {
    pub(super) request_id: &'a RequestId,
    pub(super) dialect: &'static str,
    pub(super) use_case: &'static str,
    pub(super) method: &'a Method,
    pub(super) status: StatusCode,
    pub(super) elapsed: Duration,
}

/// One event at a fixed level: `tracing` decides once for each place in the source whether anybody
/// listens, which is what makes a silent one nearly free.
macro_rules! event {
    ($level:ident, $line:expr, $message:literal $(, $name:ident = $value:expr)?) => {
        tracing::$level!(
            request_id = $line.request_id.as_str(),
            dialect = $line.dialect,
            use_case = $line.use_case,
            method = $line.method.as_str(),
            status = $line.status.as_u16(),
            duration_us = u64::try_from($line.elapsed.as_micros()).unwrap_or(u64::MAX),
            $($name = $value,)?
            $message
        )
    };
}

impl Line<'_> {
    /// Whether the caller was turned away: who guesses tokens or ids should be seen.
    fn is_refusal(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        )
    }

    /// Writes it, at the level that the outcome deserves.
    pub(super) fn write(&self, fault: Option<&Fault>) {
        if self.status.is_server_error() {
            let cause = fault.map(|fault| display(Cause(fault)));
            event!(error, self, "failed", cause = cause);
        } else if self.elapsed > SLOW {
            event!(warn, self, "answered slowly");
        } else if self.method.is_safe() && !self.is_refusal() {
            event!(debug, self, "answered");
        } else {
            event!(info, self, "answered");
        }
    }
}

/// A fault with everything that led to it.
struct Cause<'a>(&'a Fault);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(cause) = self.0.cause() else {
            return self.0.fmt(f);
        };
        let mut said = cause.to_string();
        f.write_str(&said)?;
        let mut source = cause.source();
        while let Some(error) = source {
            let next = error.to_string();
            // Many errors already print what caused them.
            if !said.contains(&next) {
                write!(f, ": {next}")?;
                said = next;
            }
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no answer from the disk")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn tells_the_whole_chain() {
        let outer = Outer(std::io::Error::other("it is on fire"));
        let fault = Fault::Domain(rollbook_domain::Error::storage(outer));
        assert_eq!(
            Cause(&fault).to_string(),
            "no answer from the disk: it is on fire"
        );
        assert_eq!(
            Cause(&Fault::Timeout).to_string(),
            "the answer took too long"
        );
    }
}
