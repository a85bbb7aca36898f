//! `rollbook serve`.

mod first;
mod outbox;
mod server;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use rollbook_domain::port::Mailer;
use rollbook_domain::service::{
    AuditService, AuthorizationService, Core, Courier, CustomRoleService, DomainService,
    InvitationService, MembershipService, OAuthClientService, Operator, OperatorService,
    OrganizationService, OutboxService, PasswordService, PreferencesService, ServiceAccountService,
    SessionService, SubscriptionService, TokenService, UserService, WebhookService,
    WorkspaceService,
};
use rollbook_domain::time::Span;
use rollbook_web::{Services, Web};
use tokio::sync::watch;

use crate::cli::print_line;
use crate::dns::Dns;
use crate::failure::{Failure, Result};
use crate::house::{self, House};
use crate::mail;
use crate::settings::Settings;
use crate::signer::RingSigner;
use crate::webhook;

/// How often noted uses of tokens are written.
const FLUSH_PERIOD: Duration = Duration::from_secs(15);
/// How often requests and sessions are forgotten that no longer count.
const FORGET_PERIOD: Duration = Duration::from_secs(60 * 60);
/// How often it is written down which invitations have run out.
const EXPIRE_PERIOD: Duration = Duration::from_secs(60);
/// How many of them each time, at the most.
const EXPIRE_AT_ONCE: u32 = 500;
/// How long the last of it may take, when the program ends.
const LAST_FLUSH: Duration = Duration::from_secs(5);

/// Serves until a signal ends it.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let began = Instant::now();
    house::with(settings, async |house| serve(settings, house, began).await)
}

async fn serve(settings: &Settings, house: &House, began: Instant) -> Result<()> {
    let operator = OperatorService::new(house.core.clone());
    let key = operator
        .page_token_key()
        .await
        .map_err(|error| Failure::of("read the key for page tokens", &error))?;
    let web = Web::new(services(house, settings), web_settings(settings, key));
    let signals = server::Signals::catch()?;
    let (server, addresses) = server::start(&settings.server, web.clone())?;
    let base = base_url(&addresses);
    let public_url = settings.server.public_url.as_deref().unwrap_or(&base);
    web.announce(public_url);
    // A broken template is found now, not when somebody waits for a letter.
    let mailer = mail::mailer(settings, public_url)?;
    mail::warn(settings, public_url);
    if let Some(welcome) = first::user(&operator, &settings.bootstrap, &base).await? {
        print_line(&welcome)?;
    }
    print_line(&format!(
        "Rollbook {} is listening on {base} (documentation: {base}/docs)",
        env!("CARGO_PKG_VERSION")
    ))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %base,
        database = settings.database.url.masked(),
        milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "started"
    );
    let ended = until_the_end(settings, house, mailer, web, server, signals).await;
    tracing::info!("stopped");
    ended
}

/// Does what is to be done beside serving until that ends, and finishes it.
async fn until_the_end(
    settings: &Settings,
    house: &House,
    mailer: Arc<dyn Mailer>,
    web: Web,
    server: Server,
    signals: server::Signals,
) -> Result<()> {
    let flusher = flush_now_and_then(house.core.clone());
    let sender = Arc::new(webhook::sender(
        &settings.webhooks,
        Arc::clone(&house.clock),
    ));
    let courier = outbox::courier(house.core.clone(), mailer, sender);
    let events = webhooks(house, settings);
    let keep = settings.outbox.keep;
    let forgetter = forget_now_and_then(house.core.clone(), courier.clone(), keep);
    let expirer = expire_now_and_then(InvitationService::new(house.core.clone()));
    let patience = settings.server.shutdown_timeout;
    let (stop, stopped) = watch::channel(false);
    let sender = settings
        .outbox
        .enabled
        .then(|| outbox::start(courier, events, web, &settings.outbox, patience, stopped));
    let ended = server::until_stopped(server, signals, patience, &stop).await;
    stop.send_replace(true);
    flusher.abort();
    forgetter.abort();
    expirer.abort();
    if let Some(sender) = sender
        && sender.await.is_err()
    {
        tracing::error!("the worker of the outbox had broken off");
    }
    if rt::time::timeout(LAST_FLUSH, flush(&house.core))
        .await
        .is_err()
    {
        tracing::warn!("could not note the last uses of tokens in time");
    }
    ended
}

fn webhooks(house: &House, settings: &Settings) -> WebhookService {
    WebhookService::new(house.core.clone(), settings.webhooks.terms.clone())
}

