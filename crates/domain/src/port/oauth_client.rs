use crate::Result;
use crate::id::{ClientId, ClientSecretId, OrganizationId};
use crate::oauth::{ClientSecret, OAuthClient};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;

/// Keeps OAuth clients and their secrets. Deleted clients stay, and only [`OAuthClientRepo::find`]
/// and [`OAuthClientRepo::lock`] find them.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OAuthClientRepo {
    /// Adds a client.
    fn add(&mut self, client: &OAuthClient) -> Result<()>;

    /// A client, deleted or not.
    fn find(&mut self, id: ClientId) -> Result<Option<OAuthClient>>;

    /// [`OAuthClientRepo::find`] with the row locked until the end of the transaction.
    fn lock(&mut self, id: ClientId) -> Result<Option<OAuthClient>>;

    /// The clients of an organization, or (`None`) of the installation, in the order of their
    /// making.
    fn list(
        &mut self,
        organization: Option<OrganizationId>,
        window: &Window<ClientId>,
    ) -> Result<Page<OAuthClient, ClientId>>;

    /// How many clients an organization has, or (`None`) the installation.
    fn count(&mut self, organization: Option<OrganizationId>) -> Result<u32>;

    /// Writes a client over the version that was `seen`; `false` when it is another by now.
    fn update(&mut self, client: &OAuthClient, seen: Version) -> Result<bool>;

    /// Adds a secret with its digest.
    fn add_secret(&mut self, secret: &ClientSecret, digest: &Digest) -> Result<()>;

    /// The secret of a client with this digest, whether it works or not.
    fn find_secret(&mut self, client: ClientId, digest: &Digest) -> Result<Option<ClientSecret>>;

    /// All secrets of a client, the newest first.
    fn secrets(&mut self, client: ClientId) -> Result<Vec<ClientSecret>>;

    /// Lets a secret end at a moment.
    fn end_secret(&mut self, id: ClientSecretId, at: Timestamp) -> Result<()>;

    /// Forgets a secret.
    fn remove_secret(&mut self, id: ClientSecretId) -> Result<()>;
}
