//! The organization as the native dialect takes it, and how it becomes commands of the domain.

use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::service::organization::{
    CreateOrganization, Naming, OwnerLimit, Terms, UpdateOrganization,
};
use rollbook_domain::value::{Description, Logo, Malformed, OrganizationName, Slug, Url};
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::given::{Faults, Given, malformed};
use super::logo;
use super::mask::{Mask, Maskable};
use super::path::OrganizationPath;

/// What of an organization can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `title`
    Title,
    /// `slug`
    Slug,
    /// `description`
    Description,
    /// `logo_data_uri`
    LogoDataUri,
    /// `logo_url`
    LogoUrl,
}

impl Maskable for Field {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("title", Self::Title),
        ("slug", Self::Slug),
        ("description", Self::Description),
        ("logo_data_uri", Self::LogoDataUri),
        ("logoDataUri", Self::LogoDataUri),
        ("logo_url", Self::LogoUrl),
        ("logoUrl", Self::LogoUrl),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
        ("owner", Some(":transferOwnership")),
        ("owner_display_name", Some(":transferOwnership")),
        ("ownerDisplayName", Some(":transferOwnership")),
        ("owner_email", Some(":transferOwnership")),
        ("ownerEmail", Some(":transferOwnership")),
    ];
}

/// An organization in a body. What only answers say is taken and ignored (AIP-203), so that what
/// was read can be sent back; anything unknown is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OrganizationBody {
    name: Given<String>,
    title: Given<String>,
    slug: Given<String>,
    description: Given<String>,
    #[serde(alias = "logoDataUri")]
    logo_data_uri: Given<String>,
    #[serde(alias = "logoUrl")]
    logo_url: Given<String>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "owner")]
    _owner: IgnoredAny,
    #[serde(rename = "owner_display_name", alias = "ownerDisplayName")]
    _owner_display_name: IgnoredAny,
    #[serde(rename = "owner_email", alias = "ownerEmail")]
    _owner_email: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl OrganizationBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new organization that the body describes.
    pub(super) fn create(
        &self,
        id: Option<OrganizationId>,
        owner_limit: OwnerLimit,
        once: Option<Once>,
    ) -> Result<CreateOrganization> {
        let mut faults = Faults::default();
        let title = self.title.text().unwrap_or_default();
        let name = faults.check("title", OrganizationName::parse(title));
        let slug = faults.check_some("slug", self.slug.text().map(Slug::parse));
        let description = self.description.text().map(Description::parse);
        let description = faults.check_some("description", description);
        let logo = match self.logo(&Mask::Everything, &mut faults) {
            Patch::Set(logo) => Some(logo),
            Patch::Keep | Patch::Clear => None,
        };
        let (Some(name), true) = (name, faults.is_empty()) else {
            return Err(faults.into());
        };
        Ok(CreateOrganization {
            id,
            name,
            slug,
            description,
            logo,
            links: None,
            owner: None,
            naming: Naming::default(),
            owner_limit,
            terms: Terms::default(),
            once,
        })
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        path: OrganizationPath,
        mask: &Mask<Field>,
        seen: Option<Version>,
    ) -> Result<UpdateOrganization> {
        let mut faults = Faults::default();
        faults.check("name", self.check_name(path));
        faults.check("request_id", self.check_request_id());
        let command = UpdateOrganization {
            name: self.title(mask, &mut faults),
            slug: self.slug(mask, &mut faults),
            description: self.description(mask, &mut faults),
            logo: self.logo(mask, &mut faults),
            seen,
            ..UpdateOrganization::default()
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    fn check_request_id(&self) -> std::result::Result<(), Malformed> {
        match self.request_id.text() {
            None => Ok(()),
            Some(_) => malformed("only creating takes a request id; here, send the etag"),
        }
    }

    fn check_name(&self, path: OrganizationPath) -> std::result::Result<(), Malformed> {
        let Some(name) = self.name.text() else {
            return Ok(());
        };
        let id = name.strip_prefix("organizations/");
        if id.map(OrganizationPath::new) == Some(path) {
            Ok(())
        } else {
            malformed("the name in the body is not the one in the path")
        }
    }

    fn title(&self, mask: &Mask<Field>, faults: &mut Faults) -> Option<OrganizationName> {
        if !mask.selects(Field::Title, &self.title) {
            return None;
        }
        let title = self.title.text().unwrap_or_default();
        faults.check("title", OrganizationName::parse(title))
    }

    /// Every organization has a slug. So full replacement without one keeps it, and asking for none
    /// in so many words is refused.
    fn slug(&self, mask: &Mask<Field>, faults: &mut Faults) -> Option<Slug> {
        let slug = self.slug.text();
        if !mask.selects(Field::Slug, &self.slug) || (slug.is_none() && mask.is_everything()) {
            return None;
        }
        faults.check("slug", Slug::parse(slug.unwrap_or_default()))
    }

    fn description(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<Description> {
        if !mask.selects(Field::Description, &self.description) {
            return Patch::Keep;
        }
        let Some(text) = self.description.text() else {
            return Patch::Clear;
        };
        let description = faults.check("description", Description::parse(text));
        description.map_or(Patch::Keep, Patch::Set)
    }

    /// The two logo fields are two spellings of one thing: setting one replaces the other, and
    /// emptying one without setting the other removes the logo.
    fn logo(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<Logo> {
        let data_wanted = mask.selects(Field::LogoDataUri, &self.logo_data_uri);
        let link_wanted = mask.selects(Field::LogoUrl, &self.logo_url);
        let data = self.logo_data_uri.text().filter(|_| data_wanted);
        let link = self.logo_url.text().filter(|_| link_wanted);
        let logo = match (data, link) {
            (Some(_), Some(_)) => {
                let both = malformed("set logo_data_uri or logo_url, not both");
                faults.check("logo_url", both)
            }
            (Some(data), None) => faults.check("logo_data_uri", logo::parse(data).map(Logo::Image)),
            (None, Some(link)) => faults.check("logo_url", Url::parse(link).map(Logo::External)),
            (None, None) if data_wanted || link_wanted => return Patch::Clear,
            (None, None) => return Patch::Keep,
        };
        logo.map_or(Patch::Keep, Patch::Set)
    }
}

/// To whom an organization is handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "new_owner": "users/01980c5e-0000-7000-8000-000000000003",
    "etag": "\"1\""
}))]
pub(super) struct TransferRequest {
    /// The resource name of the new owner, `users/{user}` or
    /// `organizations/{organization}/users/{user}`: an active person who is a member.
    #[serde(alias = "newOwner")]
    new_owner: String,
    /// The entity tag of the organization as the caller saw it.
    etag: Option<String>,
}

impl TransferRequest {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The new owner.
    pub(super) fn new_owner(&self, path: OrganizationPath) -> Result<UserId> {
        let name = self.new_owner.as_str();
        let within = name.strip_prefix("organizations/");
        let parts = match within.and_then(|rest| rest.split_once("/users/")) {
            Some((organization, user)) => Some((OrganizationPath::new(organization), user)),
            None => name.strip_prefix("users/").map(|user| (path, user)),
        };
        let user = parts
            .filter(|(organization, _)| *organization == path)
            .and_then(|(_, user)| UserId::parse(user));
        user.ok_or_else(|| {
            let reason = "it must be users/{user} or organizations/{organization}/users/{user} of this organization";
            Error::invalid("new_owner", reason)
        })
    }
}
