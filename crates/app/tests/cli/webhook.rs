//! From what somebody does to what arrives at an endpoint, and what its answer leads to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
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
}

fn serve(installation: &Installation, at_home: bool) -> Server {
    let mut command = installation.rollbook();
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("ROLLBOOK_OUTBOX_POLL", "20ms");
    command.env("ROLLBOOK_WEBHOOKS_ALLOW_HTTP", "true");
    if at_home {
        command.env("ROLLBOOK_WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8,::1");
    }
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
    listener: TcpListener,
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
        Self { listener, port }
    }

    /// Takes the next request, and answers it.
    fn answer(&self, status: &str) -> Arrived {
        let (mut stream, _) = self.listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut lines = reader.by_ref().lines().map(Result::unwrap);
        assert_eq!(lines.next().unwrap(), "POST /hook HTTP/1.1");
        let headers = lines.take_while(|line| !line.is_empty());
        let headers: Vec<(String, String)> = headers
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        let mut arrived = Arrived {
            headers,
            body: String::new(),
        };
        let length: usize = arrived.header("content-length").parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        arrived.body = String::from_utf8(body).unwrap();
        write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n\r\n").unwrap();
        arrived
    }

    /// Asserts that nobody has connected.
    fn is_untouched(&self) {
        self.listener.set_nonblocking(true).unwrap();
        assert!(self.listener.accept().is_err());
    }
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// Signs it as an independent library would.
    fn verify(&self, verifier: &Webhook) {
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let id = self.header("webhook-id");
        let expected = verifier.sign(id, timestamp, self.body.as_bytes());
        assert_eq!(self.header("webhook-signature"), expected.unwrap());
    }
}
