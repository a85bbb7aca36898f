//! From what somebody does to what arrives at an endpoint, and what its answer leads to.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Queue, channel};
use std::thread;
use std::time::Duration;

use standardwebhooks::Webhook;

use crate::support::{Answer, Installation, Server, on_both};

on_both! {
    fn what_happens_arrives_signed(installation: &Installation) {
        let receiver = Receiver::open();
        let mut server = serve(installation, true);
        let acme = found(&server);
        let endpoint = hook(&server, &acme, &receiver);
        let verifier = Webhook::new(endpoint.field("secret")).unwrap();
        let hello = receiver.answer("204 No Content");
        assert!(hello.body.contains("\"type\":\"webhook.created\""), "{}", hello.body);
        hello.verify(&verifier);
        let path = format!("/api/v1/organizations/{acme}/workspaces");
        made(server.request("POST", &path, server.token(), r#"{"title":"Lab"}"#));
        let mut types: Vec<String> = Vec::new();
        for _ in 0..2 {
            let event = receiver.answer("200 OK");
            event.verify(&verifier);
            let kind = event.body.split('"').nth(3);
            types.push(kind.unwrap_or_default().to_owned());
        }
        types.sort_unstable();
        assert_eq!(types, ["workspace.created", "workspace_membership.created"]);
        // What it says to a test is minded, too: it is gone.
        let name = endpoint.field("name");
        let one = format!("/api/v1/{name}");
        let test = made(server.request("POST", &format!("{one}:test"), server.token(), "{}"));
        let tested = receiver.answer("410 Gone");
        assert!(tested.body.contains("\"type\":\"webhook.test\""), "{}", tested.body);
        tested.verify(&verifier);
        server.wait_for_log("a message was given up");
        let gone = made(server.get(&one, server.token()));
        assert_eq!(gone.field("status"), "WEBHOOK_ENDPOINT_STATUS_GONE");
        let delivery = format!("/api/v1/{}", test.field("name"));
        let delivery = made(server.get(&delivery, server.token()));
        assert_eq!(delivery.field("state"), "DELIVERY_STATE_DEAD");
        assert!(delivery.body.contains("\"status_code\":410"), "{}", delivery.body);
        let all = made(server.get(&format!("{one}/deliveries"), server.token()));
        assert_eq!(all.body.matches("DELIVERY_STATE_DELIVERED").count(), 3, "{}", all.body);
    }

    /// What the operator has not allowed is not connected to, wherever a name leads.
    fn what_is_within_is_not_reached(installation: &Installation) {
        let receiver = Receiver::open();
        let mut server = serve(installation, false);
        let acme = found(&server);
        let path = format!("/api/v1/organizations/{acme}/webhookEndpoints");
        for host in ["127.0.0.1", "0x7f.1", "[::1]"] {
            let body = format!(r#"{{"url":"http://{host}:{}/"}}"#, receiver.port);
            let refused = server.request("POST", &path, server.token(), &body);
            assert!(refused.status == 400 && refused.body.contains("\"url\""), "{}", refused.body);
        }
        hook(&server, &acme, &receiver);
        server.wait_for_log("a message was not delivered");
        let listed = made(server.get(&path, server.token()));
        let one = format!("/api/v1/{}/deliveries", listed.field("name"));
        let deliveries = made(server.get(&one, server.token()));
        assert!(deliveries.body.contains("not a public one"), "{}", deliveries.body);
        receiver.is_untouched();
    }

    /// The program dies by `kill -9` while it sends, and between commit and dispatch.
    fn a_kill_loses_nothing(installation: &Installation) {
        let receiver = Receiver::open();
        let server = serve(installation, true);
        let token = server.token().to_owned();
        let acme = found(&server);
        let endpoint = hook(&server, &acme, &receiver);
        let verifier = Webhook::new(endpoint.field("secret")).unwrap();
        let mut arrived = BTreeSet::new();
        arrived.insert(receiver.answer("200 OK").header("webhook-id").to_owned());
        work(&server, &acme, &token, 3);
        // It hears of an event, and does not come to answer.
        let held = receiver.next();
        drop(server);
        drop(held);
        let server = start(installation, &[("ROLLBOOK_OUTBOX_ENABLED", "false")]);
        work(&server, &acme, &token, 3);
        drop(server);
        // The minute is over for which messages belonged to who died.
        installation.hurry();
        let server = serve(installation, true);
        let path = format!("/api/v1/organizations/{acme}/auditEntries?page_size=200");
        let log = made(server.get(&path, &token));
        // An endpoint is told what happens after it was made, and that.
        let expected: BTreeSet<String> = log.body.split("\"sequence\":").skip(1)
            .map(|rest| rest.trim_start_matches('"').split(|it: char| !it.is_ascii_digit()).next().unwrap())
            .map(|sequence| sequence.parse::<u64>().unwrap())
            .filter(|sequence| *sequence >= first(&arrived))
            .map(|sequence| format!("{}{sequence}", prefix(&arrived)))
            .collect();
        assert!(expected.len() > 6 * 2, "{}", log.body);
        while arrived != expected {
            let event = receiver.answer("200 OK");
            event.verify(&verifier);
            let id = event.header("webhook-id").to_owned();
            assert!(expected.contains(&id), "{id} did not happen");
            arrived.insert(id);
        }
    }

    /// What fails arrives later, with the same id.
    fn what_fails_is_tried_again(installation: &Installation) {
        let receiver = Receiver::open();
        let server = serve(installation, true);
        let acme = found(&server);
        let endpoint = hook(&server, &acme, &receiver);
        let refused = receiver.answer("503 Service Unavailable");
        let again = receiver.answer("200 OK");
        assert_eq!(again.header("webhook-id"), refused.header("webhook-id"));
        assert_eq!(again.body, refused.body);
        again.verify(&Webhook::new(endpoint.field("secret")).unwrap());
        let redirected = format!("/api/v1/{}:test", endpoint.field("name"));
        made(server.request("POST", &redirected, server.token(), "{}"));
        let elsewhere = format!("302 Found\r\nlocation: http://localhost:{}/other", receiver.port);
        receiver.answer(&elsewhere);
        let all = format!("/api/v1/{}/deliveries", endpoint.field("name"));
        let all = until(&server, &all, |it| it.contains("redirects are not followed"));
        assert!(all.contains("DELIVERY_STATE_DELIVERED"), "{all}");
        receiver.is_untouched();
    }

    /// Two secrets sign while one takes the other's place; and a stretch of time is sent again.
    fn secrets_rotate_and_time_is_replayed(installation: &Installation) {
        let receiver = Receiver::open();
        let server = serve(installation, true);
        let acme = found(&server);
        let endpoint = hook(&server, &acme, &receiver);
        let hello = receiver.answer("200 OK");
        let one = format!("/api/v1/{}", endpoint.field("name"));
        let rotate = |body| made(server.request("POST", &format!("{one}:rotateSecret"), server.token(), body));
        let rotated = rotate("{}");
        let secrets = [rotated.field("secret"), endpoint.field("secret")];
        assert_ne!(secrets[0], secrets[1]);
        let verifiers = secrets.map(|secret| Webhook::new(secret).unwrap());
        let event = receiver.answer("200 OK");
        let expected = [0, 1].map(|it| event.signature(&verifiers[it])).join(" ");
        assert_eq!(event.header("webhook-signature"), expected);
        let last = rotate(r#"{"revoke_previous":true}"#);
        let verifier = Webhook::new(last.field("secret")).unwrap();
        receiver.answer("200 OK").verify(&verifier);

        let stretch = r#"{"start_time":"2020-01-01T00:00:00Z"}"#;
        let replayed = made(server.request("POST", &format!("{one}:replay"), server.token(), stretch));
        let mut ids = BTreeSet::new();
        // From the first entry of the log to the last rotation.
        let founding = "_1";
        while ids.len() < 4 || !ids.iter().any(|id: &String| id.ends_with(founding)) {
            let event = receiver.answer("200 OK");
            event.verify(&verifier);
            ids.insert(event.header("webhook-id").to_owned());
        }
        assert!(ids.contains(hello.header("webhook-id")), "{ids:?}: {}", replayed.body);
    }
}

/// Makes workspaces; each is two events.
fn work(server: &Server, organization: &str, token: &str, count: u32) {
    let path = format!("/api/v1/organizations/{organization}/workspaces");
    for number in 0..count {
        let body = format!(r#"{{"title":"Lab {number}"}}"#);
        made(server.request("POST", &path, token, &body));
    }
}

/// The place of the first event that arrived.
fn first(arrived: &BTreeSet<String>) -> u64 {
    let id = arrived.first().unwrap();
    id.rsplit_once('_').unwrap().1.parse().unwrap()
}

/// What stands before the place in the ids of events.
fn prefix(arrived: &BTreeSet<String>) -> String {
    let id = arrived.first().unwrap();
    format!("{}_", id.rsplit_once('_').unwrap().0)
}

/// Asks again and again until the answer says so.
fn until(server: &Server, path: &str, says: impl Fn(&str) -> bool) -> String {
    for _ in 0..10_000 {
        let answer = made(server.get(path, server.token()));
        if says(&answer.body) {
            return answer.body;
        }
    }
    panic!("{path} never said so");
}

fn serve(installation: &Installation, at_home: bool) -> Server {
    let allowed = if at_home { "127.0.0.0/8,::1" } else { "none" };
    start(
        installation,
        &[("ROLLBOOK_WEBHOOKS_ALLOW_NETWORKS", allowed)],
    )
}

fn start(installation: &Installation, variables: &[(&str, &str)]) -> Server {
    let mut command = installation.rollbook();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("ROLLBOOK_OUTBOX_POLL", "20ms");
    command.env("ROLLBOOK_WEBHOOKS_ALLOW_HTTP", "true");
    command.envs(variables.iter().copied());
    Server::start(command)
}

/// Founds an organization, and answers its id.
fn found(server: &Server) -> String {
    let path = "/api/v1/organizations";
    let made = made(server.request("POST", path, server.token(), r#"{"title":"Acme"}"#));
    let name = made.field("name").strip_prefix("organizations/");
    name.unwrap().to_owned()
}

/// Makes an endpoint at the receiver, by a name that leads to this machine.
fn hook(server: &Server, organization: &str, receiver: &Receiver) -> Answer {
    let path = format!("/api/v1/organizations/{organization}/webhookEndpoints");
    let body = format!(r#"{{"url":"http://localhost:{}/hook"}}"#, receiver.port);
    made(server.request("POST", &path, server.token(), &body))
}

#[track_caller]
fn made(answer: Answer) -> Answer {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

/// Somebody else's server.
struct Receiver {
    callers: Queue<TcpStream>,
    port: u16,
}

/// What arrived there.
struct Arrived {
    headers: Vec<(String, String)>,
    body: String,
}

impl Receiver {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (queue, callers) = channel();
        // Until the program ends.
        thread::spawn(move || {
            listener
                .incoming()
                .flatten()
                .try_for_each(|it| queue.send(it))
        });
        Self { callers, port }
    }

    /// Takes the next request, and answers it. Who asked may be dead by now.
    fn answer(&self, status: &str) -> Arrived {
        let (arrived, mut stream) = self.next();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        arrived
    }

    /// The next request, whose answer is awaited. Who dies while asking has not asked.
    fn next(&self) -> (Arrived, TcpStream) {
        let patience = Duration::from_secs(30);
        loop {
            let stream = self.callers.recv_timeout(patience).unwrap();
            stream.set_read_timeout(Some(patience)).unwrap();
            if let Some(arrived) = Arrived::read(&stream) {
                return (arrived, stream);
            }
        }
    }

    /// Asserts that nobody else has connected.
    fn is_untouched(&self) {
        assert!(self.callers.try_recv().is_err());
    }
}

impl Arrived {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut lines = reader.by_ref().lines().map_while(Result::ok);
        assert_eq!(lines.next()?, "POST /hook HTTP/1.1");
        let headers = lines.take_while(|line| !line.is_empty());
        let headers: Vec<(String, String)> = headers
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        let mut arrived = Self {
            headers,
            body: String::new(),
        };
        let mut body = vec![0; arrived.header("content-length").parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        arrived.body = String::from_utf8(body).ok()?;
        Some(arrived)
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// Asserts that it bears the signature of an independent library, and no other.
    fn verify(&self, verifier: &Webhook) {
        assert_eq!(self.header("webhook-signature"), self.signature(verifier));
    }

    /// The signature that an independent library makes of it.
    fn signature(&self, verifier: &Webhook) -> String {
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let id = self.header("webhook-id");
        verifier.sign(id, timestamp, self.body.as_bytes()).unwrap()
    }
}
