//! Looks up TXT records, for the domains that organizations say are theirs.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use rollbook_domain::port::DnsTxt;
use rollbook_domain::{Error, Result};

/// How long one question may take; a request waits for it.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How often it is asked.
const ATTEMPTS: usize = 2;

/// The DNS as this machine sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dns {
    /// The server to ask in place of those that the system names.
    server: Option<SocketAddr>,
}

impl Dns {
    /// Asks this server, or those that the system names.
    pub(crate) const fn new(server: Option<SocketAddr>) -> Self {
        Self { server }
    }

    /// Made for every look-up: they are rare, whoever has just added a record wants no cache, and
    /// no worker waits for a socket of another's.
    fn resolver(self) -> std::result::Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                for connection in &mut server.connections {
                    connection.port = address.port();
                }
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = TIMEOUT;
        options.attempts = ATTEMPTS;
        builder.build()
    }
}

#[async_trait]
impl DnsTxt for Dns {
    async fn txt(&self, name: &str) -> Result<Vec<String>> {
        let unanswered = |error: NetError| {
            tracing::warn!(%name, %error, "nobody answered about a TXT record");
            Error::Busy
        };
        let resolver = self.resolver().map_err(unanswered)?;
        // With the dot it is the whole name, to which no search domain is added.
        let answer = match resolver.txt_lookup(format!("{name}.")).await {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(unanswered(error)),
        };
        let texts = answer.answers().iter().filter_map(|record| {
            let RData::TXT(txt) = &record.data else {
                return None;
            };
            String::from_utf8(txt.txt_data.concat()).ok()
        });
        Ok(texts.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};
    use std::thread;

    use super::*;

    /// A server that answers every question with this code and these strings of one TXT record.
    fn server(code: u8, strings: &'static [&'static str]) -> Dns {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let answer = answer(&buffer[..length], code, strings);
                let _ = socket.send_to(&answer, peer);
            }
        });
        Dns::new(Some(address))
    }

    /// An answer (RFC 1035 §4.1) to a question.
    fn answer(question: &[u8], code: u8, strings: &[&str]) -> Vec<u8> {
        let name = question[12..].iter().position(|byte| *byte == 0).unwrap();
        let asked = &question[12..12 + name + 5];
        let mut answer = question[..2].to_vec();
        answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(!strings.is_empty())]);
        answer.extend([0, 0, 0, 0]);
        answer.extend(asked);
        if !strings.is_empty() {
            let mut data = Vec::new();
            for string in strings {
                data.push(u8::try_from(string.len()).unwrap());
                data.extend(string.as_bytes());
            }
            answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0]);
            answer.push(u8::try_from(data.len()).unwrap());
            answer.extend(data);
        }
        answer
    }

    #[tokio::test]
    async fn the_strings_of_a_record_are_one_text() {
        let dns = server(0, &["rollbook-domain-", "verification=00"]);
        let texts = dns.txt("_rollbook-challenge.acme.example").await.unwrap();
        assert_eq!(texts, ["rollbook-domain-verification=00"]);
    }

    #[tokio::test]
    async fn no_record_and_no_name_are_no_texts() {
        for code in [0, 3] {
            let texts = server(code, &[]).txt("acme.example").await.unwrap();
            assert!(texts.is_empty(), "{code}");
        }
    }

    #[tokio::test]
    async fn a_failing_server_is_no_answer() {
        let outcome = server(2, &[]).txt("acme.example").await;
        assert!(matches!(outcome, Err(Error::Busy)), "{outcome:?}");
    }
}
