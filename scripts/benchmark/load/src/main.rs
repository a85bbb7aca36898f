//! Loads an HTTP/1.1 server over a fixed number of keep-alive connections, one request at a time on
//! each, from one thread, and prints what it saw as one line of JSON.
//!
//! It exists because one core must be enough to exhaust a server on another, which leaves no room
//! for building requests, and because latencies are to be exact: every one is kept, none is
//! estimated. Anything but a complete 2xx answer ends the run.

mod connection;
mod report;
mod requests;
mod response;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use connection::Connection;
use report::Samples;
use requests::Requests;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(15);

const USAGE: &str =
    "usage: rollbook-load ADDRESS CONNECTIONS WARM_UP_MILLIS MILLIS FIRST_NUMBER REQUESTS_FILE";

type Result<T> = std::result::Result<T, String>;

/// What to do, from the command line.
struct Plan {
    address: SocketAddr,
    connections: usize,
    warm_up: Duration,
    duration: Duration,
    requests: Requests,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match plan(&arguments).and_then(|plan| load(&plan)) {
        Ok(samples) => {
            println!("{}", samples.into_json());
            ExitCode::SUCCESS
        }
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

fn plan(arguments: &[String]) -> Result<Plan> {
    let [address, connections, warm_up, duration, first, file] = arguments else {
        return Err(USAGE.to_owned());
    };
    Ok(Plan {
        address: address.parse().map_err(|_| USAGE)?,
        connections: connections.parse().map_err(|_| USAGE)?,
        warm_up: Duration::from_millis(warm_up.parse().map_err(|_| USAGE)?),
        duration: Duration::from_millis(duration.parse().map_err(|_| USAGE)?),
        requests: Requests::read(file, first.parse().map_err(|_| USAGE)?)?,
    })
}

/// Connects, warms up, measures, and waits for the answers still under way at the end, so that the
/// server is idle again afterwards.
fn load(plan: &Plan) -> Result<Samples> {
    let system = |error: io::Error| error.to_string();
    let mut poll = Poll::new().map_err(system)?;
    let mut events = Events::with_capacity(plan.connections);
    let mut connections = connect(plan, &poll)?;
    let mut requests = plan.requests.clone();
    let begin = Instant::now() + plan.warm_up;
    let end = begin + plan.duration;
    let mut samples = Samples::new(plan.duration);
    for connection in &mut connections {
        connection.send(requests.next())?;
    }
    let mut busy = connections.len();
    while busy > 0 {
        poll.poll(&mut events, Some(PATIENCE)).map_err(system)?;
        if events.is_empty() {
            return Err(format!("no answer for {} s", PATIENCE.as_secs()));
        }
        for event in &events {
            let connection = &mut connections[event.token().0];
            let Some(answer) = connection.receive()? else {
                continue;
            };
            if (begin..end).contains(&answer.at) {
                samples.add(answer.latency, answer.bytes);
            }
            if answer.at < end {
                connection.send(requests.next())?;
            } else {
                busy -= 1;
            }
        }
    }
    samples.issued(requests.issued());
    Ok(samples)
}

fn connect(plan: &Plan, poll: &Poll) -> Result<Vec<Connection>> {
    let open = |index| {
        let mut connection = Connection::open(plan.address)?;
        poll.registry()
            .register(connection.source(), Token(index), Interest::READABLE)?;
        Ok(connection)
    };
    (0..plan.connections)
        .map(open)
        .collect::<io::Result<_>>()
        .map_err(|error| format!("cannot connect to {}: {error}", plan.address))
}
