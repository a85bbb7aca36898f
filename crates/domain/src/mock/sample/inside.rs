//! What organizations hold.

use super::{email, token, uuid};
use crate::audit::{Act, Actor, Chain, Entry, Target};
use crate::domain::{Enrollment, OrganizationDomain};
use crate::id::{
    DomainId, InvitationId, MessageId, OrganizationId, RoleId, UserId, WebhookEndpointId,
    WorkspaceId,
};
use crate::invitation::{DEFAULT_LIFETIME, Invitation, InvitationState, InvitationView};
use crate::mock::FixedClock;
use crate::organization::{Organization, Version};
use crate::outbox::{Content, Letter, Message};
use crate::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, TimeFormat,
};
use crate::role::{
    CustomRole, Permission, Permissions, Role, RoleScope, Roles, WorkspaceRole, WorkspaceRoles,
};
use crate::secret::{Digest, Secret};
use crate::token::Token;
use crate::user::{User, UserKind};
use crate::value::{
    Description, DomainName, Metadata, RoleKey, RoleTitle, TimeZone, Url, WorkspaceTitle,
};
use crate::webhook::{EndpointStatus, WebhookEndpoint};
use crate::workspace::{Workspace, WorkspaceMemberView, WorkspaceMembership, WorkspaceView};
use sha2::{Digest as _, Sha256};

/// A service account that belongs to the organization.
#[must_use]
pub fn service_account_of(organization: &Organization, name: &str) -> User {
    User {
        organization_id: Some(organization.id),
        ..super::service_account(name)
    }
}

/// A key of the organization's service account, made by `maker`; its secret is [`key_secret`] of
/// the same name.
#[must_use]
pub fn key(name: &str, organization: &Organization, account: &User, maker: &User) -> Token {
    Token {
        organization_id: Some(organization.id),
        created_by: Some(maker.id),
        last_four: key_secret(name).last_four(),
        ..token(name, account)
    }
}

/// The secret of a service account's key.
#[must_use]
pub fn key_secret(name: &str) -> Secret {
    Secret::service_account_key(&Sha256::digest(name.as_bytes()).into())
}

/// A role that the organization made, with the key `name`, which must do as one.
#[must_use]
pub fn role(organization: &Organization, name: &str, permissions: &[Permission]) -> CustomRole {
    CustomRole {
        id: RoleId::new(uuid(&format!("role {} {name}", organization.id))),
        organization_id: organization.id,
        scope: RoleScope::Organization,
        key: RoleKey::from_stored(name.to_owned()),
        title: RoleTitle::from_stored(name.to_owned()),
        description: None,
        permissions: Permissions::of(permissions),
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
    }
}

/// A role for workspaces that the organization made.
#[must_use]
pub fn workspace_role(
    organization: &Organization,
    name: &str,
    permissions: &[Permission],
) -> CustomRole {
    CustomRole {
        scope: RoleScope::Workspace,
        ..role(organization, name, permissions)
    }
}

/// That `name@example.com` is invited to the organization by its owner. It is pending, and runs
/// out after the usual time.
#[must_use]
pub fn invitation(organization: &Organization, name: &str, roles: &[Role]) -> Invitation {
    let owner = Actor::User {
        id: organization.owner_id,
        kind: UserKind::Person,
        token: crate::id::TokenId::new(uuid("token")),
    };
    Invitation {
        id: InvitationId::new(uuid(&format!("invitation {} {name}", organization.id))),
        organization_id: organization.id,
        workspace_id: None,
        email: email(name),
        roles: Roles::of(roles),
        workspace_roles: WorkspaceRoles::NONE,
        custom_roles: Vec::new(),
        inviter_id: owner.user(),
        inviter_kind: owner.key().to_owned(),
        redirect_organization_id: None,
        redirect_workspace_id: None,
        language: None,
        metadata: Metadata::default(),
        state: InvitationState::Pending,
        accepted_by: None,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
        expires_at: FixedClock::START.plus(DEFAULT_LIFETIME),
    }
}

/// An invitation as its readers see it.
#[must_use]
pub fn invitation_view(
    organization: &Organization,
    owner: &User,
    name: &str,
    roles: &[Role],
) -> InvitationView {
    InvitationView {
        invitation: invitation(organization, name, roles),
        organization_name: organization.name.clone(),
        workspace_title: None,
        inviter_name: Some(owner.display_name.clone()),
    }
}

/// A secret of this invitation; each name makes another.
#[must_use]
pub fn invitation_secret(id: InvitationId, name: &str) -> Secret {
    Secret::invitation(id, &Sha256::digest(name.as_bytes()).into())
}

