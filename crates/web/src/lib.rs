//! Rollbook's HTTP dialects over Actix.
//!
//! [`Web`] mounts everything into an Actix application. A dialect parses requests into calls of
//! the domain's services and renders what they answer; it owns no rule and calls no other dialect.
//! [`pages`] are what people see in browsers.

#[cfg(feature = "bench")]
mod bench;
mod body;
mod client_address;
pub mod dialect;
mod docs;
mod errand;
mod health;
mod json;
pub mod limits;
mod metrics;
pub mod native;
pub mod oauth;
mod observe;
pub mod operation;
mod page;
pub mod pages;
mod router;
mod state;
pub mod zenml;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Route, guard};

pub use metrics::Metrics;
pub use observe::RequestId;
pub use state::{NativeSettings, PageSettings, Services, Settings, ZenmlSettings};

use state::State;

/// Everything Rollbook serves over HTTP. Make one before the server starts; clones share it.
#[derive(Clone)]
pub struct Web {
    state: Data<State>,
}

impl Web {
    /// Over these services.
    #[must_use]
    pub fn new(services: Services, settings: Settings) -> Self {
        Self {
            state: Data::new(State::new(services, settings)),
        }
    }

    /// What is measured, to add to it.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.state.metrics
    }

    /// Tells where the world reaches Rollbook, without a slash at the end: the descriptions for
    /// machines say it. Until then those that have to are not served.
    pub fn announce(&self, public_url: &str) {
        self.state.docs.announce(public_url);
    }

    /// Mounts all routes; for `App::configure`.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.state.clone())
            .configure(docs::configure)
            .configure(health::configure)
            .configure(metrics::configure)
            .configure(|config| {
                dialect::configure::<native::Native>(config, &self.state, native::OPERATIONS);
                dialect::configure::<zenml::Zenml>(config, &self.state, zenml::OPERATIONS);
                dialect::configure::<pages::Pages>(config, &self.state, pages::OPERATIONS);
                // Behind the pages, some of whose paths are among its own.
                dialect::configure::<oauth::OAuth>(config, &self.state, oauth::OPERATIONS);
            });
        #[cfg(feature = "bench")]
        config.configure(bench::configure);
    }
}

/// A route for whoever reads, which includes `HEAD`: Actix leaves the body out by itself.
fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
