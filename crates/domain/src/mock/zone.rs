use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::port::DnsTxt;
use crate::{Error, Result};

/// A DNS that holds the TXT records that a test has put into it.
#[derive(Debug, Default)]
pub struct Zone {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    texts: HashMap<String, Vec<String>>,
    down: bool,
    asked: u32,
}

impl Zone {
    /// Adds a TXT record.
    pub fn put(&self, name: &str, text: &str) {
        let mut records = self.lock();
        let texts = records.texts.entry(name.to_owned()).or_default();
        texts.push(text.to_owned());
    }

    /// Lets every look-up fail from now on, or none.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// How many look-ups there were.
    pub fn asked(&self) -> u32 {
        self.lock().asked
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DnsTxt for Zone {
    async fn txt(&self, name: &str) -> Result<Vec<String>> {
        let mut records = self.lock();
        records.asked += 1;
        if records.down {
            return Err(Error::Busy);
        }
        Ok(records.texts.get(name).cloned().unwrap_or_default())
    }
}
