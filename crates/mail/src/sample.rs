//! Letters that were never written, to look at and to try templates with.

use rollbook_domain::id::{InvitationId, MessageId, OrganizationId};
use rollbook_domain::mail::{Mail, MailText};
use rollbook_domain::secret::Secret;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{
    DisplayName, DomainName, Email, Language, OrganizationName, WorkspaceTitle,
};
use uuid::Uuid;

/// The id of everything in them.
const ID: Uuid = Uuid::from_u128(0x0198_0c5e_0000_7000_8000_0000_0000_0009);
/// When the samples were written: 2026-01-01T12:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_767_268_800_000);

/// A letter of this kind with all that it may say, in this language; `None`: there is no such kind.
#[must_use]
pub fn sample(key: &str, language: Option<Language>) -> Option<Mail> {
    let found = texts(true).into_iter().find(|text| text.key() == key)?;
    Some(Mail {
        language,
        ..mail(found, true)
    })
}

/// A letter of each kind with all that it may say, and one with as little as it may say.
pub(crate) fn samples() -> Vec<Mail> {
    let of = |full| texts(full).into_iter().map(move |text| mail(text, full));
    of(true).chain(of(false)).collect()
}

fn mail(text: MailText, full: bool) -> Mail {
    Mail {
        id: MessageId::new(ID),
        recipient: Email::from_stored("joe@acme.example".to_owned()),
        name: full.then(|| person("Joe Miller")),
        language: None,
        written_at: NOW,
        text,
    }
}

fn texts(full: bool) -> Vec<MailText> {
    let expires_at = NOW.plus(Span::days(30));
    let invitation_id = InvitationId::new(ID);
    let secret = Secret::invitation(invitation_id, &[7; 32]);
    let organization = OrganizationName::from_stored("Acme & Sons".to_owned());
    let invitation = |again| MailText::Invitation {
        organization_id: OrganizationId::new(ID),
        organization: organization.clone(),
        workspace: full.then(|| WorkspaceTitle::from_stored("Invoices".to_owned())),
        inviter: full.then(|| person("Jane Smith")),
        invitation_id,
        secret: secret.clone(),
        expires_at,
        again,
    };
    vec![
        invitation(false),
        invitation(true),
        MailText::EmailVerification {
            secret: secret.clone(),
            expires_at,
        },
        MailText::PasswordReset {
            secret: secret.clone(),
            expires_at,
        },
        MailText::OwnershipTransferred {
            organization: organization.clone(),
            previous_owner: person("Jane Smith"),
            owner: person("Joe Miller"),
        },
        MailText::DomainVerification {
            organization: organization.clone(),
            domain: DomainName::from_stored("acme.example".to_owned()),
            record: "_rollbook-challenge.acme.example".to_owned(),
            value: "rollbook-domain-verification=0123456789abcdef".to_owned(),
        },
    ]
}

fn person(name: &str) -> DisplayName {
    DisplayName::from_stored(name.to_owned())
}
