//! The native dialect over mocked services.

// So that lints know helpers for tests too.
#[cfg(test)]
mod native {
    mod arguments;
    mod description;
    mod events;
    mod gate;
    mod golden;
    mod house;
    mod invitations;
    mod lists;
    mod members;
    mod once;
    mod outbox;
    mod passwords;
    mod preferences;
    mod rate_limits;
    mod refusals;
    mod roles;
    mod subscriptions;
    mod support;
    mod tokens;
    mod transport;
    mod updates;
    mod verification;
    mod webhooks;
    mod workspaces;
}
