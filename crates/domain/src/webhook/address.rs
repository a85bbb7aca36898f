use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::value::Malformed;

/// A block of addresses, as CIDR writes it (RFC 4632 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network = address.parse().ok().and_then(|address: IpAddr| {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.map_or(Some(longest), |text| text.parse().ok())?;
            (prefix <= longest).then_some(Self { address, prefix })
        });
        network.ok_or_else(|| {
            Malformed(format!(
                "'{text}' is no network such as 10.0.0.0/8, fd00::/8 or 192.0.2.7"
            ))
        })
    }

    /// Whether the address is in the block.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => is_in(theirs, (ours, u32::from(self.prefix))),
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                is_within(theirs, (ours, u32::from(self.prefix)))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// To which addresses webhooks may be sent: the public ones, and those that the operator allows.
/// Whoever may make an endpoint chooses a URL, and must not reach with it what only Rollbook's
/// machine can reach (server-side request forgery).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations {
    allowed: Vec<Network>,
}

impl Destinations {
    /// The public addresses, and these.
    #[must_use]
    pub const fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// Whether webhooks may be sent to the address.
    #[must_use]
    pub fn admit(&self, address: IpAddr) -> bool {
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => embedded(address).map(IpAddr::V4),
        };
        let is_allowed = |address| self.allowed.iter().any(|it| it.contains(address));
        is_public(address) || is_allowed(address) || inner.is_some_and(is_allowed)
    }
}

/// What of IPv4 is nobody's, everybody's, or somebody's own (IANA IPv4 Special-Purpose Address
/// Registry, <https://www.iana.org/assignments/iana-ipv4-special-registry>).
const SPECIAL: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carriers' NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // loopback
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, where clouds keep their metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, and broadcast
];

/// The part of IPv6 that is given out at all (RFC 4291 §2.4): unique local, link-local, multicast,
/// loopback and unspecified addresses are outside.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What of that part is special (IANA IPv6 Special-Purpose Address Registry).
const SPECIAL_V6: [(Ipv6Addr, u32); 3] = [
    // Protocol assignments: Teredo, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),     // documentation
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => {
                is_within(address, GLOBAL_UNICAST)
                    && !SPECIAL_V6.iter().any(|it| is_within(address, *it))
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL.iter().any(|it| is_in(address, *it))
}

/// The IPv4 address to which packets for this one go in the end, where that can be seen: mapped and
/// compatible addresses (RFC 4291 §2.5.5), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let ([0, 0, 0, 0, 0, 0 | 0xffff, high, low]
    | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
    | [0x2002, high, low, ..]) = address.segments()
    else {
        return None;
    };
    Some(Ipv4Addr::from_bits(
        (u32::from(high) << 16) | u32::from(low),
    ))
}

fn is_in(address: Ipv4Addr, (network, prefix): (Ipv4Addr, u32)) -> bool {
    let different = address.to_bits() ^ network.to_bits();
    prefix == 0 || different >> (32 - prefix) == 0
}

fn is_within(address: Ipv6Addr, (network, prefix): (Ipv6Addr, u32)) -> bool {
    let different = address.to_bits() ^ network.to_bits();
    prefix == 0 || different >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn allowing(networks: &[&str]) -> Destinations {
        let parse = |text: &&str| Network::parse(text).unwrap();
        Destinations::new(networks.iter().map(parse).collect())
    }

    #[test]
    fn public_addresses_are_admitted() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:0101:0101::1",
        ] {
            assert!(Destinations::default().admit(address(text)), "{text}");
        }
    }

    #[test]
    fn addresses_within_are_not() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:0:0101:0101::",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:0001::1",
            "2002:c0a8:0101::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456:789a::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!Destinations::default().admit(address(text)), "{text}");
        }
    }

    #[test]
    fn the_operator_allows_more() {
        let destinations = allowing(&["10.1.0.0/16", "127.0.0.1", "fd00::/8"]);
        for text in ["10.1.255.1", "127.0.0.1", "::ffff:127.0.0.1", "fd00::7"] {
            assert!(destinations.admit(address(text)), "{text}");
        }
        for text in ["10.2.0.1", "127.0.0.2", "fe80::1", "::ffff:10.2.0.1"] {
            assert!(!destinations.admit(address(text)), "{text}");
        }
        let everything = allowing(&["0.0.0.0/0", "::/0"]);
        for text in ["10.2.0.1", "::1", "255.255.255.255"] {
            assert!(everything.admit(address(text)), "{text}");
        }
    }

    #[test]
    fn networks_are_read_as_they_are_written() {
        for (text, printed) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), printed);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0/8",
            "localhost",
            "1/8",
        ] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }
}
