//! The tables, as Diesel knows them: one description for both databases. The SQL is in
//! `migrations/`, and `tests/parity.rs` holds the two against each other.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::{Bool, Text};
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
    }
}

table! {
    use diesel::sql_types::Text;
    use crate::sql::{Id, Instant};

    memberships (organization_id, user_id) {
        id -> Id,
        organization_id -> Id,
        user_id -> Id,
        roles -> Text,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::sql::{Id, Instant};

    personal_access_tokens (id) {
        id -> Id,
        user_id -> Id,
        name -> Text,
        digest -> Binary,
        last_four -> Text,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
        last_used_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
    }
}

table! {
    use diesel::sql_types::{Binary, Integer};

    installation (id) {
        id -> Integer,
        page_token_key -> Binary,
    }
}

joinable!(organizations -> users (owner_id));
joinable!(memberships -> organizations (organization_id));
joinable!(memberships -> users (user_id));
joinable!(personal_access_tokens -> users (user_id));
allow_tables_to_appear_in_same_query!(users, organizations, memberships, personal_access_tokens);
