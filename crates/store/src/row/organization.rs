use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::value::{Description, Links, Logo, LogoImage, OrganizationName, Slug, Url};
use rollbook_domain::{Error, Result};

use crate::schema::organizations;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = organizations)]
pub(crate) struct OrganizationRow {
    id: Key,
    name: String,
    slug: String,
    description: Option<String>,
    owner_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
    logo_url: Option<String>,
    logo_media_type: Option<String>,
    logo_bytes: Option<Vec<u8>>,
    links: Option<String>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewOrganization {
    id: Key,
    name: String,
    name_key: String,
    slug: String,
    description: Option<String>,
    owner_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
    logo_url: Option<String>,
    logo_media_type: Option<&'static str>,
    logo_bytes: Option<Vec<u8>>,
    links: Option<String>,
}

impl NewOrganization {
    pub(crate) fn of(organization: &Organization) -> Self {
        let (logo_url, image) = match &organization.logo {
            None => (None, None),
            Some(Logo::External(url)) => (Some(url.as_str().to_owned()), None),
            Some(Logo::Image(image)) => (None, Some(image)),
        };
        Self {
            id: Key(organization.id.uuid()),
            name: organization.name.as_str().to_owned(),
            name_key: organization.name.key(),
            slug: organization.slug.as_str().to_owned(),
            description: organization
                .description
                .as_ref()
                .map(|it| it.as_str().to_owned()),
            owner_id: Key(organization.owner_id.uuid()),
            version: organization.version.number(),
            created_at: Moment(organization.created_at),
            updated_at: Moment(organization.updated_at),
            deleted_at: organization.deleted_at.map(Moment),
            logo_url,
            logo_media_type: image.map(LogoImage::media_type),
            logo_bytes: image.map(|it| it.bytes().to_vec()),
            links: organization.links.as_ref().map(|it| it.as_str().to_owned()),
        }
    }
}

impl OrganizationRow {
    pub(crate) fn into_organization(self) -> Result<Organization> {
        Ok(Organization {
            id: OrganizationId::new(self.id.0),
            name: OrganizationName::from_stored(self.name),
            slug: Slug::from_stored(self.slug),
            description: self.description.map(Description::from_stored),
            logo: logo(self.logo_url, self.logo_media_type, self.logo_bytes)?,
            links: self.links.map(Links::from_stored),
            owner_id: UserId::new(self.owner_id.0),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

fn logo(
    url: Option<String>,
    media_type: Option<String>,
    bytes: Option<Vec<u8>>,
) -> Result<Option<Logo>> {
    if let Some(url) = url {
        return Ok(Some(Logo::External(Url::from_stored(url))));
    }
    let (Some(media_type), Some(bytes)) = (media_type, bytes) else {
        return Ok(None);
    };
    LogoImage::new(&media_type, bytes)
        .map(|image| Some(Logo::Image(image)))
        .map_err(Error::storage)
}
