//! What templates know. docs/operations.md lists it.

use std::collections::BTreeMap;

use minijinja::Value;
use rollbook_domain::mail::{Mail, MailText};
use rollbook_domain::secret::Secret;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{DisplayName, WorkspaceTitle};

use super::moment::told;

/// The variables of a template. All that a kind of letter may lack is there as `none`.
pub(super) type Values = BTreeMap<&'static str, Value>;

/// The page that a letter leads to, if it does.
pub(crate) fn link(public_url: &str, text: &MailText) -> Option<String> {
    let (page, secret) = match text {
        MailText::Invitation { secret, .. } => ("invitations", secret),
        MailText::EmailVerification { secret, .. } => ("verify-email", secret),
        MailText::PasswordReset { secret, .. } => ("reset-password", secret),
        MailText::OwnershipTransferred { .. } | MailText::DomainVerification { .. } => return None,
    };
    Some(format!("{public_url}/{page}/{}", secret.reveal()))
}

/// The secret in a letter, which no log may hold.
pub(crate) const fn secret(text: &MailText) -> Option<&Secret> {
    match text {
        MailText::Invitation { secret, .. }
        | MailText::EmailVerification { secret, .. }
        | MailText::PasswordReset { secret, .. } => Some(secret),
        MailText::OwnershipTransferred { .. } | MailText::DomainVerification { .. } => None,
    }
}

/// What there is to say in this language.
pub(super) fn values(mail: &Mail, language: &str, public_url: &str) -> Values {
    let name = mail.name.as_ref().map(DisplayName::as_str);
    let mut values = Values::from([
        ("language", Value::from(language)),
        ("public_url", Value::from(public_url)),
        ("recipient", Value::from(mail.recipient.as_str())),
        ("name", Value::from(name)),
        ("link", Value::from(link(public_url, &mail.text))),
    ]);
    match &mail.text {
        MailText::Invitation {
            organization,
            workspace,
            inviter,
            expires_at,
            ..
        } => {
            let workspace = workspace.as_ref().map(WorkspaceTitle::as_str);
            let inviter = inviter.as_ref().map(DisplayName::as_str);
            values.insert("organization", Value::from(organization.as_str()));
            values.insert("workspace", Value::from(workspace));
            values.insert("inviter", Value::from(inviter));
            values.extend(end(*expires_at, language));
        }
        MailText::EmailVerification { expires_at, .. }
        | MailText::PasswordReset { expires_at, .. } => values.extend(end(*expires_at, language)),
        MailText::OwnershipTransferred {
            organization,
            previous_owner,
            owner,
        } => {
            values.insert("organization", Value::from(organization.as_str()));
            values.insert("previous_owner", Value::from(previous_owner.as_str()));
            values.insert("owner", Value::from(owner.as_str()));
        }
        MailText::DomainVerification {
            organization,
            domain,
            record,
            value,
        } => {
            values.insert("organization", Value::from(organization.as_str()));
            values.insert("domain", Value::from(domain.as_str()));
            values.insert("record", Value::from(record.as_str()));
            values.insert("value", Value::from(value.as_str()));
        }
    }
    values
}

/// Until when: in words, and for those who would rather have RFC 3339.
fn end(moment: Timestamp, language: &str) -> [(&'static str, Value); 2] {
    [
        ("expires", Value::from(told(moment, language))),
        ("expires_at", Value::from(moment.to_rfc3339())),
    ]
}
