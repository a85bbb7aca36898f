use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::{Limits, Policy};
use crate::Result;
use crate::time::Timestamp;
use crate::value::Email;

/// That somebody tries a password. It is paid for before the password is looked at, so that many at
/// once are not cheaper than one after the other, and what was paid for a right one comes back.
#[derive(Debug)]
#[must_use = "what was taken stays taken"]
pub struct Attempt {
    limits: Arc<Limits>,
    taken: Vec<(Policy, String)>,
    /// The account and from where.
    place: Option<String>,
}

impl Attempt {
    /// Takes one of the account's bucket and one of the address's, or none of them:
    /// [`crate::Refusal::RateLimited`], which says nothing about whether there is such an account.
    ///
    /// From where somebody has signed in to the account before, it has a bucket of its own. Not behind
    /// a proxy, where all clients have one address: it would tell everybody that there is an account
    /// which is in use, and keep nobody's guesses apart.
    pub fn begin(
        limits: &Arc<Limits>,
        email: &Email,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Self> {
        let client = of_address(address);
        let place = client.as_deref().map(|client| place_of(email, client));
        let familiar = place
            .as_ref()
            .filter(|place| limits.familiar().knows(place));
        let account = familiar.map_or(email.key(), String::as_str).to_owned();
        let mut attempt = Self {
            limits: Arc::clone(limits),
            taken: Vec::new(),
            place,
        };
        let wanted = client.map(|client| (Policy::SignInsPerAddress, client));
        for (policy, key) in wanted
            .into_iter()
            .chain([(Policy::SignInsPerAccount, account)])
        {
            if let Err(refusal) = limits.take(policy, &key, now) {
                attempt.forgive();
                return Err(refusal);
            }
            attempt.taken.push((policy, key));
        }
        Ok(attempt)
    }

    /// Takes one of the address's bucket only, for good: for a way to a new password.
    pub fn ask(limits: &Limits, address: Option<IpAddr>, now: Timestamp) -> Result<()> {
        limits.take_of_client(Policy::SignInsPerAddress, address, now)
    }

    /// Fills the account's bucket, and remembers from where it is used: somebody has shown that it is
    /// theirs, and chosen a new password. They can sign in with it, however many others keep guessing.
    pub fn welcome(limits: &Limits, email: &Email, address: Option<IpAddr>) {
        limits.fill(Policy::SignInsPerAccount, email.key());
        if let Some(client) = of_address(address) {
            let place = place_of(email, &client);
            limits.fill(Policy::SignInsPerAccount, &place);
            limits.familiar().remember(&place);
        }
    }

    /// Gives back what was taken: no password was looked at.
    pub fn forgive(self) {
        for (policy, key) in self.taken {
            self.limits.give_back(policy, &key);
        }
    }

    /// Gives back what was taken, and remembers from where it was: the password was right.
    pub fn succeed(self) {
        if let Some(place) = &self.place {
            self.limits.familiar().remember(place);
        }
        self.forgive();
    }
}

impl Limits {
    /// Takes one of the bucket of a client's address, for good, if it has one: see [`Limits::take`].
    pub fn take_of_client(
        &self,
        policy: Policy,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<()> {
        match of_address(address) {
            Some(client) => self.take(policy, &client, now),
            None => Ok(()),
        }
    }
}

/// An account, and a client. No address of an account has a space.
fn place_of(email: &Email, client: &str) -> String {
    format!("{} {client}", email.key())
}

/// The bucket of a client's address. There is none for an address that is not of the Internet:
/// behind a proxy on the same machine or in the same network, all clients have that one.
fn of_address(address: Option<IpAddr>) -> Option<String> {
    let address = address?.to_canonical();
    let is_local = match address {
        IpAddr::V4(it) => {
            let [first, second, ..] = it.octets();
            // RFC 6598: shared by the customers of a carrier, and by the pods of some clusters.
            let is_shared = first == 100 && (64..128).contains(&second);
            it.is_loopback() || it.is_private() || it.is_link_local() || is_shared
        }
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local(),
    };
    (!is_local).then(|| network(address))
}

/// The address; of IPv6 the first 64 bits: the rest its user chooses (RFC 4291 §2.5.4).
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(it) => it.to_string(),
        IpAddr::V6(it) => {
            let [a, b, c, d, ..] = it.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_behind_a_proxy_share_no_bucket() {
        for (address, key) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("127.0.0.1", None),
            ("::1", None),
            ("::ffff:127.0.0.1", None),
            ("10.1.2.3", None),
            ("100.64.0.1", None),
            ("100.128.0.1", Some("100.128.0.1")),
            ("169.254.1.1", None),
            ("fd00::1", None),
            ("fe80::1", None),
        ] {
            let found = of_address(address.parse().ok());
            assert_eq!(found.as_deref(), key, "{address}");
        }
        assert_eq!(of_address(None), None);
    }
}
