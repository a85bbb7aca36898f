use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that is read line by line: whoever reads ahead gets what the other side has sent up
/// to the end of a line, and no more.
///
/// What is sent behind the answer to STARTTLS, in clear text, by whoever is in between, then meets
/// the TLS handshake, which fails. The client's buffer would have kept it and taken it for an answer
/// within TLS (CVE-2021-38371 and others, <https://nostarttls.secvuln.info>).
#[derive(Debug)]
pub(crate) struct LineByLine {
    stream: TcpStream,
    held: Vec<u8>,
    given: usize,
}

impl LineByLine {
    pub(crate) const fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            held: Vec::new(),
            given: 0,
        }
    }
}

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncRead for LineByLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.given == this.held.len() {
            let mut bytes = [0; 4096];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            this.held.clear();
            this.held.extend_from_slice(read.filled());
            this.given = 0;
        }
        let rest = &this.held[this.given..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        let line = end.map_or(rest.len(), |end| end + 1);
        let given = line.min(buffer.remaining());
        buffer.put_slice(&rest[..given]);
        this.given += given;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
