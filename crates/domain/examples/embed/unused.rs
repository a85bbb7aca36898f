//! The ports behind which the chess club keeps nothing.

use rollbook_domain::domain::OrganizationDomain;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{
    ClientId, ClientSecretId, DeviceAuthorizationId, DomainId, GrantId, InvitationId, MessageId,
    OrganizationId, RoleId, SigningKeyId, UserId, WebhookEndpointId, WorkspaceId,
};
use rollbook_domain::idempotency::{Remembered, RequestKey};
use rollbook_domain::invitation::{
    Addressee, Invitation, InvitationProof, InvitationState, InvitationView,
};
use rollbook_domain::membership::Direction;
use rollbook_domain::oauth::{
    AuthorizationCode, ClientSecret, DeviceAuthorization, Grant, OAuthClient, RefreshToken, Scopes,
    SigningKey,
};
use rollbook_domain::organization::Version;
use rollbook_domain::outbox::{
    Allowance, Attempt, Delivery, DeliveryState, DeliveryTest, Depth, Message, Outcome,
};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::password::{KeptPassword, PasswordReset};
use rollbook_domain::port::{
    Claimed, DomainRepo, InstallationRepo, InvitationRepo, OAuthClientRepo, OAuthDeviceRepo,
    OAuthGrantRepo, OutboxRepo, PasswordRepo, PasswordResetRepo, PlanRepo, PreferencesRepo,
    RequestRepo, RoleHolder, RoleRepo, VerificationRepo, WebhookRepo, WorkspaceRepo,
};
use rollbook_domain::preferences::{OrganizationPreferences, WorkspacePreferences};
use rollbook_domain::role::{CustomRole, Permissions};
use rollbook_domain::secret::Digest;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{DomainName, Email, RoleKey, RoleTitle};
use rollbook_domain::verification::EmailVerification;
use rollbook_domain::webhook::WebhookEndpoint;
use rollbook_domain::workspace::{
    Workspace, WorkspaceField, WorkspaceKey, WorkspaceMemberView, WorkspaceMembership,
    WorkspaceView,
};
use rollbook_domain::{Error, Result};

use super::store::Rows;

/// What the club's program never calls, it need not implement: such a method answers an error.
macro_rules! unused {
    ($($method:ident($($argument:ty),*) -> $answer:ty;)+) => {
        $(fn $method(&mut self, $(_: $argument),*) -> Result<$answer> {
            Err(Error::storage("the chess club has no use for this"))
        })+
    };
}
pub(crate) use unused;

impl RoleRepo for Rows {
    unused! {
        add(&CustomRole) -> bool;
        find(OrganizationId, RoleId) -> Option<CustomRole>;
        home(RoleId) -> Option<OrganizationId>;
        find_by_key(OrganizationId, &RoleKey) -> Option<CustomRole>;
        find_by_title(OrganizationId, &RoleTitle) -> Option<CustomRole>;
        list(OrganizationId, &Window<RoleId>) -> Page<CustomRole, RoleId>;
        update(&CustomRole, Version) -> bool;
        remove(OrganizationId, RoleId) -> bool;
        holders(OrganizationId, RoleId) -> Vec<RoleHolder>;
    }
}

impl InvitationRepo for Rows {
    unused! {
        add(&Invitation, &Digest) -> bool;
        find(OrganizationId, InvitationId) -> Option<InvitationView>;
        find_anywhere(InvitationId) -> Option<InvitationView>;
        find_locked(InvitationId) -> Option<InvitationView>;
        find_by_secret(&InvitationProof) -> Option<InvitationView>;
        find_pending(OrganizationId, &Email) -> Option<Invitation>;
        addressee(OrganizationId, &Email) -> Addressee;
        run_out(Timestamp, u32) -> Vec<(OrganizationId, InvitationId)>;
        list(
            OrganizationId, &[Email], &[InvitationState], Timestamp, &Window<InvitationId>
        ) -> Page<InvitationView, InvitationId>;
        list_to(&Email, Timestamp, &Window<InvitationId>) -> Page<InvitationView, InvitationId>;
        count_pending(OrganizationId, Timestamp) -> u32;
        update(&Invitation, &Invitation) -> bool;
        set_secret(OrganizationId, InvitationId, &Digest) -> ();
        revoke_all(OrganizationId, Timestamp) -> u32;
    }
}

