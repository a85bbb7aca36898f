//! One request and its answer.

use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rollbook_domain::outbox::Attempt;
use rollbook_domain::webhook::{Post, Reply};
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use crate::connect::{Stream, connect};
use crate::retry_after::retry_after;
use crate::{HttpSender, Silence};

/// How we call ourselves.
const USER_AGENT: &str = concat!("Rollbook/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// How many bytes of an answer are read.
const LONGEST_BODY: usize = 4 * 1024;

/// How many bytes the head of an answer may have.
const LONGEST_HEAD: usize = 32 * 1024;

/// How long the beginning of the body is waited for, once the status is known.
const BODY_PATIENCE: Duration = Duration::from_secs(2);

/// Posts, and waits for the answer until the deadline.
pub(crate) async fn post(
    sender: &HttpSender,
    post: &Post,
    deadline: Instant,
) -> Result<Reply, Silence> {
    let url = Url::parse(post.url.as_str()).map_err(|_| Silence::Url)?;
    match url.scheme() {
        "https" => {}
        "http" if sender.options.allow_http => {}
        _ => return Err(Silence::Unencrypted),
    }
    let request = request(&url, post)?;
    let stream = connect(sender, &url, deadline).await?;
    let (response, excerpt) = exchange(stream, request, deadline).await?;
    Ok(Reply {
        status: Some(response.status().as_u16()),
        retry_after: retry_after(response.headers(), sender.clock.now()),
        excerpt,
        error: None,
    })
}

fn request(url: &Url, post: &Post) -> Result<Request<Full<Bytes>>, Silence> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .header("webhook-id", &post.id)
        .header("webhook-timestamp", post.timestamp)
        .header("webhook-signature", &post.signature)
        .body(Full::from(post.body.clone()))
        .map_err(|_| Silence::Url)
}

/// Sends the request; answers the head of the response and the beginning of its body.
async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    deadline: Instant,
) -> Result<(Response<()>, String), Silence> {
    let mut builder = http1::Builder::new();
    let handshake = builder
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| Silence::Broken)?;
    let mut connection = pin!(connection);
    let mut dialogue = pin!(async {
        let response = timeout_at(deadline, sender.send_request(request)).await;
        let response = response.map_err(|_| Silence::Timeout)?;
        let (head, body) = response.map_err(|_| Silence::Broken)?.into_parts();
        let patience = deadline.min(Instant::now() + BODY_PATIENCE);
        Ok((
            Response::from_parts(head, ()),
            excerpt(body, patience).await,
        ))
    });
    // The connection has to be driven for anything to happen on it; what it had read when it ended
    // is still there.
    tokio::select! {
        biased;
        outcome = &mut dialogue => return outcome,
        _ = &mut connection => {}
    }
    dialogue.await
}

/// The beginning of a body, as far as it comes before the deadline. The status has told what there
/// is to know, so that a body that breaks off does not matter.
async fn excerpt(mut body: Incoming, deadline: Instant) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY {
        let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await else {
            break;
        };
        if let Ok(data) = frame.into_data() {
            let rest = LONGEST_BODY - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(rest)]);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    // No database keeps a NUL in a text.
    let text = text.chars().filter(|c| *c != '\0');
    text.take(Attempt::LONGEST).collect()
}
