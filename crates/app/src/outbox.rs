//! `rollbook outbox`.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MessageId, OrganizationId};
use rollbook_domain::outbox::{Content, Delivery, DeliveryState, DeliveryTest};
use rollbook_domain::page::{From, Window};
use rollbook_domain::service::OutboxService;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{Email, Malformed};
use serde_json::{Value, json};

use crate::cli::{organization, print_line, print_text};
use crate::failure::{Failure, Result};
use crate::house;
use crate::settings::Settings;

/// How many messages are read at once.
const CHUNK: u32 = 500;

/// What can be done about the outbox.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List letters and events that wait to be sent, and what became of others; the latest first
    #[command(after_help = "\
Examples:
  rollbook outbox list --state dead
  rollbook outbox list --state pending --kind invitation --limit 1000 --json > waiting.jsonl")]
    List(ListArgs),
    /// Send messages again that were given up, or one that waits for its next attempt
    ///
    /// The running server sends them with its next look into the outbox. What was delivered or
    /// canceled is not sent again.
    #[command(after_help = "\
Examples:
  rollbook outbox replay 0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b
  rollbook outbox replay --dead --kind invitation")]
    Replay(ReplayArgs),
}

/// Which messages.
#[derive(Args, Clone, Debug)]
struct Which {
    /// Only of this kind, such as invitation or event
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Content::KINDS))]
    kind: Option<String>,
    /// Only about this organization
    #[arg(long, value_name = "ID", value_parser = organization)]
    organization: Option<OrganizationId>,
}

/// What to list.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListArgs {
    /// Only in this state: pending, delivered, canceled or dead
    #[arg(long, value_parser = state)]
    state: Option<DeliveryState>,
    #[command(flatten)]
    which: Which,
    /// How many at the most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What to send again.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReplayArgs {
    /// The id of the message
    #[arg(value_name = "ID", value_parser = message, required_unless_present = "dead")]
    id: Option<MessageId>,
    /// All that were given up
    #[arg(long, conflicts_with = "id")]
    dead: bool,
    #[command(flatten)]
    which: Which,
}

impl Which {
    fn tests(&self) -> Vec<Filter<DeliveryTest>> {
        let kind = self.kind.clone().map(DeliveryTest::Kind);
        let organization = self.organization.map(DeliveryTest::Organization);
        let tests = kind.into_iter().chain(organization);
        tests.map(Filter::Test).collect()
    }
}

/// Lists messages, or sends some again.
pub(crate) fn run(settings: &Settings, command: &OutboxCommand) -> Result<()> {
    match command {
        OutboxCommand::List(args) => list(settings, args),
        OutboxCommand::Replay(args) => replay(settings, args),
    }
}

fn list(settings: &Settings, args: &ListArgs) -> Result<()> {
    let state = args.state.map(DeliveryTest::State).map(Filter::Test);
    let mut tests = args.which.tests();
    tests.extend(state);
    let filter = Filter::All(tests);
    let (messages, more) = house::with(settings, async |house| {
        let service = OutboxService::new(house.core.clone());
        read(&service, &filter, args.limit)
            .await
            .map_err(|error| Failure::of("read the outbox", &error))
    })?;
    if args.json {
        let lines = messages.iter().map(|it| format!("{}\n", object(it)));
        print_text(&lines.collect::<String>())?;
    } else {
        print_text(&table(&messages))?;
    }
    if more {
        eprintln!("There are more; --limit takes a higher number.");
    }
    Ok(())
}

/// The first messages, and whether there are more.
async fn read(
    service: &OutboxService,
    filter: &Filter<DeliveryTest>,
    limit: u32,
) -> std::result::Result<(Vec<Delivery>, bool), rollbook_domain::Error> {
    let mut messages = Vec::new();
    let mut from = From::First;
    loop {
        let read = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        let window = Window {
            from,
            limit: CHUNK.min(limit.saturating_sub(read)),
            count: false,
        };
        let page = service.inspect(filter.clone(), window).await?;
        messages.extend(page.items);
        match page.next {
            Some(next) if messages.len() < limit as usize => from = From::After(next),
            next => return Ok((messages, next.is_some())),
        }
    }
}

