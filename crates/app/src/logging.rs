//! Where the program's log goes: to standard error, one event a line.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::failure::{Failure, Result};
use crate::settings::{LogFormat, LogSettings};

/// Starts logging. Secrets never reach it: they are printed by the commands that make them.
pub(crate) fn start(settings: &LogSettings) -> Result<()> {
    let filter = EnvFilter::builder()
        .parse(&settings.level)
        .map_err(|error| Failure::new(format!("log.level: {error}")))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(stderr);
    let started = if is_pretty(settings.format) {
        registry.with(layer.with_ansi(is_colourful())).try_init()
    } else {
        registry
            .with(layer.json().flatten_event(true).with_span_list(false))
            .try_init()
    };
    started.map_err(|error| Failure::new(format!("cannot start logging: {error}")))
}

fn is_pretty(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    }
}

/// Colours only for eyes, and not for those who ask for none (<https://no-color.org>).
fn is_colourful() -> bool {
    let unwanted = std::env::vars_os().any(|(name, value)| name == "NO_COLOR" && !value.is_empty());
    stderr().is_terminal() && !unwanted
}
