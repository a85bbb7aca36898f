//! The tables, as Diesel knows them: one description for both databases. The SQL is in
//! `migrations/`, and `tests/parity.rs` holds the two against each other.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql::{Id, Instant};

    users (id) {
        id -> Id,
        kind -> Text,
        email -> Text,
        email_key -> Text,
        display_name -> Text,
        superuser -> Bool,
        active -> Bool,
        created_at -> Instant,
        updated_at -> Instant,
        email_verified_at -> Nullable<Instant>,
        organization_id -> Nullable<Id>,
        trial_started_at -> Nullable<Instant>,
        version -> BigInt,
        deleted_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    organizations (id) {
        id -> Id,
        name -> Text,
        name_key -> Text,
        slug -> Text,
        description -> Nullable<Text>,
        owner_id -> Id,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        deleted_at -> Nullable<Instant>,
        logo_url -> Nullable<Text>,
        logo_media_type -> Nullable<Text>,
        logo_bytes -> Nullable<Binary>,
        subscription_status -> Text,
        trial_ends_at -> Nullable<Instant>,
        member_quota -> BigInt,
        workspace_quota -> BigInt,
        links -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::sql::{Id, Instant};

    memberships (user_id, organization_id) {
        id -> Id,
        organization_id -> Id,
        user_id -> Id,
        roles -> Text,
        created_at -> Instant,
        updated_at -> Instant,
        version -> BigInt,
        display_name_key -> Text,
        email_key -> Text,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    tokens (id) {
        id -> Id,
        user_id -> Id,
        name -> Text,
        digest -> Binary,
        last_four -> Text,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
        organization_id -> Nullable<Id>,
        created_by -> Nullable<Id>,
        kind -> Text,
        parent_id -> Nullable<Id>,
        client_id -> Nullable<Id>,
        grant_id -> Nullable<Id>,
        scopes -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer};

    installation (id) {
        id -> Integer,
        page_token_key -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql::{Id, Instant};

    roles (organization_id, id) {
        id -> Id,
        organization_id -> Id,
        scope -> Text,
        role_key -> Text,
        title -> Text,
        title_key -> Text,
        description -> Nullable<Text>,
        permissions -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

table! {
    use crate::sql::Id;

    membership_roles (organization_id, user_id, role_id) {
        organization_id -> Id,
        user_id -> Id,
        role_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql::{Id, Instant};

    workspaces (organization_id, id) {
        id -> Id,
        organization_id -> Id,
        title -> Text,
        title_key -> Text,
        description -> Nullable<Text>,
        icon -> Nullable<Text>,
        icon_color -> Nullable<Text>,
        creator_id -> Id,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        deleted_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::sql::{Id, Instant};

    workspace_memberships (organization_id, workspace_id, user_id) {
        organization_id -> Id,
        workspace_id -> Id,
        user_id -> Id,
        roles -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

table! {
    use crate::sql::Id;

    workspace_membership_roles (organization_id, workspace_id, user_id, role_id) {
        organization_id -> Id,
        workspace_id -> Id,
        user_id -> Id,
        role_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    use crate::sql::{Id, Instant};

    invitations (id) {
        id -> Id,
        organization_id -> Id,
        workspace_id -> Nullable<Id>,
        email -> Text,
        email_key -> Text,
        roles -> Text,
        workspace_roles -> Text,
        inviter_id -> Nullable<Id>,
        inviter_kind -> Text,
        redirect_organization_id -> Nullable<Id>,
        redirect_workspace_id -> Nullable<Id>,
        metadata -> Text,
        state -> Text,
        accepted_by -> Nullable<Id>,
        digest -> Binary,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        expires_at -> Instant,
        language -> Nullable<Text>,
        secret_names_id -> Bool,
        holds_limited_seat -> Bool,
    }
}

table! {
    use crate::sql::Id;

    invitation_roles (organization_id, invitation_id, role_id) {
        organization_id -> Id,
        invitation_id -> Id,
        role_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    use crate::sql::{Id, Instant};

    organization_preferences (organization_id) {
        organization_id -> Id,
        support_team_access -> Bool,
        time_zone -> Nullable<Text>,
        time_format -> Nullable<Text>,
        date_format -> Nullable<Text>,
        decimal_symbol -> Nullable<Text>,
        decimal_places -> Nullable<Integer>,
        measurement_system -> Nullable<Text>,
        version -> BigInt,
        updated_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::sql::{Id, Instant};

    workspace_preferences (organization_id, workspace_id) {
        organization_id -> Id,
        workspace_id -> Id,
        time_zone -> Nullable<Text>,
        time_format -> Nullable<Text>,
        date_format -> Nullable<Text>,
        decimal_symbol -> Nullable<Text>,
        decimal_places -> Nullable<Integer>,
        measurement_system -> Nullable<Text>,
        version -> BigInt,
        updated_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql::{Id, Instant};

    organization_domains (organization_id, id) {
        id -> Id,
        organization_id -> Id,
        name -> Text,
        challenge -> Text,
        verified_at -> Nullable<Instant>,
        is_primary -> Bool,
        enrollment -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    audit_entries (chain_id, sequence) {
        chain_id -> Id,
        sequence -> BigInt,
        chain_kind -> Text,
        at -> Instant,
        actor_kind -> Text,
        actor_id -> Nullable<Id>,
        token_id -> Nullable<Id>,
        act -> Text,
        target_kind -> Text,
        target_id -> Id,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        changes -> Text,
        previous -> Binary,
        digest -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::sql::{Id, Instant};

    requests (user_id, request_key) {
        user_id -> Id,
        request_key -> Text,
        fingerprint -> Binary,
        made -> Id,
        at -> Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    use crate::sql::{Id, Instant};

    outbox (id) {
        id -> Id,
        kind -> Text,
        state -> Text,
        organization_id -> Nullable<Id>,
        recipient -> Nullable<Text>,
        subject_id -> Nullable<Id>,
        secret -> Nullable<Text>,
        endpoint_id -> Nullable<Id>,
        sequence -> Nullable<BigInt>,
        attempts -> Integer,
        begun -> Integer,
        due_at -> Instant,
        last_error -> Nullable<Text>,
        created_at -> Instant,
        finished_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::sql::{Id, Instant};

    delivery_attempts (message_id, number) {
        message_id -> Id,
        number -> Integer,
        at -> Instant,
        milliseconds -> Integer,
        status -> Nullable<Integer>,
        error -> Nullable<Text>,
        response -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql::{Id, Instant};

    webhook_endpoints (organization_id, id) {
        id -> Id,
        organization_id -> Id,
        url -> Text,
        description -> Text,
        event_types -> Text,
        status -> Text,
        secret -> Text,
        previous_secret -> Nullable<Text>,
        previous_secret_until -> Nullable<Instant>,
        position -> BigInt,
        head -> BigInt,
        failing_since -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        deleted_at -> Nullable<Instant>,
    }
}

joinable!(organizations -> users (owner_id));
joinable!(memberships -> organizations (organization_id));
joinable!(memberships -> users (user_id));
table! {
    use diesel::sql_types::{Binary, Text};
    use crate::sql::{Id, Instant};

    email_verifications (user_id) {
        user_id -> Id,
        email -> Text,
        digest -> Binary,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

table! {
    /// The hashes of passwords, one a user.
    use diesel::sql_types::Text;
    use crate::sql::{Id, Instant};

    passwords (user_id) {
        user_id -> Id,
        hash -> Text,
        changed_at -> Instant,
    }
}

table! {
    /// Ways to a new password, one a user.
    use diesel::sql_types::{Binary, Text};
    use crate::sql::{Id, Instant};

    password_resets (user_id) {
        user_id -> Id,
        email -> Text,
        digest -> Binary,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql::{Id, Instant};

    oauth_clients (id) {
        id -> Id,
        organization_id -> Nullable<Id>,
        name -> Text,
        kind -> Text,
        grant_types -> Text,
        scopes -> Text,
        redirect_uris -> Text,
        service_account_id -> Nullable<Id>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        deleted_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    oauth_client_secrets (id) {
        id -> Id,
        client_id -> Id,
        digest -> Binary,
        last_four -> Text,
        created_by -> Nullable<Id>,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql::{Id, Instant};

    oauth_grants (id) {
        id -> Id,
        client_id -> Id,
        user_id -> Id,
        organization_id -> Nullable<Id>,
        scopes -> Text,
        authenticated_at -> Instant,
        created_at -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    oauth_codes (digest) {
        digest -> Binary,
        grant_id -> Id,
        redirect_uri -> Text,
        challenge -> Text,
        nonce -> Nullable<Text>,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::sql::{Id, Instant};

    oauth_refresh_tokens (digest) {
        digest -> Binary,
        grant_id -> Id,
        created_at -> Instant,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    oauth_devices (id) {
        id -> Id,
        device_code -> Binary,
        user_code -> Binary,
        client_id -> Id,
        organization_id -> Nullable<Id>,
        scopes -> Text,
        state -> Text,
        grant_id -> Nullable<Id>,
        poll_interval -> BigInt,
        polled_at -> Nullable<Instant>,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::sql::{Id, Instant};

    signing_keys (id) {
        id -> Id,
        private_key -> Binary,
        public_key -> Binary,
        created_at -> Instant,
        retired_at -> Nullable<Instant>,
    }
}

joinable!(tokens -> users (user_id));
joinable!(invitations -> organizations (organization_id));
joinable!(invitations -> users (inviter_id));
joinable!(workspaces -> organizations (organization_id));
joinable!(workspaces -> users (creator_id));
joinable!(workspace_memberships -> users (user_id));
allow_tables_to_appear_in_same_query!(
    users,
    organizations,
    memberships,
    tokens,
    email_verifications,
    passwords,
    password_resets,
    roles,
    membership_roles,
    workspaces,
    workspace_memberships,
    workspace_membership_roles,
    invitations,
    invitation_roles,
    organization_preferences,
    workspace_preferences,
    organization_domains,
    audit_entries,
    requests,
    outbox,
    delivery_attempts,
    webhook_endpoints,
    oauth_clients,
    oauth_client_secrets,
    oauth_grants,
    oauth_codes,
    oauth_refresh_tokens,
    oauth_devices,
    signing_keys,
);
