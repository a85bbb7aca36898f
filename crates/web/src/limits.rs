//! What a request may not do: take for ever, or take the process with it.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use actix_web::rt::time::{Sleep, sleep};

use crate::dialect::Fault;

/// How long a client may take to send a request's head, for `HttpServer::client_request_timeout`.
/// The head's size is bounded by Actix itself: 128 KiB and 96 header lines. The body's time counts
/// towards [`Settings::request_timeout`](crate::Settings), its size is
/// [`Settings::body_limit`](crate::Settings).
pub const CLIENT_REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle connection is kept, for `HttpServer::keep_alive`: longer than the 60 s of
/// common proxies, so that it is the proxy that closes and no request is lost in between.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Waits for `work`, at most for `limit`, and survives its panic.
///
/// What runs out of time is dropped, and its client is told so; but a use case that the store has
/// already taken runs to its end, so a write may still happen after a time-out. A client that has
/// to know asks again. No timer is made for an answer that is there at once.
pub(crate) async fn supervise<F: Future>(limit: Duration, work: F) -> Result<F::Output, Fault> {
    let mut work = pin!(work);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    poll_fn(|context| {
        // Unwind safety: after a panic the future is dropped and never polled again, and what it
        // shares with others guards itself (locks are poisoned, transactions are rolled back).
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => return Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {}
            Err(panic) => return Poll::Ready(Err(defect(&*panic))),
        }
        timer
            .get_or_insert_with(|| Box::pin(sleep(limit)))
            .as_mut()
            .poll(context)
            .map(|()| Err(Fault::Timeout))
    })
    .await
}

/// A panic as a fault: its message is for the log only.
fn defect(panic: &(dyn Any + Send)) -> Fault {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    Fault::Defect(format!("a handler panicked: {message}").into())
}
