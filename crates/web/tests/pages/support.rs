//! A browser before a server over mocks.

use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use actix_web::test::{self, TestRequest};
use rollbook_domain::access::Credential;
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::mock::{FixedClock, SequentialIds, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::MockProbe;
use rollbook_domain::role::Role;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{Acceptance, Invitee, OpenedInvitation};
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::service::{
    MockAuditLog, MockAuthorization, MockCustomRoles, MockDomains, MockInvitations,
    MockMemberships, MockOAuthClients, MockOrganizations, MockOutbox, MockPasswords,
    MockPreferences, MockServiceAccounts, MockSessions, MockSubscriptions, MockTokens, MockUsers,
    MockWebhooks, MockWorkspaces,
};
use rollbook_domain::token::{Token, TokenKind};
use rollbook_domain::user::User;
use rollbook_web::{NativeSettings, PageSettings, Services, Settings, Web, ZenmlSettings};

/// Where the server says it is.
pub(super) const HOME: &str = "https://book.example";

/// The services behind a server; a test expects calls of them.
#[derive(Default)]
pub(super) struct Mocks {
    pub(super) organizations: MockOrganizations,
    pub(super) invitations: MockInvitations,
    pub(super) authorization: MockAuthorization,
    pub(super) sessions: MockSessions,
    pub(super) passwords: MockPasswords,
    pub(super) users: MockUsers,
    /// Where the server says it is, unless that is [`HOME`].
    pub(super) public_url: Option<&'static str>,
    /// Where the operator leads whoever accepts.
    pub(super) after_accept_url: Option<&'static str>,
    /// Whether nobody has a password.
    pub(super) passwords_off: bool,
}

impl Mocks {
    /// A server at whose link of an invitation this is found.
    pub(super) fn opening(opened: OpenedInvitation) -> Server {
        let mut mocks = Self::default();
        mocks
            .invitations
            .expect_open()
            .returning(move |_, _| Ok(opened.clone()));
        mocks.serve()
    }

    pub(super) fn serve(self) -> Server {
        let services = Services {
            organizations: Arc::new(self.organizations),
            memberships: Arc::new(MockMemberships::new()),
            roles: Arc::new(MockCustomRoles::new()),
            users: Arc::new(self.users),
            oauth_clients: Arc::new(MockOAuthClients::new()),
            authorization: Arc::new(self.authorization),
            sessions: Arc::new(self.sessions),
            passwords: Arc::new(self.passwords),
            tokens: Arc::new(MockTokens::new()),
            service_accounts: Arc::new(MockServiceAccounts::new()),
            domains: Arc::new(MockDomains::new()),
            audit: Arc::new(MockAuditLog::new()),
            invitations: Arc::new(self.invitations),
            workspaces: Arc::new(MockWorkspaces::new()),
            preferences: Arc::new(MockPreferences::new()),
            subscriptions: Arc::new(MockSubscriptions::new()),
            outbox: Arc::new(MockOutbox::new()),
            webhooks: Arc::new(MockWebhooks::new()),
            limits: Arc::default(),
            probe: Arc::new(MockProbe::new()),
            clock: Arc::new(FixedClock::default()),
            ids: Arc::new(SequentialIds::default()),
        };
        let settings = Settings {
            page_token_key: [42; 32],
            public_url: self.public_url.unwrap_or(HOME).to_owned(),
            native: NativeSettings::default(),
            pages: PageSettings {
                after_accept_url: self.after_accept_url.map(str::to_owned),
                passwords: !self.passwords_off,
            },
            zenml: ZenmlSettings::default(),
            trusted_proxies: Vec::new(),
            body_limit: 4096,
            request_timeout: Duration::from_secs(60),
        };
        Server(Web::new(services, settings))
    }
}

/// A server under test.
pub(super) struct Server(Web);

impl Server {
    pub(super) async fn send(&self, request: TestRequest) -> Answer {
        let app = App::new().configure(|config| self.0.configure(config));
        let app = test::init_service(app).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        Answer {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// What is measured.
    pub(super) fn metrics(&self) -> String {
        self.0.metrics().print().unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// A header that must be there, once.
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name);
        let value = values
            .next()
            .unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert!(values.next().is_none(), "several {name}");
        value.to_str().unwrap()
    }

    /// Asserts that the browser is led there, with a GET.
    #[track_caller]
    pub(super) fn assert_leads_to(&self, location: &str) {
        assert_eq!(self.status, 303, "{}", self.body);
        assert_eq!(self.header(LOCATION.as_str()), location);
    }

    /// The cookie that is set, if one is.
    pub(super) fn cookie(&self) -> Option<&str> {
        self.headers.get(SET_COOKIE)?.to_str().ok()
    }
}

/// A form as a browser sends it from our page.
pub(super) fn post(path: &str, form: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header((ORIGIN, HOME))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload(form.to_owned())
}

/// The request of somebody who has signed in.
pub(super) fn signed_in(request: TestRequest) -> TestRequest {
    let cookie = format!("a=b; __Host-rollbook_session={}; c=d", cookie().reveal());
    request.insert_header((COOKIE, cookie))
}

/// The secret in the cookie.
pub(super) fn cookie() -> Secret {
    Secret::session(&[7; 32])
}

/// What the cookie is.
pub(super) fn session() -> Credential {
    Credential::Session(cookie().digest())
}

/// A session of the user as it is issued, with the secret of [`cookie`].
pub(super) fn issued(user: &User) -> IssuedToken {
    IssuedToken {
        token: Token {
            kind: TokenKind::Session,
            ..sample::token("session", user)
        },
        secret: cookie(),
    }
}

pub(super) fn jane() -> User {
    sample::user("jane")
}

pub(super) fn joe() -> User {
    sample::user("joe")
}

pub(super) fn acme() -> OrganizationView {
    sample::organization_view("Acme Corp", &jane())
}

/// Joe's invitation.
pub(super) fn invitation() -> InvitationView {
    sample::invitation_view(&acme().organization, &jane(), "joe", &[Role::Member])
}

/// Joe's invitation in another state.
pub(super) fn invitation_that_is(state: InvitationState) -> InvitationView {
    let mut view = invitation();
    view.invitation.state = state;
    if state == InvitationState::Accepted {
        view.invitation.accepted_by = Some(joe().id);
    }
    view
}

/// What is found at its link.
pub(super) fn opened(invitation: InvitationView, reader: Option<User>) -> OpenedInvitation {
    OpenedInvitation {
        invitation,
        invitee: Invitee::Newcomer,
        reader,
    }
}

/// That joe has accepted it.
pub(super) fn acceptance() -> Acceptance {
    Acceptance {
        invitation: invitation_that_is(InvitationState::Accepted),
        member: sample::member_view(&acme().organization, &joe(), &[Role::Member]),
    }
}

/// What was mailed to Joe.
pub(super) fn secret() -> Secret {
    sample::invitation_secret(invitation().invitation.id, "joe")
}

/// The path of the link.
pub(super) fn link() -> String {
    format!("/invitations/{}", secret().reveal())
}
