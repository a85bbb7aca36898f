//! Organizations as the ZenML dialect sends and takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::service::organization::{OrganizationStatus, SubscriptionStatus};
use rollbook_domain::value::{Description, Logo};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::user_wire::{Id, Time, User};

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganizationRead)]
pub(super) struct Organization<'a> {
    /// What it is called.
    name: &'a str,
    /// What it is about.
    description: Option<&'a str>,
    /// The address of its logo; a data URI (RFC 2397) when Rollbook keeps the image.
    logo_url: Option<String>,
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<OrganizationId>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated: Time,
    /// Who owns it.
    owner: User<'a>,
    /// Links to show with it, in their order.
    #[schema(value_type = Option<Vec<Object>>)]
    links: Option<Value>,
    /// Whether it is on trial or paid; null unless it was asked for and the caller may know.
    has_active_subscription: Option<bool>,
    /// How many seconds of the trial are left; null when it is not on trial, or as above.
    trial_expiry: Option<u64>,
}

impl<'a> Organization<'a> {
    fn new(view: &'a OrganizationView, subscription: Option<SubscriptionStatus>) -> Self {
        let OrganizationView {
            organization,
            owner,
        } = view;
        let links = organization.links.as_ref();
        Self {
            name: organization.name.as_str(),
            description: organization.description.as_ref().map(Description::as_str),
            logo_url: organization.logo.as_ref().map(logo_url),
            id: Id(organization.id),
            created: Time(organization.created_at),
            updated: Time(organization.updated_at),
            owner: User::from(owner),
            // What a store holds was parsed before it was written.
            links: links.and_then(|links| serde_json::from_str(links.as_str()).ok()),
            has_active_subscription: subscription.map(|it| it.active),
            trial_expiry: subscription.and_then(|it| it.trial_seconds_left),
        }
    }
}

impl<'a> From<&'a OrganizationView> for Organization<'a> {
    fn from(view: &'a OrganizationView) -> Self {
        Self::new(view, None)
    }
}

impl<'a> From<&'a OrganizationStatus> for Organization<'a> {
    fn from(found: &'a OrganizationStatus) -> Self {
        Self::new(&found.view, found.subscription)
    }
}

fn logo_url(logo: &Logo) -> String {
    match logo {
        Logo::External(url) => url.as_str().to_owned(),
        Logo::Image(image) => {
            let bytes = STANDARD.encode(image.bytes());
            format!("data:{};base64,{bytes}", image.media_type())
        }
    }
}

/// A new organization.
#[derive(ToSchema)]
#[schema(as = OrganizationCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct OrganizationCreate {
    /// An id that the caller chooses.
    #[schema(format = "uuid")]
    id: Option<String>,
    /// What it is called: no other organization may be called so, and it must not look like an id.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// What it is about.
    #[schema(min_length = 1, max_length = 256)]
    description: Option<String>,
    /// The address of its logo: `http`, `https`, or relative.
    logo_url: Option<String>,
    /// Links to show with it: at most 20 objects.
    #[schema(max_items = 20)]
    links: Option<Vec<Value>>,
    /// Who shall own it: only the caller can.
    #[schema(format = "uuid")]
    owner_id: Option<String>,
}

/// What shall change in an organization. What is absent or null stays as it is.
#[derive(ToSchema)]
#[schema(as = OrganizationUpdate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct OrganizationUpdate {
    /// What it is called.
    #[schema(min_length = 1, max_length = 50)]
    name: Option<String>,
    /// What it is about.
    #[schema(min_length = 1, max_length = 256)]
    description: Option<String>,
    /// The address of its logo.
    logo_url: Option<String>,
    /// Links to show with it, all of them; none with an empty list.
    #[schema(max_items = 20)]
    links: Option<Vec<Value>>,
    /// Who shall own it from now on: an active person who is a member.
    #[schema(format = "uuid")]
    owner_id: Option<String>,
}
