//! `rollbook client` and `rollbook keys`.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use rollbook_domain::error::Kind;
use rollbook_domain::id::{ClientId, OrganizationId};
use rollbook_domain::oauth::{
    ClientKind, GrantType, GrantTypes, OAuthClient, RedirectUri, SECRET_OVERLAP, Scope, Scopes,
};
use rollbook_domain::page::{From, Window};
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::oauth::{CreateClient, IssuedClient};
use rollbook_domain::service::service_account::Granted;
use rollbook_domain::service::{AuthorizationService, Operator, OperatorService};
use rollbook_domain::value::{ClientName, Malformed, RoleKey};
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use crate::cli::{organization, print_line, print_text};
use crate::failure::{Failure, Result};
use crate::house::{self, House};
use crate::settings::Settings;
use crate::signer::RingSigner;

/// How many clients are read at once.
const CHUNK: u32 = 500;

/// What can be done about OAuth clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Make an OAuth client and print its id and, on the next line, its secret, if it has one
    ///
    /// Without --organization it is the installation's: users can allow it something everywhere.
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// List the OAuth clients of the installation, or of an organization, one JSON object a line
    #[command(
        after_help = "Example:\n  rollbook client list --organization 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b"
    )]
    List(ListArgs),
    /// Give an OAuth client another secret and print it, and nothing else, on standard output
    ///
    /// The secret before it works for another day, unless --end-others ends it at once.
    #[command(
        after_help = "Example:\n  SECRET=$(rollbook client rotate 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b)"
    )]
    Rotate(RotateArgs),
    /// Delete an OAuth client; all that it was given stops working at once
    #[command(
        after_help = "Example:\n  rollbook client delete 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b"
    )]
    Delete(DeleteArgs),
}

const CREATE_EXAMPLES: &str = "\
Examples:
  rollbook client create --name Console --redirect-uri https://console.example/callback
  rollbook client create --name 'Command line' --public --grant device_code \\
      --grant refresh_token --scope openid --scope offline_access --scope rollbook
  rollbook client create --name Robot --organization 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b \\
      --grant client_credentials --role org-viewer";

/// What can be done about the keys of ID tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Sign ID tokens with a new key from now on, and print its id
    ///
    /// The old key is shown at /oauth2/jwks until everything that it signed has expired.
    #[command(after_help = "Example:\n  rollbook keys rotate")]
    Rotate,
}

/// What a new client shall be.
#[derive(Args, Clone, Debug)]
pub(crate) struct CreateArgs {
    /// What users are told it is called
    #[arg(long, value_parser = ClientName::parse)]
    name: ClientName,
    /// It cannot keep a secret: a program on somebody's machine, or in a browser
    #[arg(long)]
    public: bool,
    /// The organization whose it is, and in which alone it works
    #[arg(long, value_name = "ID", value_parser = organization)]
    organization: Option<OrganizationId>,
    /// How it may come by tokens: `authorization_code`, `refresh_token`, `client_credentials` or
    /// `device_code`; repeat it for several. The first two unless given
    #[arg(long = "grant", value_name = "TYPE", value_parser = grant_type)]
    grants: Vec<GrantType>,
    /// What it may be allowed; repeat it for several. Everything unless given
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<Scope>,
    /// Where browsers may be led with codes for it; repeat it for several
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = RedirectUri::parse)]
    redirect_uris: Vec<RedirectUri>,
    /// A role of its service account, if it may act by itself; repeat it for several
    #[arg(long = "role", value_name = "KEY")]
    roles: Vec<String>,
}

/// Whose clients.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ListArgs {
    /// Of this organization; otherwise of the installation
    #[arg(long, value_name = "ID", value_parser = organization)]
    organization: Option<OrganizationId>,
}

/// Which client gets another secret, and how.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct RotateArgs {
    /// The client's id
    #[arg(value_name = "ID", value_parser = client)]
    id: ClientId,
    /// End all other secrets at once
    #[arg(long)]
    end_others: bool,
}

/// Which client.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct DeleteArgs {
    /// The client's id
    #[arg(value_name = "ID", value_parser = client)]
    id: ClientId,
}

/// Does what is to be done about clients.
pub(crate) fn run(settings: &Settings, command: ClientCommand) -> Result<()> {
    match command {
        ClientCommand::Create(args) => create(settings, args),
        ClientCommand::List(args) => list(settings, args.organization),
        ClientCommand::Rotate(args) => rotate(settings, args),
        ClientCommand::Delete(args) => delete(settings, args.id),
    }
}

fn create(settings: &Settings, args: CreateArgs) -> Result<()> {
    let organization = args.organization;
    let command = args.command()?;
    let made = house::with(settings, async |house| {
        let made = operator(house).create_client(organization, command).await;
        made.map_err(|error| failed("make the client", organization, &error))
    })?;
    print_text(&issued(&made))
}

impl CreateArgs {
    fn command(self) -> Result<CreateClient> {
        let types = if self.grants.is_empty() {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        } else {
            self.grants
        };
        let scopes = if self.scopes.is_empty() {
            Scope::ALL.to_vec()
        } else {
            self.scopes
        };
        Ok(CreateClient {
            name: self.name,
            kind: if self.public {
                ClientKind::Public
            } else {
                ClientKind::Confidential
            },
            grant_types: GrantTypes::of(&types),
            scopes: Scopes::of(&scopes),
            redirect_uris: self.redirect_uris,
            granted: granted(&self.roles)?,
            once: None,
        })
    }
}