/// What is sent to whoever is invited, with [`invitation_secret`] of their address.
#[must_use]
pub fn message(invitation: &Invitation) -> Message {
    Message {
        id: MessageId::new(uuid(&format!("message {}", invitation.id))),
        content: Content::Letter {
            recipient: invitation.email.clone(),
            letter: Letter::Invitation {
                organization_id: invitation.organization_id,
                invitation_id: invitation.id,
                secret: invitation_secret(invitation.id, invitation.email.as_str()),
                again: false,
            },
        },
        created_at: FixedClock::START,
    }
}

/// A live workspace of the organization.
#[must_use]
pub fn workspace(organization: &Organization, title: &str, creator: &User) -> Workspace {
    Workspace {
        id: WorkspaceId::new(uuid(&format!("workspace {} {title}", organization.id))),
        organization_id: organization.id,
        title: WorkspaceTitle::from_stored(title.to_owned()),
        description: None,
        icon: None,
        icon_color: None,
        creator_id: creator.id,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
        deleted_at: None,
    }
}

/// A workspace with its creator.
#[must_use]
pub fn workspace_view(organization: &Organization, title: &str, creator: &User) -> WorkspaceView {
    WorkspaceView {
        workspace: workspace(organization, title, creator),
        creator_name: creator.display_name.clone(),
        creator_email: creator.email.clone(),
    }
}

/// That the user belongs to the workspace, with these roles.
#[must_use]
pub fn workspace_membership(
    workspace: &Workspace,
    user: &User,
    roles: &[WorkspaceRole],
) -> WorkspaceMembership {
    WorkspaceMembership {
        organization_id: workspace.organization_id,
        workspace_id: workspace.id,
        user_id: user.id,
        roles: WorkspaceRoles::of(roles),
        custom_roles: Vec::new(),
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
    }
}

/// A membership of a workspace with its user.
#[must_use]
pub fn workspace_member_view(
    workspace: &Workspace,
    user: &User,
    roles: &[WorkspaceRole],
) -> WorkspaceMemberView {
    WorkspaceMemberView {
        membership: workspace_membership(workspace, user, roles),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
    }
}

/// A domain that the organization has added and not verified.
#[must_use]
pub fn domain(organization: &Organization, name: &str) -> OrganizationDomain {
    OrganizationDomain {
        id: DomainId::new(uuid(&format!("domain {} {name}", organization.id))),
        organization_id: organization.id,
        name: DomainName::from_stored(name.to_owned()),
        challenge: format!("{}{name}", OrganizationDomain::CHALLENGE_PREFIX),
        verified_at: None,
        primary: false,
        enrollment: Enrollment::InviteOnly,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
    }
}

/// Preferences that say everything.
#[must_use]
pub fn general() -> General {
    General {
        time_zone: TimeZone::parse("Europe/Berlin").ok(),
        time_format: Some(TimeFormat::TwentyFourHours),
        date_format: Some(DateFormat::DdMmYyyyDot),
        decimal_symbol: Some(DecimalSymbol::Comma),
        decimal_places: DecimalPlaces::new(2).ok(),
        measurement_system: Some(MeasurementSystem::Metric),
    }
}

/// An entry of the organization's log: that the user changed the organization. Its digest is right,
/// the one before is not known to it.
#[must_use]
pub fn entry(organization: OrganizationId, sequence: u64, user: UserId) -> Entry {
    let target = Target::Organization(organization);
    let mut entry = Entry {
        chain: Chain::Organization(organization),
        sequence,
        at: FixedClock::START,
        actor_kind: "person".to_owned(),
        actor_id: Some(user),
        token_id: None,
        act: Act::OrganizationUpdated.key().to_owned(),
        target_kind: target.key().to_owned(),
        target_id: target.uuid(),
        address: None,
        request_id: None,
        changes: r#"[{"field":"name","before":"Acme","after":"Acme Corp"}]"#.to_owned(),
        previous: Digest::new([0; 32]),
        digest: Digest::new([0; 32]),
    };
    entry.digest = entry.computed_digest();
    entry
}

/// An enabled endpoint of the organization that has heard of nothing yet.
#[must_use]
pub fn webhook_endpoint(organization: &Organization, name: &str) -> WebhookEndpoint {
    WebhookEndpoint {
        id: WebhookEndpointId::new(uuid(&format!("endpoint {} {name}", organization.id))),
        organization_id: organization.id,
        url: Url::from_stored(format!("https://{name}.example/hook")),
        description: Description::from_stored(String::new()),
        event_types: Vec::new(),
        status: EndpointStatus::Enabled,
        secret: Secret::webhook(&Sha256::digest(name.as_bytes()).into()),
        previous_secret: None,
        position: 0,
        failing_since: None,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
    }
}
