//! One keep-alive connection with at most one request under way.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use crate::{Result, response};

/// Room for most answers at once.
const ROOM: usize = 64 * 1024;

/// A connection and what of an answer has arrived.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    sent: Instant,
}

/// A complete answer.
pub struct Answer {
    /// When its last byte was read.
    pub at: Instant,
    /// Since its request was written.
    pub latency: Duration,
    /// Its length, with its head.
    pub bytes: usize,
}

impl Connection {
    /// Connects, waiting until it is done.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            buffer: vec![0; ROOM],
            filled: 0,
            sent: Instant::now(),
        })
    }

    /// What to poll.
    pub fn source(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Writes a request. It fits into the socket's buffer, since the last one has been answered.
    pub fn send(&mut self, request: &[u8]) -> Result<()> {
        self.sent = Instant::now();
        self.stream
            .write_all(request)
            .map_err(|error| format!("cannot send a request: {error}"))
    }

    /// Reads what is there; the answer once it is complete.
    pub fn receive(&mut self) -> Result<Option<Answer>> {
        loop {
            let room = self.buffer.len() - self.filled;
            let read = match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err("the server closed a connection".to_owned()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("cannot read an answer: {error}")),
            };
            self.filled += read;
            if let Some(bytes) = self.complete()? {
                let at = Instant::now();
                self.filled = 0;
                return Ok(Some(Answer {
                    at,
                    latency: at - self.sent,
                    bytes,
                }));
            }
            if self.filled == self.buffer.len() {
                self.buffer.resize(2 * self.filled, 0);
            }
            // Less than there was room for: everything is read, and the next bytes are a new event.
            if read < room {
                return Ok(None);
            }
        }
    }

    /// The length of the answer if all of it is here and it is a success.
    fn complete(&self) -> Result<Option<usize>> {
        let bytes = &self.buffer[..self.filled];
        let Some((status, length)) = response::frame(bytes)? else {
            return Ok(None);
        };
        if self.filled < length {
            return Ok(None);
        }
        if self.filled > length {
            return Err("more than one answer to a request".to_owned());
        }
        if !(200..300).contains(&status) {
            let text = String::from_utf8_lossy(bytes);
            return Err(format!("an answer that is no success:\n{text}"));
        }
        Ok(Some(length))
    }
}