fn granted(keys: &[String]) -> Result<Granted> {
    let mut granted = Granted {
        roles: Roles::NONE,
        custom_roles: Vec::new(),
    };
    for key in keys {
        if let Some(role) = Role::from_public_key(key) {
            granted.roles = granted.roles.with(role);
        } else {
            let custom = RoleKey::parse(key);
            let custom = custom.map_err(|Malformed(why)| Failure::new(format!("{key}: {why}")));
            granted.custom_roles.push(custom?);
        }
    }
    Ok(granted)
}

/// Id and secret, one a line.
fn issued(made: &IssuedClient) -> String {
    let mut text = format!("{}\n", made.view.client.id);
    if let Some(secret) = &made.secret {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{}", secret.reveal());
    }
    text
}

fn list(settings: &Settings, organization: Option<OrganizationId>) -> Result<()> {
    let clients = house::with(settings, async |house| {
        let operator = operator(house);
        let mut clients = Vec::new();
        let mut window = Window::first(CHUNK);
        loop {
            let page = operator.list_clients(organization, window.clone()).await;
            let page = page.map_err(|error| Failure::of("read the clients", &error))?;
            clients.extend(page.items);
            match page.next {
                Some(key) => window.from = From::After(key),
                None => return Ok(clients),
            }
        }
    })?;
    let lines = clients.iter().map(|client| format!("{}\n", told(client)));
    print_text(&lines.collect::<String>())
}

fn told(client: &OAuthClient) -> Value {
    let types: Vec<&str> = client.grant_types.iter().map(GrantType::key).collect();
    let scopes: Vec<&str> = client.scopes.iter().map(Scope::key).collect();
    let uris = client.redirect_uris.iter().map(RedirectUri::as_str);
    json!({
        "id": client.id.to_string(),
        "name": client.name.as_str(),
        "kind": client.kind.key(),
        "organization": client.organization_id.map(|id| id.to_string()),
        "grant_types": types,
        "scopes": scopes,
        "redirect_uris": uris.collect::<Vec<_>>(),
        "service_account": client.service_account_id.map(|id| id.to_string()),
        "create_time": client.created_at.to_rfc3339(),
    })
}

fn rotate(settings: &Settings, args: RotateArgs) -> Result<()> {
    let turned = house::with(settings, async |house| {
        let turned = operator(house)
            .rotate_client_secret(args.id, args.end_others)
            .await;
        turned.map_err(|error| failed("rotate the secret", None, &error))
    })?;
    let hours = SECRET_OVERLAP.ceil_seconds() / 3600;
    if args.end_others {
        eprintln!("The secrets before it do not work any more.");
    } else {
        eprintln!("The secret before it works for another {hours} hours.");
    }
    match &turned.secret {
        Some(secret) => print_line(secret.reveal()),
        None => Ok(()),
    }
}

fn delete(settings: &Settings, id: ClientId) -> Result<()> {
    house::with(settings, async |house| {
        let deleted = operator(house).delete_client(id).await;
        deleted.map_err(|error| failed("delete the client", None, &error))
    })?;
    eprintln!("Deleted {id}, and ended all that it was given.");
    Ok(())
}

/// Does what is to be done about keys.
pub(crate) fn keys(settings: &Settings, command: &KeysCommand) -> Result<()> {
    match command {
        KeysCommand::Rotate => {
            let id = house::with(settings, async |house| {
                let core = house.core.clone();
                let service = AuthorizationService::new(core, Arc::new(RingSigner), "");
                let rotated = service.rotate_key().await;
                rotated.map_err(|error| Failure::of("rotate the key", &error))
            })?;
            print_line(&id.to_string())
        }
    }
}

fn operator(house: &House) -> OperatorService {
    OperatorService::new(house.core.clone())
}

fn failed(what: &str, organization: Option<OrganizationId>, error: &Error) -> Failure {
    match error {
        Error::NotFound(Kind::OAuthClient) => Failure::new("there is no such client").hint(
            "those there are: rollbook client list, or rollbook client list --organization ID",
        ),
        Error::NotFound(Kind::Organization) => Failure::new(match organization {
            Some(id) => format!("there is no organization {id}"),
            None => "the organization of the client is deleted".to_owned(),
        }),
        Error::Refused(Refusal::NoClientSecret) => {
            Failure::new("a public client has no secret to rotate")
        }
        other => Failure::of(what, other),
    }
}

fn client(text: &str) -> std::result::Result<ClientId, Malformed> {
    ClientId::parse(text).ok_or_else(|| Malformed("a client's id is a UUID".to_owned()))
}

fn scope(text: &str) -> std::result::Result<Scope, Malformed> {
    let known = || Scope::ALL.map(Scope::key).join(", ");
    Scope::from_key(text).ok_or_else(|| Malformed(format!("the scopes are {}", known())))
}

fn grant_type(text: &str) -> std::result::Result<GrantType, Malformed> {
    if text == "device_code" {
        return Ok(GrantType::DeviceCode);
    }
    GrantType::from_key(text).ok_or_else(|| {
        let known = "authorization_code, refresh_token, client_credentials and device_code";
        Malformed(format!("the grant types are {known}"))
    })
}
