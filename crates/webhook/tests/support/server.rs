//! Endpoints as they are: good ones and bad ones.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// What a server does with a request.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Sends these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Sends these bytes and then nothing, with an open connection.
    Unfinished(Vec<u8>),
    /// Sends the first, and the second again and again until nobody takes it.
    Endless(Vec<u8>, Vec<u8>),
    /// Closes the connection.
    Nothing,
    /// Does not even read, and keeps the connection open.
    Never,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self::with(status, &[], "")
    }

    pub(crate) fn with(status: u16, headers: &[(&str, String)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} Whatever\r\nconnection: close\r\n");
        for (name, value) in headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if status != 204 {
            let _ = write!(text, "content-length: {}\r\n", body.len());
        }
        text.push_str("\r\n");
        text.push_str(body);
        Self::Bytes(text.into_bytes())
    }

    pub(crate) fn raw(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    pub(crate) fn unfinished(text: &str) -> Self {
        Self::Unfinished(text.as_bytes().to_vec())
    }

    pub(crate) fn endless() -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
        Self::Endless(head.into(), vec![b'x'; 4096])
    }

    pub(crate) fn endless_chunks() -> Self {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Self::Endless(head.into(), b"4\r\nxxxx\r\n".repeat(100))
    }

    pub(crate) fn endless_head() -> Self {
        Self::Endless(
            "HTTP/1.1 200 OK\r\n".into(),
            b"x-a: bbbbbbbbbbbbbbbb\r\n".repeat(50),
        )
    }

    async fn give(&self, stream: &mut (impl AsyncWrite + Unpin)) {
        match self {
            Self::Bytes(bytes) => {
                let _ = stream.write_all(bytes).await;
                let _ = stream.shutdown().await;
            }
            Self::Unfinished(bytes) => {
                let _ = stream.write_all(bytes).await;
                std::future::pending::<()>().await;
            }
            Self::Endless(head, more) => {
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    sent = stream.write_all(more).await;
                }
            }
            Self::Nothing => {}
            Self::Never => std::future::pending().await,
        }
    }
}

/// A request that arrived.
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A certificate that vouches for itself.
pub(crate) struct Certificate(CertifiedKey<KeyPair>);

impl Certificate {
    pub(crate) fn of(name: &str) -> Self {
        Self(generate_simple_self_signed([name.to_owned()]).unwrap())
    }

    /// Those who trust it.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.cert.der().clone()).unwrap();
        roots
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(self.0.signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// An endpoint that answers every request alike.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Request>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn http(answer: Answer) -> Self {
        Self::http_at(Ipv4Addr::LOCALHOST, 0, answer).await
    }

    pub(crate) async fn http_at(address: Ipv4Addr, port: u16, answer: Answer) -> Self {
        Self::start(address, port, None, answer).await
    }

    pub(crate) async fn https(certificate: &Certificate, answer: Answer) -> Self {
        let acceptor = Some(certificate.acceptor());
        Self::start(Ipv4Addr::LOCALHOST, 0, acceptor, answer).await
    }

    async fn start(
        address: Ipv4Addr,
        port: u16,
        acceptor: Option<TlsAcceptor>,
        answer: Answer,
    ) -> Self {
        let listener = TcpListener::bind((address, port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let connections = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (sender, answer) = (sender.clone(), answer.clone());
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, &answer, &sender).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &answer, &sender).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            requests,
            connections,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> Request {
        self.requests.recv().await.unwrap()
    }

    /// How many have connected.
    pub(crate) fn connections(&mut self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Answer,
    requests: &mpsc::UnboundedSender<Request>,
) {
    if !matches!(answer, Answer::Never)
        && let Some(request) = read(&mut stream).await
    {
        let _ = requests.send(request);
    }
    answer.give(&mut stream).await;
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
        bytes.push(stream.read_u8().await.ok()?);
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    let length = headers.get("content-length")?.to_str().ok()?;
    let mut body = vec![0; length.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request {
        line,
        headers,
        body,
    })
}
