//! The queue between the asynchronous callers and the threads that own database connections.
//!
//! Waiting for a connection costs an entry in the queue, not a thread; and the store works under
//! any executor (docs/decisions/0003).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use rollbook_domain::port::{Access, Output, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use crate::tx::SqlTx;

/// How many use cases may wait. A longer queue would only turn overload into time-outs.
const CAPACITY: usize = 4096;

/// A use case that waits for a connection.
pub(crate) struct Job {
    pub(crate) access: Access,
    pub(crate) work: Work,
    pub(crate) answer: oneshot::Sender<Result<Output>>,
}

/// What travels through the queue.
pub(crate) enum Message {
    /// Run a use case.
    Run(Job),
    /// Tell whether the database answers and its schema is the right one.
    Check(oneshot::Sender<Result<()>>),
    /// End the thread that takes this.
    Stop,
}

/// The sending end, and the threads at the other.
#[derive(Debug)]
pub(crate) struct Crew {
    sender: Sender<Message>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts a thread for each body; all take from one queue.
    pub(crate) fn start<B>(name: &str, bodies: Vec<B>) -> std::io::Result<Self>
    where
        B: FnOnce(&Receiver<Message>) + Send + 'static,
    {
        let (sender, receiver) = bounded(CAPACITY);
        let mut threads = Vec::with_capacity(bodies.len());
        for body in bodies {
            let receiver: Receiver<Message> = receiver.clone();
            let thread = Builder::new()
                .name(name.to_owned())
                .spawn(move || body(&receiver))?;
            threads.push(thread);
        }
        Ok(Self { sender, threads })
    }

    /// The way in, which can be shared.
    pub(crate) fn door(&self) -> Door {
        Door {
            sender: self.sender.clone(),
        }
    }

    /// Lets the threads finish what is queued, and waits for their end.
    pub(crate) fn stop(self) {
        for _ in &self.threads {
            // The queue is gone only when the threads are.
            let _ = self.sender.send(Message::Stop);
        }
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a database thread had panicked");
            }
        }
    }
}

/// The way into a queue.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    sender: Sender<Message>,
}

impl Door {
    /// Runs a use case on one of the threads.
    pub(crate) async fn run(&self, access: Access, work: Work) -> Result<Output> {
        let (answer, outcome) = oneshot::channel();
        self.send(Message::Run(Job {
            access,
            work,
            answer,
        }))?;
        outcome.await.unwrap_or(Err(Error::Busy))
    }

    /// Asks one of the threads whether its database is ready.
    pub(crate) async fn check(&self) -> Result<()> {
        let (answer, outcome) = oneshot::channel();
        self.send(Message::Check(answer))?;
        outcome.await.unwrap_or(Err(Error::Busy))
    }

    fn send(&self, message: Message) -> Result<()> {
        self.sender.try_send(message).map_err(|_| Error::Busy)
    }
}

/// Runs a use case and turns a panic into an error; `Err(None)` for a panic, so that the caller
/// can drop the connection on which it happened.
pub(crate) fn run_caught(
    work: &mut Work,
    tx: &mut SqlTx<'_>,
) -> std::result::Result<Output, Option<Error>> {
    match catch_unwind(AssertUnwindSafe(|| work(tx))) {
        Ok(Ok(_)) if tx.failed => Err(Some(Error::storage(
            "the use case went on after a statement had failed",
        ))),
        Ok(outcome) => outcome.map_err(Some),
        Err(panic) => {
            tracing::error!(panic = panic_text(&*panic), "a use case panicked");
            Err(None)
        }
    }
}

/// The answer to the caller of a use case that panicked.
pub(crate) fn panicked() -> Error {
    Error::storage("the use case panicked; the log has the details")
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
