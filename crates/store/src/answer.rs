//! How use cases that ran in one batch are answered.
//!
//! Each answer wakes a task. Where the task's thread shares a core with ours, that thread takes the
//! core at once, finds one answer, and sleeps again until we have sent the next: two changes of
//! threads a use case. So whoever gets an answer first also hands out those that are still here. It
//! does not have to: this thread goes on meanwhile, so nobody waits for a task that nobody polls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rollbook_domain::port::Output;
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

/// Where the answer to a use case goes.
pub(crate) struct Answer(oneshot::Sender<Delivery>);

/// Where the answer to a use case comes from.
pub(crate) struct Outcome(oneshot::Receiver<Delivery>);

/// An answer, and those of the same batch that nobody had sent when it was.
struct Delivery {
    outcome: Result<Output>,
    others: Option<Arc<Undelivered>>,
}

/// What is still to be sent; any thread may do it.
struct Undelivered(Mutex<VecDeque<(Answer, Result<Output>)>>);

/// Both ends of the way that an answer takes.
pub(crate) fn channel() -> (Answer, Outcome) {
    let (sender, receiver) = oneshot::channel();
    (Answer(sender), Outcome(receiver))
}

impl Answer {
    /// Whether whoever asked has gone away.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Answers; whoever has gone away needs no answer.
    pub(crate) fn send(self, outcome: Result<Output>) {
        let others = None;
        let _ = self.0.send(Delivery { outcome, others });
    }
}

/// Answers a whole batch.
#[cfg(feature = "sqlite")]
pub(crate) fn send_all(batch: impl IntoIterator<Item = (Answer, Result<Output>)>) {
    let mut batch: VecDeque<_> = batch.into_iter().collect();
    let Some((first, outcome)) = batch.pop_front() else {
        return;
    };
    let others = Arc::new(Undelivered(Mutex::new(batch)));
    let delivery = Delivery {
        outcome,
        others: Some(Arc::clone(&others)),
    };
    let _ = first.0.send(delivery);
    others.send();
}

impl Undelivered {
    /// One at a time, so that two who are at it share the work.
    fn send(&self) {
        while let Some((answer, outcome)) = self.take() {
            answer.send(outcome);
        }
    }

    /// No code panics while it holds the lock.
    fn take(&self) -> Option<(Answer, Result<Output>)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }
}

impl Outcome {
    /// Waits for the answer. It is [`Error::Busy`] when there will be none.
    pub(crate) async fn get(self) -> Result<Output> {
        let Delivery { outcome, others } = self.0.await.map_err(|_| Error::Busy)?;
        if let Some(others) = others {
            others.send();
        }
        outcome
    }
}
