use crate::Result;
use crate::id::DeviceAuthorizationId;
use crate::oauth::DeviceAuthorization;
use crate::secret::Digest;

/// Keeps what devices wait for (RFC 8628).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OAuthDeviceRepo {
    /// Adds one with the digests of its codes; `false` when another has this user code.
    fn add(
        &mut self,
        device: &DeviceAuthorization,
        device_code: &Digest,
        user_code: &Digest,
    ) -> Result<bool>;

    /// The one with this device code.
    fn find(&mut self, device_code: &Digest) -> Result<Option<DeviceAuthorization>>;

    /// The one with this user code.
    fn find_by_user_code(&mut self, user_code: &Digest) -> Result<Option<DeviceAuthorization>>;

    /// One with its row locked until the end of the transaction.
    fn lock(&mut self, id: DeviceAuthorizationId) -> Result<Option<DeviceAuthorization>>;

    /// Writes what became of it, when it was last asked for and how long to wait between two polls.
    /// Its row is locked.
    fn update(&mut self, device: &DeviceAuthorization) -> Result<()>;
}
