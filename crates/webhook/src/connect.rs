//! A connection to an address that was checked.

use std::net::SocketAddr;
use std::time::Duration;

use rollbook_domain::webhook::Destinations;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use crate::{HttpSender, Silence};

/// How long one address of several may take: the next one may be reachable.
const ONE_ADDRESS: Duration = Duration::from_secs(5);

/// A stream of bytes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to the host of the URL, by TLS if it says so.
pub(crate) async fn connect(
    sender: &HttpSender,
    url: &Url,
    deadline: Instant,
) -> Result<Box<dyn Stream>, Silence> {
    let host = url.host().ok_or(Silence::Url)?;
    let port = url.port_or_known_default().ok_or(Silence::Url)?;
    let candidates = match host {
        Host::Ipv4(address) => vec![SocketAddr::new(address.into(), port)],
        Host::Ipv6(address) => vec![SocketAddr::new(address.into(), port)],
        Host::Domain(name) => {
            let found = timeout_at(deadline, sender.resolver.resolve(name, port));
            let found = found.await.map_err(|_| Silence::Timeout)?;
            found.map_err(|_| Silence::Unresolved)?
        }
    };
    let addresses = admitted(&sender.options.destinations, &candidates)?;
    let stream = reach(&addresses, deadline).await?;
    // What is small and waits for an answer shall not wait for more.
    let _ = stream.set_nodelay(true);
    if url.scheme() != "https" {
        return Ok(Box::new(stream));
    }
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).map_err(|_| Silence::Url)?,
        Host::Ipv4(address) => ServerName::IpAddress(std::net::IpAddr::from(address).into()),
        Host::Ipv6(address) => ServerName::IpAddress(std::net::IpAddr::from(address).into()),
    };
    let handshake = timeout_at(deadline, sender.tls()?.connect(name, stream));
    let stream = handshake.await.map_err(|_| Silence::Timeout)?;
    let stream = stream.map_err(|error| Silence::Handshake(error.to_string()))?;
    Ok(Box::new(stream))
}

/// Those of the addresses to which webhooks may be sent.
fn admitted(
    destinations: &Destinations,
    candidates: &[SocketAddr],
) -> Result<Vec<SocketAddr>, Silence> {
    if candidates.is_empty() {
        return Err(Silence::Unresolved);
    }
    let admitted = candidates.iter().filter(|it| destinations.admit(it.ip()));
    let admitted: Vec<SocketAddr> = admitted.copied().collect();
    if admitted.is_empty() {
        return Err(Silence::Forbidden);
    }
    Ok(admitted)
}

/// Connects to the first of the addresses that answers.
async fn reach(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Silence> {
    let mut silence = Silence::Timeout;
    for address in addresses {
        let attempt = timeout(ONE_ADDRESS, TcpStream::connect(address));
        match timeout_at(deadline, attempt).await {
            Err(_) => return Err(Silence::Timeout),
            Ok(Err(_)) => silence = Silence::Timeout,
            Ok(Ok(Err(error))) => silence = Silence::Connection(error.kind()),
            Ok(Ok(Ok(stream))) => return Ok(stream),
        }
    }
    Err(silence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_addresses_the_public_ones_are_left() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|it| it.parse().unwrap()).collect()
        };
        let none = Destinations::default();
        let mixed = addresses(&["10.0.0.1:443", "1.1.1.1:443", "[::1]:443"]);
        let left = admitted(&none, &mixed).unwrap();
        assert_eq!(left, addresses(&["1.1.1.1:443"]));
        let inside = addresses(&["10.0.0.1:443", "[fd00::1]:443"]);
        assert!(matches!(admitted(&none, &inside), Err(Silence::Forbidden)));
        assert!(matches!(admitted(&none, &[]), Err(Silence::Unresolved)));
    }
}
