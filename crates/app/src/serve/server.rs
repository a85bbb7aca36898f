//! The HTTP server: its limits, its addresses and its end.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpServer};
use rollbook_web::Web;
use tokio::sync::watch;

use crate::failure::{Failure, Result};
use crate::settings::ServerSettings;

/// Binds the addresses and starts to serve there.
pub(crate) fn start(settings: &ServerSettings, web: Web) -> Result<(Server, Vec<SocketAddr>)> {
    let workers = settings.workers.unwrap_or_else(cores);
    let per_worker = (settings.max_connections as usize).div_ceil(workers);
    let server = HttpServer::new(move || App::new().configure(|config| web.configure(config)))
        .workers(workers)
        .backlog(settings.backlog)
        .max_connections(per_worker)
        .keep_alive(keep_alive(settings.keep_alive))
        .client_request_timeout(settings.header_timeout)
        .client_disconnect_timeout(settings.disconnect_timeout)
        .shutdown_timeout(settings.shutdown_timeout.as_secs().max(1))
        .disable_signals()
        .bind(&settings.listen)
        .map_err(|error| unbound(&settings.listen, &error))?;
    let addresses = server.addrs();
    Ok((server.run(), addresses))
}

/// Waits for the end: the first signal lets the server finish what it accepted, a second one ends
/// it at once. `stop` tells the others.
pub(crate) async fn until_stopped(
    server: Server,
    mut signals: Signals,
    patience: Duration,
    stop: &watch::Sender<bool>,
) -> Result<()> {
    let handle = server.handle();
    let mut server = pin!(server);
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = &mut server => {
                return ended.map_err(|error| Failure::new(format!("the server failed: {error}")));
            }
            signal = signals.next() => {
                if stopping {
                    stop_at_once(signal);
                }
                tracing::info!(signal, seconds = patience.as_secs(), "finishing what was accepted");
                stopping = true;
                stop.send_replace(true);
                drop(handle.stop(true));
            }
        }
    }
}

/// Ends the program without waiting for anything. What was acknowledged is in the database.
#[expect(
    clippy::disallowed_methods,
    reason = "somebody asked twice for the end"
)]
fn stop_at_once(signal: &str) -> ! {
    tracing::warn!(signal, "stopping at once");
    std::process::exit(1)
}

/// The signals that ask the program to end, caught from the moment that this is made.
#[cfg(unix)]
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Catches them from now on.
    pub(crate) fn catch() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let catch = |kind| {
            signal(kind).map_err(|error| Failure::new(format!("cannot catch signals: {error}")))
        };
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
        })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Ctrl-C, where there are no signals.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Nothing to prepare.
    pub(crate) fn catch() -> Result<Self> {
        Ok(Self)
    }

    /// Waits for Ctrl-C; for ever if that is not possible.
    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn keep_alive(idle: Duration) -> KeepAlive {
    if idle.is_zero() {
        KeepAlive::Disabled
    } else {
        KeepAlive::Timeout(idle)
    }
}

/// Why an address could not be had, and what to do.
fn unbound(address: &str, error: &Error) -> Failure {
    let failure = Failure::new(format!("cannot listen on {address}: {error}"));
    match error.kind() {
        ErrorKind::AddrInUse => failure.hint(
            "another program listens there already: stop it, or choose another address, \
             such as --listen 127.0.0.1:8081 (port 0 takes a free one)",
        ),
        ErrorKind::PermissionDenied => failure.hint(
            "ports below 1024 need privileges: choose a higher one, such as --listen 127.0.0.1:8080",
        ),
        ErrorKind::AddrNotAvailable => failure.hint(
            "this machine does not have that address: --listen 0.0.0.0:8080 takes all it has",
        ),
        _ => failure.hint("give a host and a port, such as --listen 127.0.0.1:8080"),
    }
}
