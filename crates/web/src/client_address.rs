//! Where a request came from.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use rollbook_domain::webhook::Network;

/// Each proxy adds, at the end, the address of whoever it was asked by.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client: the peer of the connection, unless that is a proxy that the operator
/// trusts. Then it is whom the proxy names, and so on. What stands before the first address that is
/// not trusted was written by whoever is there, and says nothing.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_proxy(client) {
        return client;
    }
    let lines = headers.get_all(FORWARDED_FOR);
    let lines: Vec<&str> = lines.map(|it| it.to_str().unwrap_or_default()).collect();
    let hops = lines.iter().flat_map(|line| line.split(','));
    let hops: Vec<&str> = hops.collect();
    for hop in hops.into_iter().rev() {
        match read(hop.trim()) {
            Some(address) => client = address,
            None => return client,
        }
        if !is_proxy(client) {
            return client;
        }
    }
    client
}

/// An address, which some proxies write with a port.
fn read(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().map(|it: SocketAddr| it.ip());
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse().or_else(|_| with_port()).ok().or_else(bare);
    address.map(|it: IpAddr| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn found(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let trusted: Vec<_> = trusted
            .iter()
            .map(|it| Network::parse(it).unwrap())
            .collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        let claim = ["203.0.113.7"];
        assert_eq!(found("198.51.100.1", &claim, &[]), "198.51.100.1");
        assert_eq!(
            found("198.51.100.1", &claim, &["10.0.0.0/8"]),
            "198.51.100.1"
        );
        assert_eq!(found("10.0.0.1", &claim, &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn what_clients_write_is_ignored() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        for (lines, client) in [
            (&["1.1.1.1, 203.0.113.7"][..], "203.0.113.7"),
            (&["1.1.1.1", "203.0.113.7,10.0.0.2"], "203.0.113.7"),
            (&["10.9.9.9, 203.0.113.7, fd00::2"], "203.0.113.7"),
            (&["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["203.0.113.7, "], "10.0.0.1"),
            (&["203.0.113.7:4711"], "203.0.113.7"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(found("10.0.0.1", lines, &trusted), client, "{lines:?}");
            assert_eq!(
                found("::ffff:10.0.0.1", lines, &trusted),
                client,
                "{lines:?}"
            );
        }
    }
}