impl WorkspaceRepo for Rows {
    unused! {
        add(&Workspace) -> bool;
        find(OrganizationId, WorkspaceId) -> Option<WorkspaceView>;
        homes(WorkspaceId) -> Vec<OrganizationId>;
        update(&Workspace, Version) -> bool;
        count(OrganizationId) -> u32;
        list(OrganizationId, &Filter<TextTest>, WorkspaceField, Direction, &Window<WorkspaceKey>)
            -> Page<WorkspaceView, WorkspaceKey>;
        live(OrganizationId, &[WorkspaceId]) -> Vec<WorkspaceId>;
        list_of_member(OrganizationId, UserId, &Window<WorkspaceId>)
            -> Page<WorkspaceView, WorkspaceId>;
        add_member(&WorkspaceMembership) -> bool;
        find_member(OrganizationId, WorkspaceId, UserId) -> Option<WorkspaceMemberView>;
        granted(OrganizationId, WorkspaceId, UserId) -> Permissions;
        list_members(OrganizationId, WorkspaceId, &Window<UserId>)
            -> Page<WorkspaceMemberView, UserId>;
        update_member(&WorkspaceMembership, Version) -> bool;
        remove_member(OrganizationId, WorkspaceId, UserId) -> bool;
        count_members(OrganizationId, &[WorkspaceId]) -> Vec<u64>;
    }
}

impl PreferencesRepo for Rows {
    unused! {
        of_organization(OrganizationId) -> Option<OrganizationPreferences>;
        put_organization(&OrganizationPreferences) -> ();
        of_workspace(OrganizationId, WorkspaceId) -> Option<WorkspacePreferences>;
        put_workspace(&WorkspacePreferences) -> ();
    }
}

impl DomainRepo for Rows {
    unused! {
        add(&OrganizationDomain) -> bool;
        find(OrganizationId, DomainId) -> Option<OrganizationDomain>;
        find_verified(&DomainName) -> Option<OrganizationDomain>;
        list(OrganizationId, &Window<DomainId>) -> Page<OrganizationDomain, DomainId>;
        count(OrganizationId) -> u32;
        update(&OrganizationDomain, Version) -> bool;
        remove(OrganizationId, DomainId) -> bool;
        release_all(OrganizationId) -> ();
    }
}

impl RequestRepo for Rows {
    unused! {
        remember(UserId, &RequestKey, &Remembered, Timestamp) -> Option<Remembered>;
        forget(Timestamp, u32) -> u32;
    }
}

impl PasswordRepo for Rows {
    unused! {
        find(UserId) -> Option<KeptPassword>;
        put(&KeptPassword) -> ();
        remove(UserId) -> bool;
    }
}

impl PasswordResetRepo for Rows {
    unused! {
        put(&PasswordReset, &Digest) -> ();
        find_by_secret(&Digest) -> Option<PasswordReset>;
        remove(UserId) -> bool;
    }
}

impl OutboxRepo for Rows {
    unused! {
        add(&Message) -> ();
        claim(Timestamp, Timestamp, &Allowance) -> Vec<Claimed>;
        settle(MessageId, u32, Timestamp, &Outcome) -> bool;
        note(&Attempt) -> ();
        find(MessageId) -> Option<Delivery>;
        attempts(MessageId) -> Vec<Attempt>;
        list(&Filter<DeliveryTest>, &Window<MessageId>) -> Page<Delivery, MessageId>;
        replay(MessageId, Timestamp) -> bool;
        untried(WebhookEndpointId, u32) -> u32;
        depth() -> Depth;
        forget(DeliveryState, Timestamp, u32) -> u32;
    }
}

