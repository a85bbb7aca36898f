//! What page tokens hold: the sort keys of lists.

use rollbook_domain::id::{
    ClientId, DomainId, GrantId, InvitationId, MembershipId, MessageId, OrganizationId, RoleId,
    TokenId, UserId, WebhookEndpointId, WorkspaceId,
};
use rollbook_domain::membership::{MemberKey, SortValue};
use rollbook_domain::role::{Role, RoleRef, WorkspaceRole};
use rollbook_domain::time::Timestamp;
use rollbook_domain::workspace::WorkspaceKey;
use uuid::Uuid;

/// A sort key that a page token can hold.
pub(crate) trait Key: Sized {
    /// Appends the key.
    fn encode(&self, bytes: &mut Vec<u8>);

    /// Reads what [`Key::encode`] wrote, and nothing else.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

macro_rules! id_keys {
    ($($id:ty),+ $(,)?) => {$(
        impl Key for $id {
            fn encode(&self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(self.uuid().as_bytes());
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self::new)
            }
        }
    )+};
}

id_keys!(
    ClientId,
    DomainId,
    GrantId,
    InvitationId,
    MembershipId,
    MessageId,
    OrganizationId,
    RoleId,
    TokenId,
    UserId,
    WebhookEndpointId,
    WorkspaceId,
);

impl Key for u64 {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

impl Key for MemberKey {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.id.encode(bytes);
        encode_values(&self.values, bytes);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, values) = bytes.split_at_checked(ID_BYTES)?;
        Some(Self {
            values: decode_values(values)?,
            id: MembershipId::decode(id)?,
        })
    }
}

impl Key for WorkspaceKey {
    fn encode(&self, bytes: &mut Vec<u8>) {
        self.id.encode(bytes);
        encode_values(self.value.as_slice(), bytes);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, values) = bytes.split_at_checked(ID_BYTES)?;
        let mut values = decode_values(values)?;
        let value = values.pop();
        values.is_empty().then_some(Self {
            value,
            id: WorkspaceId::decode(id)?,
        })
    }
}

impl Key for RoleRef {
    fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Organization(role) => {
                bytes.push(OF_ORGANIZATION);
                bytes.extend_from_slice(role.key().as_bytes());
            }
            Self::Workspace(role) => {
                bytes.push(OF_WORKSPACE);
                bytes.extend_from_slice(role.key().as_bytes());
            }
            Self::Custom(id) => {
                bytes.push(CUSTOM);
                id.encode(bytes);
            }
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let key = || std::str::from_utf8(rest).ok();
        match *kind {
            OF_ORGANIZATION => Role::from_key(key()?).map(Self::Organization),
            OF_WORKSPACE => WorkspaceRole::from_key(key()?).map(Self::Workspace),
            CUSTOM => RoleId::decode(rest).map(Self::Custom),
            _ => None,
        }
    }
}

const OF_ORGANIZATION: u8 = b'o';
const OF_WORKSPACE: u8 = b'w';
const CUSTOM: u8 = b'c';
const ID_BYTES: usize = 16;
/// More fields than any list can be sorted by.
const VALUES_MAX: usize = 8;
const TEXT: u8 = b't';
const TIME: u8 = b'm';

/// Each value with its kind; a text with its length.
fn encode_values(values: &[SortValue], bytes: &mut Vec<u8>) {
    for value in values {
        match value {
            SortValue::Text(text) => {
                bytes.push(TEXT);
                // Texts that are sorted by have a few hundred characters.
                let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            SortValue::Time(time) => {
                bytes.push(TIME);
                bytes.extend_from_slice(&time.millis().to_be_bytes());
            }
        }
    }
}

fn decode_values(mut bytes: &[u8]) -> Option<Vec<SortValue>> {
    let mut values = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        let (value, behind) = match *kind {
            TEXT => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
                let (text, behind) = rest.split_at_checked(length)?;
                let text = std::str::from_utf8(text).ok()?;
                (SortValue::Text(text.to_owned()), behind)
            }
            TIME => {
                let (millis, behind) = rest.split_first_chunk::<8>()?;
                let millis = i64::from_be_bytes(*millis);
                (SortValue::Time(Timestamp::from_millis(millis)), behind)
            }
            _ => return None,
        };
        if values.len() == VALUES_MAX {
            return None;
        }
        values.push(value);
        bytes = behind;
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn bytes(key: &impl Key) -> Vec<u8> {
        let mut bytes = Vec::new();
        key.encode(&mut bytes);
        bytes
    }

    fn any_value() -> impl Strategy<Value = SortValue> {
        prop_oneof![
            "\\PC{0,300}".prop_map(SortValue::Text),
            // What is outside of the years of RFC 3339 is no timestamp.
            (0i64..253_402_300_799_000).prop_map(|at| SortValue::Time(Timestamp::from_millis(at))),
        ]
    }

    proptest! {
        #[test]
        fn keys_survive(id: u128, number: u64, values in vec(any_value(), 0..=VALUES_MAX)) {
            let uuid = Uuid::from_u128(id);
            prop_assert_eq!(u64::decode(&bytes(&number)), Some(number));
            let key = RoleId::new(uuid);
            prop_assert_eq!(RoleId::decode(&bytes(&key)), Some(key));
            let key = WorkspaceKey { value: values.first().cloned(), id: WorkspaceId::new(uuid) };
            prop_assert_eq!(WorkspaceKey::decode(&bytes(&key)), Some(key));
            let key = MemberKey { values, id: MembershipId::new(uuid) };
            prop_assert_eq!(MemberKey::decode(&bytes(&key)), Some(key));
        }

        #[test]
        fn garbage_is_no_key(bytes in vec(any::<u8>(), 0..64), text in "[tm\\x00-\\x05]{0,40}") {
            for bytes in [&bytes[..], text.as_bytes()] {
                let _ = MemberKey::decode(bytes);
                let _ = WorkspaceKey::decode(bytes);
                prop_assert_eq!(u64::decode(bytes).is_some(), bytes.len() == 8);
                prop_assert_eq!(UserId::decode(bytes).is_some(), bytes.len() == 16);
            }
        }

        #[test]
        fn half_a_key_is_none(id: u128, value in any_value(), cut in 1usize..16) {
            let key = MemberKey { values: vec![value], id: MembershipId::new(Uuid::from_u128(id)) };
            let whole = bytes(&key);
            let end = whole.len() - cut.min(whole.len() - ID_BYTES - 1);
            prop_assert_eq!(MemberKey::decode(&whole[..end]).filter(|it| *it == key), None);
        }
    }

    #[test]
    fn roles_survive_and_their_halves_do_not() {
        let built_in = Role::ALL.map(RoleRef::Organization);
        let places = WorkspaceRole::ALL.map(RoleRef::Workspace);
        let custom = [RoleRef::Custom(RoleId::new(Uuid::from_u128(7)))];
        for key in built_in.into_iter().chain(places).chain(custom) {
            let whole = bytes(&key);
            assert_eq!(RoleRef::decode(&whole), Some(key));
            assert_eq!(RoleRef::decode(&whole[..whole.len() - 1]), None);
            assert_eq!(RoleRef::decode(&whole[1..]), None);
        }
    }

    #[test]
    fn a_workspace_has_one_value() {
        let two = MemberKey {
            values: vec![
                SortValue::Text("a".to_owned()),
                SortValue::Text("b".to_owned()),
            ],
            id: MembershipId::new(Uuid::nil()),
        };
        assert_eq!(WorkspaceKey::decode(&bytes(&two)), None);
    }
}