fn replay(settings: &Settings, args: &ReplayArgs) -> Result<()> {
    let count = house::with(settings, async |house| {
        let service = OutboxService::new(house.core.clone());
        match args.id {
            Some(id) => service.send_again(id).await.map(|_| 1),
            None => replay_dead(&service, args).await,
        }
        .map_err(|error| Failure::of("send it again", &error))
    })?;
    match count {
        1 => print_line("1 message is due again"),
        count => print_line(&format!("{count} messages are due again")),
    }
}

async fn replay_dead(
    service: &OutboxService,
    args: &ReplayArgs,
) -> std::result::Result<u32, rollbook_domain::Error> {
    let filter = Filter::All(args.which.tests());
    let mut count = 0;
    loop {
        let replayed = service.send_dead_again(filter.clone()).await?;
        count += replayed.count;
        if !replayed.more || replayed.count == 0 {
            return Ok(count);
        }
    }
}

/// A message as programs read it; what there is not is null.
fn object(message: &Delivery) -> Value {
    json!({
        "id": message.id.to_string(),
        "kind": message.kind,
        "state": message.state.key(),
        "organization": message.organization_id.map(|id| id.to_string()),
        "recipient": message.recipient.as_ref().map(Email::as_str),
        "endpoint": message.endpoint_id.map(|id| id.to_string()),
        "sequence": message.sequence,
        "attempts": message.attempts,
        "due_time": message.due_at.to_rfc3339(),
        "last_error": message.last_error,
        "create_time": message.created_at.to_rfc3339(),
        "finish_time": message.finished_at.map(Timestamp::to_rfc3339),
    })
}

/// Messages as people read them, a line each.
fn table(messages: &[Delivery]) -> String {
    let mut text = format!(
        "{:36}  {:9}  {:21}  {:24}  {:>8}  {}\n",
        "ID", "STATE", "KIND", "WRITTEN", "ATTEMPTS", "TO, AND WHY NOT"
    );
    for it in messages {
        let recipient = it.recipient.as_ref().map(|email| email.as_str().to_owned());
        let endpoint = it.endpoint_id.map(|id| format!("endpoint {id}"));
        let mut to = recipient.or(endpoint).unwrap_or_default();
        if let Some(error) = &it.last_error {
            // One message is one line, whatever a server answered.
            let error = error.replace(char::is_control, " ");
            to.push_str(": ");
            to.push_str(&error);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}  {:9}  {:21}  {:24}  {:>8}  {to}",
            it.id,
            it.state.key(),
            it.kind,
            it.created_at.to_rfc3339(),
            it.attempts
        );
    }
    text
}

fn state(text: &str) -> std::result::Result<DeliveryState, Malformed> {
    DeliveryState::from_key(text).ok_or_else(|| {
        let states = DeliveryState::ALL.map(DeliveryState::key).join(", ");
        Malformed(format!("it is one of {states}"))
    })
}

/// An id, alone or in the message's resource name.
fn message(text: &str) -> std::result::Result<MessageId, Malformed> {
    let id = text.strip_prefix("outboxMessages/").unwrap_or(text);
    MessageId::parse(id).ok_or_else(|| Malformed("a message's id is a UUID".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        let id = MessageId::parse("0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b").unwrap();
        let message = Delivery {
            id,
            kind: "invitation".to_owned(),
            organization_id: None,
            recipient: Email::parse("joe@example.com").ok(),
            endpoint_id: None,
            sequence: None,
            state: DeliveryState::Dead,
            attempts: 12,
            due_at: Timestamp::from_millis(0),
            last_error: Some("550 no\r\n such\u{1b}[31m mailbox".to_owned()),
            created_at: Timestamp::from_millis(0),
            finished_at: None,
        };
        let text = table(std::slice::from_ref(&message));
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.ends_with("  joe@example.com: 550 no   such [31m mailbox\n"));
        assert!(
            object(&message)
                .to_string()
                .contains("\"finish_time\":null")
        );
    }
}