impl VerificationRepo for Rows {
    unused! {
        put(&EmailVerification, &Digest) -> ();
        find_by_secret(&Digest) -> Option<EmailVerification>;
        remove(UserId) -> bool;
    }
}

impl InstallationRepo for Rows {
    unused! {
        page_token_key() -> Option<[u8; 32]>;
        add_page_token_key(&[u8; 32]) -> bool;
        hold() -> ();
        signing_keys() -> Vec<SigningKey>;
        add_signing_key(&SigningKey) -> ();
        retire_signing_key(SigningKeyId, Timestamp) -> ();
        remove_signing_key(SigningKeyId) -> ();
    }
}

impl OAuthClientRepo for Rows {
    unused! {
        add(&OAuthClient) -> ();
        find(ClientId) -> Option<OAuthClient>;
        lock(ClientId) -> Option<OAuthClient>;
        list(Option<OrganizationId>, &Window<ClientId>) -> Page<OAuthClient, ClientId>;
        count(Option<OrganizationId>) -> u32;
        update(&OAuthClient, Version) -> bool;
        add_secret(&ClientSecret, &Digest) -> ();
        find_secret(ClientId, &Digest) -> Option<ClientSecret>;
        secrets(ClientId) -> Vec<ClientSecret>;
        end_secret(ClientSecretId, Timestamp) -> ();
        remove_secret(ClientSecretId) -> ();
    }
}

impl OAuthGrantRepo for Rows {
    unused! {
        add(&Grant) -> ();
        find(GrantId) -> Option<Grant>;
        lock(GrantId) -> Option<Grant>;
        list(UserId, &Window<GrantId>) -> Page<Grant, GrantId>;
        allowed(UserId, ClientId, Option<OrganizationId>) -> Vec<Scopes>;
        revoke(GrantId, Timestamp) -> bool;
        revoke_allowed(UserId, ClientId, Option<OrganizationId>, Timestamp) -> u32;
        revoke_of_user(UserId, Timestamp) -> u32;
        revoke_in(OrganizationId, UserId, Timestamp) -> u32;
        revoke_bound(OrganizationId, Timestamp) -> u32;
        revoke_of_client(ClientId, Timestamp) -> u32;
        add_code(&AuthorizationCode, &Digest) -> ();
        find_code(&Digest) -> Option<AuthorizationCode>;
        use_code(&Digest, Timestamp) -> bool;
        add_refresh_token(&RefreshToken, &Digest) -> ();
        find_refresh_token(&Digest) -> Option<RefreshToken>;
        use_refresh_token(&Digest, Timestamp) -> bool;
        forget(Timestamp, Timestamp, Timestamp, u32) -> u32;
    }
}

impl OAuthDeviceRepo for Rows {
    unused! {
        add(&DeviceAuthorization, &Digest, &Digest) -> bool;
        find(&Digest) -> Option<DeviceAuthorization>;
        find_by_user_code(&Digest) -> Option<DeviceAuthorization>;
        lock(DeviceAuthorizationId) -> Option<DeviceAuthorization>;
        update(&DeviceAuthorization) -> ();
    }
}

impl PlanRepo for Rows {
    unused! {
        find(OrganizationId) -> Option<Plan>;
        set(OrganizationId, &Plan) -> ();
    }
}

impl WebhookRepo for Rows {
    unused! {
        add(&WebhookEndpoint) -> ();
        find(OrganizationId, WebhookEndpointId) -> Option<WebhookEndpoint>;
        find_locked(OrganizationId, WebhookEndpointId) -> Option<WebhookEndpoint>;
        list(OrganizationId, &Window<WebhookEndpointId>) -> Page<WebhookEndpoint, WebhookEndpointId>;
        count(OrganizationId) -> u32;
        update(&WebhookEndpoint, Version) -> bool;
        delete(OrganizationId, WebhookEndpointId, Version, Timestamp) -> bool;
        is_any_behind(u32) -> bool;
        behind(u32, u32) -> Vec<WebhookEndpoint>;
        advance(&WebhookEndpoint, u64) -> ();
    }
}
