//! A running server, and a client for it that can stop in the middle of a request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::Ran;

/// A running server. It is killed when the test is over.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    log: Receiver<String>,
    logged: String,
    /// What it printed until it listened.
    pub(crate) greeting: String,
    address: String,
}

impl Server {
    /// Starts it and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Self {
            out: BufReader::new(child.stdout.take().unwrap()),
            log: lines(child.stderr.take().unwrap()),
            child,
            logged: String::new(),
            greeting: String::new(),
            address: String::new(),
        };
        server.read_greeting();
        server
    }

    fn read_greeting(&mut self) {
        while self.address.is_empty() {
            let mut line = String::new();
            let length = self.out.read_line(&mut line).unwrap();
            assert!(length > 0, "the server ended: {}", self.rest_of_log());
            if let Some((_, rest)) = line.split_once("is listening on http://") {
                self.address = rest.split_whitespace().next().unwrap().to_owned();
            }
            self.greeting.push_str(&line);
        }
    }

    /// The token that was printed on an empty database.
    pub(crate) fn token(&self) -> &str {
        let at = self.greeting.find("rbk_pat_").expect("a token");
        &self.greeting[at..at + 57]
    }

    /// Connects, for a request in pieces.
    pub(crate) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Connection(stream)
    }

    /// Asks for something without a body.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.request("GET", path, token, "")
    }

    /// Sends a body of JSON.
    pub(crate) fn request(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let mut connection = self.connect();
        connection.send(&head(method, path, token, body.len()));
        connection.send(body);
        connection.answer()
    }

    /// Asks as a browser does that has this cookie; with a form, as one of the page's own.
    pub(crate) fn browse(&self, path: &str, cookie: &str, form: Option<&str>) -> Answer {
        let mut connection = self.connect();
        let (method, body) = form.map_or(("GET", ""), |form| ("POST", form));
        connection.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Accept: text/html\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len(),
            host = self.address,
        ));
        connection.answer()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for a line of the log.
    pub(crate) fn wait_for_log(&mut self, text: &str) {
        self.wait_for_logs(text, 1);
    }

    /// Waits until a line has been logged so often.
    pub(crate) fn wait_for_logs(&mut self, text: &str, times: usize) {
        while self.logged.matches(text).count() < times {
            match self.log.recv_timeout(Duration::from_secs(30)) {
                Ok(line) => self.logged.push_str(&line),
                Err(error) => panic!("no '{text}' in the log ({error}): {}", self.logged),
            }
        }
    }

    /// Waits for the end; answers the exit code, what came on standard output after the greeting,
    /// and the whole log.
    pub(crate) fn wait(mut self) -> Ran {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        Ran {
            code: self.child.wait().unwrap().code(),
            out,
            err: self.rest_of_log(),
        }
    }

    /// Ends it politely.
    pub(crate) fn stop(self) -> Ran {
        self.signal("TERM");
        self.wait()
    }

    fn rest_of_log(&mut self) -> String {
        self.logged.extend(self.log.iter());
        std::mem::take(&mut self.logged)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads lines aside, so that the writer never waits.
fn lines(from: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = String::new();
        while from.read_line(&mut line).is_ok_and(|length| length > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The head of a request.
pub(crate) fn head(method: &str, path: &str, token: &str, length: usize) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// A connection for one request.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Sends a piece of a request.
    pub(crate) fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads the answer to its end.
    pub(crate) fn answer(mut self) -> Answer {
        let mut text = String::new();
        self.0.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }

    /// The text of a field of a JSON object, found without a parser: good enough for names.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> &str {
        let key = format!("\"{name}\":\"");
        let at = self.body.find(&key).expect(name) + key.len();
        self.body[at..].split('"').next().unwrap()
    }
}
