//! Rollbook's sender of webhooks: the domain's port [`WebhookSender`] over HTTP/1.1 and TLS.
//!
//! Whoever may make a webhook endpoint chooses a URL, and Rollbook connects to it from inside the
//! operator's network. So every address is checked against [`Destinations`] at the moment of
//! connecting, and the checked address is the one that is connected to: a name that resolves to
//! something else a moment later (rebinding) changes nothing. Nothing is kept between two posts: no
//! connection, no answer of the DNS.

mod connect;
mod exchange;
mod resolve;
mod retry_after;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use rollbook_domain::port::{Clock, WebhookSender};
use rollbook_domain::webhook::{Destinations, Post, Reply};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

pub use resolve::{Resolve, SystemResolver};

/// How a [`HttpSender`] sends.
#[derive(Clone, Debug)]
pub struct Options {
    /// To which addresses.
    pub destinations: Destinations,
    /// Whether without encryption, too.
    pub allow_http: bool,
    /// How long one post may take, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
}

impl Options {
    /// How long a post may take unless the operator chose (Standard Webhooks 1.0.0, "request
    /// timeouts": 15 to 30 seconds).
    pub const TIMEOUT: Duration = Duration::from_secs(15);
}

/// Posts webhooks over HTTP.
#[derive(Clone)]
pub struct HttpSender {
    options: Options,
    clock: Arc<dyn Clock>,
    resolver: Arc<dyn Resolve>,
    /// Made when the first webhook goes by TLS: the certificates that are trusted take memory that
    /// an installation without webhooks has no use for.
    tls: Arc<OnceLock<TlsConnector>>,
}

impl HttpSender {
    /// Over the system's resolver, trusting the system's certificates: those that OpenSSL would
    /// find, `SSL_CERT_FILE` and `SSL_CERT_DIR` included. Without any, nothing can be sent by
    /// `https:`.
    #[must_use]
    pub fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self {
            options,
            clock,
            resolver: Arc::new(SystemResolver),
            tls: Arc::default(),
        }
    }

    /// Over this resolver, trusting these certificates. Refused if TLS cannot be set up.
    pub fn with(
        options: Options,
        clock: Arc<dyn Clock>,
        resolver: Arc<dyn Resolve>,
        roots: RootCertStore,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            options,
            clock,
            resolver,
            tls: Arc::new(OnceLock::from(connector(roots)?)),
        })
    }

    fn tls(&self) -> Result<&TlsConnector, Silence> {
        if self.tls.get().is_none() {
            let mut roots = RootCertStore::empty();
            // Some that cannot be read are no reason to have none.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let connector = connector(roots).map_err(|error| Silence::Tls(error.to_string()))?;
            // Somebody else's is as good.
            let _ = self.tls.set(connector);
        }
        self.tls.get().ok_or(Silence::Broken)
    }
}

fn connector(roots: RootCertStore) -> Result<TlsConnector, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

impl fmt::Debug for HttpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSender")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl WebhookSender for HttpSender {
    async fn post(&self, post: &Post) -> Reply {
        let deadline = Instant::now() + self.options.timeout;
        exchange::post(self, post, deadline)
            .await
            .unwrap_or_else(|error| Reply {
                status: None,
                retry_after: None,
                excerpt: String::new(),
                error: Some(error.to_string()),
            })
    }
}

/// Why there was no answer, in words for those who run the endpoint. No address is told: it may be
/// one that only Rollbook's machine knows.
#[derive(Debug, thiserror::Error)]
enum Silence {
    #[error("the URL is not one that a webhook can be sent to")]
    Url,
    #[error("the URL must start with https://")]
    Unencrypted,
    #[error("the host's name was not found")]
    Unresolved,
    #[error("the host's address is not a public one, and the operator has not allowed it")]
    Forbidden,
    #[error("the connection failed: {0}")]
    Connection(std::io::ErrorKind),
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
    #[error("the endpoint closed the connection, or answered something that is not HTTP")]
    Broken,
    #[error("the endpoint did not answer in time")]
    Timeout,
}
