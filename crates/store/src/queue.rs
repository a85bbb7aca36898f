//! The queue between the asynchronous callers and the threads that own database connections.
//!
//! Waiting for a connection costs an entry in the queue, not a thread; and the store works under
//! any executor (docs/decisions/0003).

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use rollbook_domain::port::{Access, Output, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use crate::answer::{self, Answer};
use crate::tx::SqlTx;

/// How many use cases may wait. A longer queue would only turn overload into time-outs.
const CAPACITY: usize = 4096;

/// A use case that waits for a connection.
pub(crate) struct Job {
    pub(crate) access: Access,
    pub(crate) work: Work,
    pub(crate) answer: Answer,
}

/// What travels through the queue.
pub(crate) enum Message {
    /// Run a use case.
    Run(Job),
    /// Tell whether the database answers and its schema is the right one.
    Check(oneshot::Sender<Result<()>>),
}

/// What waits for the threads. Many are taken at a time under one lock, and a thread that finds
/// nothing gives its core away once and then sleeps: channels spin for a while first, which costs
/// more than a whole read when threads share a core.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Message>,
    /// Threads that sleep.
    asleep: usize,
    /// Threads that still count as asleep but were woken.
    woken: usize,
    closed: bool,
}

impl Queue {
    fn put(&self, message: Message) -> Result<()> {
        let mut state = self.lock();
        if state.closed || state.waiting.len() >= CAPACITY {
            return Err(Error::Busy);
        }
        match message {
            Message::Run(_) => state.waiting.push_back(message),
            // A probe that waits its turn would call a busy service dead.
            Message::Check(_) => state.waiting.push_front(message),
        }
        if state.asleep > state.woken {
            state.woken += 1;
            drop(state);
            self.arrival.notify_one();
        }
        Ok(())
    }

    /// Waits for messages and takes at most so many. Nothing comes when the queue is closed and
    /// everything was taken.
    pub(crate) fn take(&self, most: usize) -> Vec<Message> {
        let mut state = self.lock();
        let mut yielded = false;
        while state.waiting.is_empty() && !state.closed {
            if yielded {
                state = self.sleep(state);
            }
            // Others on this core may be about to bring something, or more. Taking several at once
            // is cheaper than sleeping and being woken for each.
            drop(state);
            std::thread::yield_now();
            yielded = true;
            state = self.lock();
        }
        let count = state.waiting.len().min(most);
        state.waiting.drain(..count).collect()
    }

    /// Takes a message if one waits.
    #[cfg(feature = "postgres")]
    pub(crate) fn take_waiting(&self) -> Option<Message> {
        self.lock().waiting.pop_front()
    }

    /// Whether what waits next is a use case that accesses the store in this way.
    #[cfg(feature = "postgres")]
    pub(crate) fn next_is(&self, access: Access) -> bool {
        match self.lock().waiting.front() {
            Some(Message::Run(job)) => job.access == access,
            Some(Message::Check(_)) | None => false,
        }
    }

    fn sleep<'s>(&self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.asleep += 1;
        let mut state = self
            .arrival
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        state.asleep -= 1;
        state.woken = state.woken.saturating_sub(1);
        state
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrival.notify_all();
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A queue and the threads that work it off.
pub(crate) struct Crew {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts a thread for each body; all take from one queue.
    pub(crate) fn start<B>(name: &str, bodies: Vec<B>) -> std::io::Result<Self>
    where
        B: FnOnce(&Queue) + Send + 'static,
    {
        let queue: Arc<Queue> = Arc::default();
        let mut threads = Vec::with_capacity(bodies.len());
        for body in bodies {
            let queue = Arc::clone(&queue);
            let thread = Builder::new()
                .name(name.to_owned())
                .spawn(move || body(&queue))?;
            threads.push(thread);
        }
        Ok(Self { queue, threads })
    }

    /// The way in, which can be shared.
    pub(crate) fn door(&self) -> Door {
        Door {
            queue: Arc::clone(&self.queue),
        }
    }

    /// Lets the threads finish what is queued, refuses what comes later, and waits for their end.
    pub(crate) fn stop(self) {
        self.queue.close();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a database thread had panicked");
            }
        }
    }
}

/// The way into a queue.
#[derive(Clone)]
pub(crate) struct Door {
    queue: Arc<Queue>,
}

impl Door {
    /// Runs a use case on one of the threads.
    pub(crate) async fn run(&self, access: Access, work: Work) -> Result<Output> {
        let (answer, outcome) = answer::channel();
        self.queue.put(Message::Run(Job {
            access,
            work,
            answer,
        }))?;
        outcome.get().await
    }

    /// Asks one of the threads whether its database is ready.
    pub(crate) async fn check(&self) -> Result<()> {
        let (answer, outcome) = oneshot::channel();
        self.queue.put(Message::Check(answer))?;
        outcome.await.unwrap_or(Err(Error::Busy))
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