fn services(house: &House, settings: &Settings) -> Services {
    let dns = Dns::new(settings.domains.resolver);
    let core = || house.core.clone();
    Services {
        organizations: Arc::new(OrganizationService::new(core())),
        memberships: Arc::new(MembershipService::new(core())),
        roles: Arc::new(CustomRoleService::new(core())),
        users: Arc::new(UserService::new(core())),
        tokens: Arc::new(TokenService::new(core())),
        oauth_clients: Arc::new(OAuthClientService::new(core())),
        authorization: Arc::new(AuthorizationService::new(
            core(),
            Arc::new(RingSigner),
            &mail::public_url(settings),
        )),
        sessions: Arc::new(SessionService::new(core())),
        passwords: Arc::new(PasswordService::new(core())),
        service_accounts: Arc::new(ServiceAccountService::new(core())),
        domains: Arc::new(DomainService::new(core(), Arc::new(dns))),
        audit: Arc::new(AuditService::new(core())),
        invitations: Arc::new(InvitationService::new(core())),
        workspaces: Arc::new(WorkspaceService::new(core())),
        preferences: Arc::new(PreferencesService::new(core())),
        subscriptions: Arc::new(SubscriptionService::new(core())),
        outbox: Arc::new(OutboxService::new(core())),
        limits: Arc::clone(house.core.limits()),
        webhooks: Arc::new(webhooks(house, settings)),
        probe: house.database.probe(),
        clock: Arc::clone(&house.clock),
        ids: Arc::clone(&house.ids),
    }
}

fn web_settings(settings: &Settings, page_token_key: [u8; 32]) -> rollbook_web::Settings {
    rollbook_web::Settings {
        page_token_key,
        public_url: mail::public_url(settings),
        pages: rollbook_web::PageSettings {
            after_accept_url: settings.pages.after_accept_url.clone(),
            passwords: settings.passwords.enabled,
        },
        native: rollbook_web::NativeSettings {
            owner_limit: settings.native.owner_limit,
            terms: settings.terms,
        },
        zenml: rollbook_web::ZenmlSettings {
            client_id: settings.zenml.client_id.map(|id| id.to_string()),
            owner_limit: settings.zenml.organizations,
            terms: settings.terms,
        },
        trusted_proxies: settings.server.trusted_proxies.clone(),
        body_limit: settings.server.body_limit,
        request_timeout: settings.server.request_timeout,
    }
}

/// Writes the noted uses of tokens every few seconds, until it is aborted.
fn flush_now_and_then(core: Core) -> JoinHandle<()> {
    rt::spawn(async move {
        loop {
            rt::time::sleep(FLUSH_PERIOD).await;
            flush(&core).await;
        }
    })
}

async fn flush(core: &Core) {
    match core.flush_usage().await {
        Ok(0) => {}
        Ok(tokens) => tracing::debug!(tokens, "noted the uses of tokens"),
        Err(error) => tracing::warn!(%error, "could not note the uses of tokens; will try again"),
    }
}

/// Forgets requests and sessions that no longer count and messages that are over, at once and then
/// every hour, until it is aborted.
fn forget_now_and_then(core: Core, courier: Courier, keep: Span) -> JoinHandle<()> {
    rt::spawn(async move {
        loop {
            match courier.forget(keep).await {
                Ok(messages) => tracing::debug!(messages, "forgot old messages"),
                Err(error) => {
                    tracing::warn!(%error, "could not forget old messages; will try again");
                }
            }
            match core.forget_requests().await {
                Ok(requests) => tracing::debug!(requests, "forgot old requests"),
                Err(error) => {
                    tracing::warn!(%error, "could not forget old requests; will try again");
                }
            }
            match core.forget_sessions().await {
                Ok(sessions) => tracing::debug!(sessions, "forgot old sessions"),
                Err(error) => {
                    tracing::warn!(%error, "could not forget old sessions; will try again");
                }
            }
            match core.forget_grants().await {
                Ok(grants) => tracing::debug!(grants, "forgot what OAuth clients were given"),
                Err(error) => {
                    tracing::warn!(%error, "could not forget old grants; will try again");
                }
            }
            rt::time::sleep(FORGET_PERIOD).await;
        }
    })
}

/// Writes down which invitations have run out, at once and then every minute, until it is aborted.
fn expire_now_and_then(invitations: InvitationService) -> JoinHandle<()> {
    rt::spawn(async move {
        loop {
            match invitations.record_expired(EXPIRE_AT_ONCE).await {
                Ok(0) => {}
                Ok(count) => tracing::debug!(count, "noted which invitations have run out"),
                Err(error) => {
                    tracing::warn!(%error, "could not note what has run out; will try again");
                }
            }
            rt::time::sleep(EXPIRE_PERIOD).await;
        }
    })
}

/// How to reach the first address from this machine.
pub(crate) fn base_url(addresses: &[SocketAddr]) -> String {
    let Some(address) = addresses.first() else {
        return "nowhere".to_owned();
    };
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_all_is_reached_at_home() {
        for (address, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:80", "http://[::1]:80"),
            ("192.0.2.1:80", "http://192.0.2.1:80"),
        ] {
            assert_eq!(base_url(&[address.parse().unwrap()]), url);
        }
    }
}
