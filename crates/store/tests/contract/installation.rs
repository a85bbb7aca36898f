//! The repository of what all replicas share.

use crate::harness::on_both;
use crate::support::{Outcome, TestDatabase};

on_both! {
    the_first_key_stays,
}

async fn the_first_key_stays(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let kept = async || {
        store
            .read_one(|tx| tx.installation().page_token_key())
            .await
    };
    let add = async |key: [u8; 32]| {
        store
            .write(move |tx| tx.installation().add_page_token_key(&key))
            .await
    };
    assert_eq!(kept().await?, None);
    let first = std::array::from_fn(|index| u8::try_from(index * 8).unwrap_or(0));
    assert!(add(first).await?);
    assert_eq!(kept().await?, Some(first));
    assert!(!add([7; 32]).await?);
    assert_eq!(kept().await?, Some(first));
    Ok(())
}
