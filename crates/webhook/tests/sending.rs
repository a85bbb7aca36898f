//! What the sender sends, where it does not connect to, and what it makes of answers.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[path = "support/server.rs"]
mod server;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::outbox::Attempt;
use rollbook_domain::port::WebhookSender;
use rollbook_domain::secret::Secret;
use rollbook_domain::time::Span;
use rollbook_domain::value::Url;
use rollbook_domain::webhook::{Destinations, Network, Post, Reply, sign};
use rollbook_webhook::{HttpSender, Options, Resolve, SystemResolver};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio_rustls::rustls::RootCertStore;

use server::{Answer, Certificate, Server};

/// Longer than anything takes that goes well.
const LONG: Duration = Duration::from_secs(30);
/// Shorter than what shall be given up takes.
const SHORT: Duration = Duration::from_millis(200);

fn options(allowed: &[&str], timeout: Duration) -> Options {
    let networks = allowed.iter().map(|it| Network::parse(it).unwrap());
    Options {
        destinations: Destinations::new(networks.collect()),
        allow_http: true,
        timeout,
    }
}

fn sender(options: Options) -> HttpSender {
    trusting(options, Arc::new(SystemResolver), RootCertStore::empty())
}

fn trusting(options: Options, resolver: Arc<dyn Resolve>, roots: RootCertStore) -> HttpSender {
    HttpSender::with(options, Arc::new(FixedClock::default()), resolver, roots).unwrap()
}

fn at_home(timeout: Duration) -> HttpSender {
    sender(options(&["127.0.0.1", "::1"], timeout))
}

fn secret() -> Secret {
    Secret::webhook(&[7; 32])
}

/// A signed post of this moment: the verifier takes none that is older than five minutes.
fn post(url: &str) -> Post {
    #[expect(
        clippy::disallowed_methods,
        reason = "the verifier asks the real clock"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let timestamp = i64::try_from(now.as_secs()).unwrap();
    let (id, body) = ("evt_1_7", r#"{"type":"membership.created","data":{"ü":1}}"#);
    Post {
        url: Url::parse(url).unwrap(),
        id: id.to_owned(),
        timestamp,
        signature: sign(&secret(), id, timestamp, body).unwrap(),
        body: body.to_owned(),
    }
}

#[track_caller]
fn silence(reply: &Reply, about: &str) {
    let error = reply.error.as_deref().unwrap_or_default();
    let is_it = reply.status.is_none() && error.contains(about);
    assert!(is_it, "{about}: {reply:?}");
}

#[tokio::test]
async fn an_independent_verifier_accepts_what_arrives() {
    let mut server = Server::http(Answer::status(204)).await;
    let mut sent = post(&server.url("/hooks/%C3%BC?key=a%20b#top"));
    let before = Secret::webhook(&[8; 32]);
    let second = sign(&before, &sent.id, sent.timestamp, &sent.body).unwrap();
    sent.signature = format!("{} {second}", sent.signature);
    let reply = at_home(LONG).post(&sent).await;
    assert_eq!((reply.status, reply.error), (Some(204), None));
    let request = server.request().await;
    assert_eq!(request.line, "POST /hooks/%C3%BC?key=a%20b HTTP/1.1");
    assert_eq!(request.body, sent.body.as_bytes());
    for secret in [secret(), before] {
        let verifier = Webhook::new(secret.reveal()).unwrap();
        verifier.verify(&request.body, &request.headers).unwrap();
    }
    let stranger = Secret::webhook(&[9; 32]);
    let verifier = Webhook::new(stranger.reveal()).unwrap();
    assert!(verifier.verify(&request.body, &request.headers).is_err());
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("Rollbook/"));
    assert_eq!(header("host"), server.address.to_string());
    assert_eq!(header("content-length"), sent.body.len().to_string());
}

#[tokio::test]
async fn addresses_within_are_not_connected_to() {
    let mut server = Server::http(Answer::status(200)).await;
    let port = server.address.port();
    let guarded = sender(options(&["127.0.0.2", "10.0.0.0/8"], LONG));
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0.0.0.0",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ] {
        let reply = guarded.post(&post(&format!("http://{host}:{port}/"))).await;
        silence(&reply, "not a public one");
    }
    assert_eq!(server.connections(), 0);
}

/// Answers each look-up with the next addresses.
struct Changing(Mutex<VecDeque<Vec<IpAddr>>>);

impl Changing {
    fn new(answers: &[&[Ipv4Addr]]) -> Arc<Self> {
        let answers = answers
            .iter()
            .map(|it| it.iter().copied().map(IpAddr::from).collect());
        Arc::new(Self(Mutex::new(answers.collect())))
    }
}

#[async_trait]
impl Resolve for Changing {
    async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let next = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        let addresses = next.ok_or(io::ErrorKind::NotFound)?;
        let with_port = addresses.into_iter().map(|it| SocketAddr::new(it, port));
        Ok(with_port.collect())
    }
}

