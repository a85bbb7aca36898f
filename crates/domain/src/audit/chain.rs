use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Author, Chain, Change, Deed, Entry, Head};
use crate::Result;
use crate::port::Tx;
use crate::secret::Digest;
use crate::time::Timestamp;

/// What stands before the first entry.
const NOTHING: Head = Head {
    sequence: 0,
    digest: Digest::new([0; 32]),
};

/// Records a deed behind the last entry of its log. The row that the log belongs to is locked.
pub fn record(tx: &mut dyn Tx, author: &Author, now: Timestamp, deed: &Deed) -> Result<()> {
    let head = tx.audit().head(deed.chain)?;
    let entry = entry(head.unwrap_or(NOTHING), author, now, deed);
    tx.audit().add(&entry)
}

/// Records the first deed of a log, whose row was made in this transaction.
pub fn record_first(tx: &mut dyn Tx, author: &Author, now: Timestamp, deed: &Deed) -> Result<()> {
    tx.audit().add(&entry(NOTHING, author, now, deed))
}

fn entry(head: Head, author: &Author, now: Timestamp, deed: &Deed) -> Entry {
    let mut entry = Entry {
        chain: deed.chain,
        sequence: head.sequence + 1,
        at: now,
        actor_kind: author.actor.key().to_owned(),
        actor_id: author.actor.user(),
        token_id: author.actor.token(),
        act: deed.act.key().to_owned(),
        target_kind: deed.target.key().to_owned(),
        target_id: deed.target.uuid(),
        address: author.origin.address,
        request_id: author.origin.request.map(|id| id.as_str().to_owned()),
        changes: json(&deed.changes),
        previous: head.digest,
        digest: NOTHING.digest,
    };
    entry.digest = entry.computed_digest();
    entry
}

impl Entry {
    /// The SHA-256 digest of everything else in the entry. Every part is preceded by its length,
    /// so that no two entries read alike.
    #[must_use]
    pub fn computed_digest(&self) -> Digest {
        let (kind, id) = match self.chain {
            Chain::Organization(id) => ("organization", id.uuid()),
            Chain::User(id) => ("user", id.uuid()),
        };
        let mut hasher = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(bytes);
        };
        part(b"rollbook audit entry 1");
        part(kind.as_bytes());
        part(id.as_bytes());
        part(&self.sequence.to_be_bytes());
        part(&self.at.millis().to_be_bytes());
        part(self.actor_kind.as_bytes());
        part(self.actor_id.map_or(&[][..], |_| b"id"));
        part(
            self.actor_id
                .map(super::super::id::UserId::uuid)
                .unwrap_or_default()
                .as_bytes(),
        );
        part(
            self.token_id
                .map(super::super::id::TokenId::uuid)
                .unwrap_or_default()
                .as_bytes(),
        );
        part(self.act.as_bytes());
        part(self.target_kind.as_bytes());
        part(self.target_id.as_bytes());
        part(
            self.address
                .map(|it| it.to_string())
                .unwrap_or_default()
                .as_bytes(),
        );
        part(self.request_id.as_deref().unwrap_or_default().as_bytes());
        part(self.changes.as_bytes());
        part(self.previous.bytes());
        Digest::new(hasher.finalize().into())
    }
}

/// Where a log is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The entry with this place is missing.
    Missing(u64),
    /// The entry at this place does not hold the digest of the one before.
    Unlinked(u64),
    /// The entry at this place was changed.
    Changed(u64),
}

/// Checks the entries of a log one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    head: Head,
}

impl Default for Links {
    fn default() -> Self {
        Self { head: NOTHING }
    }
}

impl Links {
    /// Takes the next entry, or says how it does not fit.
    pub fn follow(&mut self, entry: &Entry) -> std::result::Result<(), Break> {
        let expected = self.head.sequence + 1;
        if entry.sequence != expected {
            return Err(Break::Missing(expected));
        }
        if entry.previous != self.head.digest {
            return Err(Break::Unlinked(expected));
        }
        if entry.computed_digest() != entry.digest {
            return Err(Break::Changed(expected));
        }
        self.head = Head {
            sequence: entry.sequence,
            digest: entry.digest,
        };
        Ok(())
    }

    /// How many entries were taken.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.head.sequence
    }

    /// The digest of the last entry that was taken; zeros before the first.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.head.digest
    }
}

/// The changes as a JSON array of objects with `field`, `before` and `after`, where what was
/// nothing is left out. The text is digested and kept as it is; the domain has no JSON library, and
/// never reads it again.
fn json(changes: &[Change]) -> String {
    let mut text = String::from("[");
    for (index, change) in changes.iter().enumerate() {
        text.push_str(if index == 0 { "{" } else { ",{" });
        text.push_str("\"field\":");
        json_string(change.field, &mut text);
        for (name, value) in [("before", &change.before), ("after", &change.after)] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(text, ",\"{name}\":");
                json_string(value, &mut text);
            }
        }
        text.push('}');
    }
    text.push(']');
    text
}

/// A JSON string (RFC 8259 §7).
pub(crate) fn json_string(value: &str, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            c if c.is_control() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Act, Target};
    use crate::id::OrganizationId;
    use uuid::Uuid;

    fn deed(name: &str) -> Deed {
        let id = OrganizationId::new(Uuid::from_u128(7));
        Deed {
            chain: Chain::Organization(id),
            act: Act::OrganizationUpdated,
            target: Target::Organization(id),
            changes: vec![Change::new("name", Some("a\"\\\n"), Some(name))],
        }
    }

    fn log() -> Vec<Entry> {
        let mut head = NOTHING;
        let mut log = Vec::new();
        for name in ["one", "two", "three"] {
            let entry = entry(
                head,
                &Author::SYSTEM,
                Timestamp::from_millis(5),
                &deed(name),
            );
            head = Head {
                sequence: entry.sequence,
                digest: entry.digest,
            };
            log.push(entry);
        }
        log
    }

    fn check(log: &[Entry]) -> std::result::Result<u64, Break> {
        let mut links = Links::default();
        log.iter().try_for_each(|entry| links.follow(entry))?;
        Ok(links.count())
    }

    #[test]
    fn an_untouched_log_holds() {
        assert_eq!(check(&log()), Ok(3));
        assert_eq!(
            log()[0].changes,
            r#"[{"field":"name","before":"a\"\\\u000a","after":"one"}]"#
        );
    }

    #[test]
    fn whatever_is_touched_breaks_it() {
        let mut changed = log();
        changed[1].changes = "[]".to_owned();
        assert_eq!(check(&changed), Err(Break::Changed(2)));
        changed[1].digest = changed[1].computed_digest();
        assert_eq!(check(&changed), Err(Break::Unlinked(3)));
        let mut removed = log();
        removed.remove(0);
        assert_eq!(check(&removed), Err(Break::Missing(1)));
    }
}
