//! Resource names and times. Those of organizations are written without allocations: a list prints
//! five of them an item.

use std::fmt::{self, Display, Write as _};

use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::time::Timestamp;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::json::{WriteJson, write_parts, write_plain};

/// `organizations/{organization}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrganizationName(pub(super) OrganizationId);

/// `organizations/{organization}/users/{user}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnerName(pub(super) OrganizationId, pub(super) UserId);

/// The name of anything else, such as `organizations/{organization}/workspaces/{workspace}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// `{collection}/{id}`, for what is below nothing.
    pub(super) fn new(collection: &str, id: impl Display) -> Self {
        Self(format!("{collection}/{id}"))
    }

    /// `{self}/{collection}/{id}`.
    pub(super) fn child(mut self, collection: &str, id: impl Display) -> Self {
        // Writing to memory does not fail.
        let _ = write!(self.0, "/{collection}/{id}");
        self
    }

    /// `{self}/{name}`, for what there is one of.
    pub(super) fn only(mut self, name: &str) -> Self {
        self.0.push('/');
        self.0.push_str(name);
        self
    }
}

impl From<OrganizationId> for Name {
    fn from(id: OrganizationId) -> Self {
        Self::new("organizations", id)
    }
}

impl From<UserId> for Name {
    fn from(id: UserId) -> Self {
        Self::new("users", id)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl WriteJson for Name {
    fn write_json(&self, json: &mut Vec<u8>) {
        // What clients can choose of a name are keys of roles, which need no escaping either.
        write_plain(&self.0, json);
    }
}

/// A moment in RFC 3339.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

const ORGANIZATIONS: &str = "organizations/";
const USERS: &str = "/users/";
impl Display for OrganizationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ORGANIZATIONS}{}", self.0)
    }
}

impl Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{USERS}{}", OrganizationName(self.0), self.1)
    }
}

impl Serialize for OrganizationName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for OwnerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.rfc3339().as_str())
    }
}

impl WriteJson for OrganizationName {
    fn write_json(&self, json: &mut Vec<u8>) {
        let mut id = Uuid::encode_buffer();
        write_parts(
            &[ORGANIZATIONS.as_bytes(), digits(self.0.uuid(), &mut id)],
            json,
        );
    }
}

impl WriteJson for OwnerName {
    fn write_json(&self, json: &mut Vec<u8>) {
        let (mut organization, mut user) = (Uuid::encode_buffer(), Uuid::encode_buffer());
        let parts = [
            ORGANIZATIONS.as_bytes(),
            digits(self.0.uuid(), &mut organization),
            USERS.as_bytes(),
            digits(self.1.uuid(), &mut user),
        ];
        write_parts(&parts, json);
    }
}

impl WriteJson for Time {
    fn write_json(&self, json: &mut Vec<u8>) {
        write_parts(&[self.0.rfc3339().as_bytes()], json);
    }
}

fn digits(id: Uuid, room: &mut [u8]) -> &[u8] {
    id.hyphenated().encode_lower(room).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_as_they_are_documented() {
        let id = Uuid::from_u128(0x0198_0c5e_7a10_7c3a_9b1e_6f1d_2c3b_4a59);
        let name = OwnerName(OrganizationId::new(id), UserId::new(id));
        assert_eq!(
            serde_json::to_string(&name).unwrap(),
            format!("\"organizations/{id}/users/{id}\"")
        );
        let name = Name::from(OrganizationId::new(id)).child("roles", "auditor");
        assert_eq!(
            serde_json::to_string(&name).unwrap(),
            format!("\"organizations/{id}/roles/auditor\"")
        );
        let name = OrganizationName(OrganizationId::new(id));
        assert_eq!(
            serde_json::to_string(&name).unwrap(),
            format!("\"organizations/{id}\"")
        );
    }
}
