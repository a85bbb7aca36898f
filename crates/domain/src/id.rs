//! Typed identifiers. Every id is a UUID, version 7 unless the caller chose it.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that an id source made or a store kept.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Reads the canonical spelling: 36 characters, hyphenated, lower case (RFC 9562 §4).
            /// Any other spelling is not an id, so that one row never has two addresses; nor is
            /// the nil UUID, which dialects put in the place of texts that are no ids.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let canonical = text.len() == 36 && !text.bytes().any(|b| b.is_ascii_uppercase());
                let uuid = Uuid::try_parse(text).ok()?;
                (canonical && !uuid.is_nil()).then_some(Self(uuid))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = Uuid::encode_buffer();
                f.write_str(self.0.hyphenated().encode_lower(&mut text))
            }
        }
    };
}

id!(
    /// Names one organization.
    OrganizationId
);
id!(
    /// Names one user: a person or a service account.
    UserId
);
id!(
    /// Names one membership: the bond between a user and an organization.
    MembershipId
);
id!(
    /// Names one token, be it a personal access token or a service account's key; not a secret.
    TokenId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_an_id() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(
            UserId::parse(text).map(|id| id.to_string()).as_deref(),
            Some(text)
        );
        for wrong in [
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "01890a5dac96774bbcceb302099a8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057",
            "00000000-0000-0000-0000-000000000000",
            "",
            "me",
        ] {
            assert_eq!(UserId::parse(wrong), None, "{wrong}");
        }
    }
}
id!(
    /// Names one role that an organization made.
    RoleId
);
id!(
    /// Names one invitation; not a secret.
    InvitationId
);
id!(
    /// Names one workspace.
    WorkspaceId
);
id!(
    /// Names one domain of an organization.
    DomainId
);
id!(
    /// Names one message that waits to be sent.
    MessageId
);
id!(
    /// Names one webhook endpoint of an organization.
    WebhookEndpointId
);
id!(
    /// Names one OAuth client; not a secret.
    ClientId
);
id!(
    /// Names one secret of an OAuth client; not the secret itself.
    ClientSecretId
);
id!(
    /// Names what a user has allowed an OAuth client, once.
    GrantId
);
id!(
    /// Names what a device waits for.
    DeviceAuthorizationId
);
id!(
    /// Names a key that ID tokens are signed with.
    SigningKeyId
);