/// What is connected to is the address that was checked, not what the name resolves to by then; and
/// each post checks anew. Here 127.0.0.2 stands for a public address.
#[tokio::test]
async fn a_name_that_changes_its_mind_leads_nowhere() {
    let (public, within) = (Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST);
    let mut outside = Server::http_at(public, 0, Answer::status(200)).await;
    let port = outside.address.port();
    let mut inside = Server::http_at(within, port, Answer::status(200)).await;
    let resolver = Changing::new(&[&[public], &[within], &[within, public]]);
    let options = options(&["127.0.0.2"], LONG);
    let sender = trusting(options, resolver, RootCertStore::empty());
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(sender.post(&post(&url)).await.status, Some(200));
    silence(&sender.post(&post(&url)).await, "not a public one");
    assert_eq!(sender.post(&post(&url)).await.status, Some(200));
    silence(&sender.post(&post(&url)).await, "not found");
    assert_eq!((outside.connections(), inside.connections()), (2, 0));
}

#[tokio::test]
async fn by_tls_only_to_whom_a_certificate_vouches_for() {
    let certificate = Certificate::of("hooks.example");
    let mut server = Server::https(&certificate, Answer::status(200)).await;
    let resolver = || Changing::new(&[&[Ipv4Addr::LOCALHOST]]);
    let options = || options(&["127.0.0.1"], LONG);
    let url = format!("https://hooks.example:{}/", server.address.port());
    let trusts = trusting(options(), resolver(), certificate.roots());
    assert_eq!(trusts.post(&post(&url)).await.status, Some(200));
    assert_eq!(server.request().await.body, post(&url).body.as_bytes());
    let distrusts = trusting(options(), resolver(), RootCertStore::empty());
    silence(&distrusts.post(&post(&url)).await, "handshake");
    let other = format!("https://other.example:{}/", server.address.port());
    let trusts = trusting(options(), resolver(), certificate.roots());
    silence(&trusts.post(&post(&other)).await, "handshake");
}

#[tokio::test]
async fn without_encryption_only_where_the_operator_allows_it() {
    let mut server = Server::http(Answer::status(200)).await;
    let options = Options {
        allow_http: false,
        ..options(&["127.0.0.1"], LONG)
    };
    let reply = sender(options).post(&post(&server.url("/"))).await;
    silence(&reply, "https://");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut elsewhere = Server::http(Answer::status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let location = [("location", elsewhere.url("/"))];
        let server = Server::http(Answer::with(status, &location, "")).await;
        let reply = at_home(LONG).post(&post(&server.url("/"))).await;
        assert_eq!(reply.status, Some(status));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn what_the_answer_says() {
    let moment = "Thu, 01 Jan 2026 12:02:00 GMT".to_owned();
    for (status, retry_after, millis) in [
        (410, None, None),
        (429, Some("90".to_owned()), Some(90_000)),
        (503, Some(moment), Some(120_000)),
    ] {
        let headers = retry_after.map(|it| ("retry-after", it));
        let answer = Answer::with(status, headers.as_slice(), "not\0 now");
        let server = Server::http(answer).await;
        let reply = at_home(LONG).post(&post(&server.url("/"))).await;
        assert_eq!(reply.status, Some(status));
        assert_eq!(reply.retry_after.map(Span::millis), millis);
        assert_eq!(reply.excerpt, "not now");
    }
}

#[tokio::test]
async fn a_huge_answer_is_not_read() {
    for endless in [Answer::endless(), Answer::endless_chunks()] {
        let server = Server::http(endless).await;
        let reply = at_home(LONG).post(&post(&server.url("/"))).await;
        assert_eq!(reply.status, Some(200));
        assert_eq!(reply.excerpt, "x".repeat(Attempt::LONGEST));
    }
    let server = Server::http(Answer::endless_head()).await;
    let reply = at_home(LONG).post(&post(&server.url("/"))).await;
    silence(&reply, "not HTTP");
}

#[tokio::test]
async fn who_hangs_is_not_waited_for() {
    let server = Server::http(Answer::Never).await;
    let reply = at_home(SHORT).post(&post(&server.url("/"))).await;
    silence(&reply, "in time");
    // By TLS, the handshake hangs.
    let url = server.url("/").replace("http:", "https:");
    let reply = at_home(SHORT).post(&post(&url)).await;
    silence(&reply, "in time");
    // The status has arrived, and counts.
    let server = Server::http(Answer::unfinished(
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegin",
    ))
    .await;
    let reply = at_home(SHORT).post(&post(&server.url("/"))).await;
    assert_eq!((reply.status, reply.excerpt.as_str()), (Some(200), "begin"));
}

#[tokio::test]
async fn who_is_not_there_or_hangs_up_has_not_answered() {
    let server = Server::http(Answer::Nothing).await;
    let reply = at_home(LONG).post(&post(&server.url("/"))).await;
    silence(&reply, "closed the connection");
    let server = Server::http(Answer::raw("SSH-2.0-OpenSSH_9.2\r\n\r\n")).await;
    let reply = at_home(LONG).post(&post(&server.url("/"))).await;
    silence(&reply, "not HTTP");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let reply = at_home(LONG)
        .post(&post(&format!("http://{address}/")))
        .await;
    silence(&reply, "connection refused");
}
