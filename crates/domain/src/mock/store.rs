use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::MockTx;
use crate::Result;
use crate::port::{Access, Output, Store, Work};

/// A store that runs every use case against one [`MockTx`], at once and on the caller's thread, so
/// that its futures are ready when first polled.
#[derive(Debug, Default)]
pub struct MockStore {
    tx: Mutex<MockTx>,
    runs: Mutex<Vec<Access>>,
}

impl MockStore {
    /// A store around a transaction with expectations.
    #[must_use]
    pub fn new(tx: MockTx) -> Self {
        Self {
            tx: Mutex::new(tx),
            runs: Mutex::default(),
        }
    }

    /// What was asked of the transactions so far, one entry a use case.
    #[must_use]
    pub fn runs(&self) -> Vec<Access> {
        self.runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Store for MockStore {
    async fn run(&self, access: Access, mut work: Work) -> Result<Output> {
        self.runs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(access);
        work(&mut *self.tx.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
