//! The page.

use std::fmt::Write as _;

use pollster::block_on;
use rollbook_domain::Result;
use rollbook_domain::access::Origin;
use rollbook_domain::audit::{self, Act, Actor, Author, Chain, Change, Deed, Target};
use rollbook_domain::event::Event;
use rollbook_domain::id::{
    ClientId, DomainId, InvitationId, MessageId, OrganizationId, RoleId, TokenId, UserId,
    WebhookEndpointId, WorkspaceId,
};
use rollbook_domain::mock::{FixedClock, MemoryStore};
use rollbook_domain::port::Store;
use rollbook_domain::user::UserKind;
use uuid::Uuid;

const INTRODUCTION: &str = include_str!("introduction.md");

/// The whole page.
pub(super) fn write() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## The types\n\n| type | what happened | target | fields of `changes` |\n|---|---|---|---|\n");
    let events = || Act::ALL.iter().copied().filter(|act| act.is_event());
    for act in events() {
        let targets = code(act.targets());
        let fields = code(act.fields());
        let (key, sentence) = (act.key(), act.sentence());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{key}` | {sentence} | {targets} | {fields} |");
    }
    text.push_str("\n## Examples\n\nOne event of each type, as it is sent, on a line of its own.\n\n```jsonl\n");
    for act in events() {
        text.push_str(&example(act));
        text.push('\n');
    }
    text.push_str("```\n");
    text
}

fn code(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// An event of this type that changed all its fields, recorded as every other.
pub(super) fn example(act: Act) -> String {
    block_on(record(act)).unwrap()
}

async fn record(act: Act) -> Result<String> {
    let organization = OrganizationId::new(id(1));
    let chain = Chain::Organization(organization);
    let person = Actor::User {
        id: UserId::new(id(2)),
        kind: UserKind::Person,
        token: TokenId::new(id(3)),
    };
    let author = Author {
        actor: match act {
            Act::InvitationExpired => Actor::System,
            _ => person,
        },
        origin: Origin {
            address: None,
            request: None,
        },
    };
    let deed = Deed {
        chain,
        act,
        target: target(act, organization),
        changes: act
            .fields()
            .iter()
            .map(|field| change(act, field))
            .collect(),
    };
    let store: &dyn Store = &MemoryStore::new();
    store
        .write(move |tx| {
            audit::record(tx, &author, FixedClock::START, &deed)?;
            let entry = tx.audit().follow(chain, 0, 1)?.remove(0);
            Ok(Event::of(&entry)
                .map(|event| event.json())
                .unwrap_or_default())
        })
        .await
}

/// An id that looks like one.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0198_0c5e_7a10_7000_8000_0000_0000_0000 + number)
}

fn target(act: Act, organization: OrganizationId) -> Target {
    let id = id(9);
    match act.targets()[0] {
        "organization" => Target::Organization(organization),
        "membership" => Target::Membership(UserId::new(id)),
        "invitation" => Target::Invitation(InvitationId::new(id)),
        "message" => Target::Message(MessageId::new(id)),
        "webhook" => Target::Webhook(WebhookEndpointId::new(id)),
        "role" => Target::Role(RoleId::new(id)),
        "workspace" => Target::Workspace(WorkspaceId::new(id)),
        "workspace_membership" => Target::WorkspaceMembership(UserId::new(id)),
        "domain" => Target::Domain(DomainId::new(id)),
        "user" => Target::User(UserId::new(id)),
        "token" => Target::Token(TokenId::new(id)),
        "oauth_client" => Target::OAuthClient(ClientId::new(id)),
        other => panic!("{other}"),
    }
}

fn change(act: Act, field: &'static str) -> Change {
    let (before, after) = values(act, field);
    let done = act.key().rsplit('.').next().unwrap();
    let fresh = done == "created" || matches!(field, "replacement" | "tokens_revoked" | "kind");
    let gone = matches!(done, "deleted" | "left");
    match (fresh, gone && !fresh) {
        (true, _) => Change::set(field, after),
        (_, true) => Change::new(field, Some(before), None),
        _ => Change::new(field, Some(before), Some(after)),
    }
}

fn values(act: Act, field: &str) -> (&'static str, &'static str) {
    match (act, field) {
        (Act::InvitationAccepted, "state") => ("pending", "accepted"),
        (Act::InvitationDeclined, "state") => ("pending", "declined"),
        (Act::InvitationRevoked, "state") => ("pending", "revoked"),
        (Act::InvitationExpired, "state") => ("pending", "expired"),
        (Act::InvitationResent, "state") => ("expired", "pending"),
        (Act::DomainCreated | Act::DomainDeleted, "name") => ("acme.example", "acme.example"),
        (Act::TokenCreated, "name") => ("", "deployment"),
        (Act::WebhookCreated | Act::WebhookUpdated, "status") => ("enabled", "failing"),
        (Act::ClientCreated, "name") => ("", "Console"),
        (Act::ClientCreated, "kind") => ("", "confidential"),
        (Act::SubscriptionUpdated, "members" | "workspaces") => ("5", "20"),
        _ => common(field),
    }
}

fn common(field: &str) -> (&'static str, &'static str) {
    match field {
        "name" => ("Acme", "Acme Corp"),
        "slug" => ("acme", "acme-corp"),
        "title" => ("Lab", "Laboratory"),
        "description" => ("Anvils", "Anvils and more"),
        "logo" => ("https://acme.example/logo.png", "image/png"),
        "links" => (
            "[]",
            r#"[{"title":"Wiki","url":"https://acme.example/wiki"}]"#,
        ),
        "icon" => ("flask", "microscope"),
        "icon_color" => ("red", "blue"),
        "key" => ("auditor", "auditor"),
        "replacement" => ("", "org-viewer"),
        "permission" => ("read:Invitation", "read:AuditEntry"),
        "roles" => ("org-viewer", "org-member"),
        "tokens_revoked" => ("", "1"),
        "email" => ("", "sue@example.com"),
        "display_name" => ("robot", "Deployment robot"),
        "state" => ("pending", "expired"),
        "language" => ("en", "de"),
        "url" => ("https://hooks.acme.example", "https://acme.example"),
        "event_types" => ("membership.*", "membership.* invitation.*"),
        "kind" => ("", "invitation"),
        "scopes" => ("", "openid rollbook:read"),
        "expires_at" => ("2026-01-31T12:00:00Z", "2026-03-02T12:00:00Z"),
        "owner_id" | "workspace_id" | "service_account" => (
            "01980c5e-7a10-7000-8000-000000000007",
            "01980c5e-7a10-7000-8000-000000000008",
        ),
        "support_team_access" | "primary" => ("false", "true"),
        "enrollment" => ("invite_only", "automatic_join"),
        "time_zone" => ("Europe/Berlin", "America/New_York"),
        "time_format" => ("24_hour", "12_hour"),
        "date_format" => ("dd_mm_yyyy_dot", "mm_dd_yyyy_slash"),
        "decimal_symbol" => ("comma", "period"),
        "decimal_places" => ("2", "3"),
        "measurement_system" => ("metric", "imperial"),
        "status" => ("trial", "active"),
        "trial_end_time" => ("2026-01-15T12:00:00Z", "2026-02-15T12:00:00Z"),
        other => panic!("an example of {other} is missing"),
    }
}
