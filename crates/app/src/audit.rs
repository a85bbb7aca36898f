//! `rollbook audit`.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rollbook_domain::Error;
use rollbook_domain::audit::{Break, Chain};
use rollbook_domain::service::AuditService;
use rollbook_domain::service::audit::Verdict;

use crate::cli::{VerifyArgs, print_line};
use crate::failure::{Failure, Result};
use crate::house;
use crate::settings::Settings;

/// Follows one log or all of them, and says on standard output how long they are and how they end.
/// It is a failure if one is broken; which and where goes to standard error.
pub(crate) fn verify(settings: &Settings, args: &VerifyArgs) -> Result<()> {
    let walk = house::with(settings, async |house| {
        let mut walk = Walk::new(AuditService::new(house.core.clone()));
        let outcome = match args.organization {
            Some(id) => walk.follow(Chain::Organization(id)).await,
            None => walk.follow_all().await,
        };
        walk.bar.finish_and_clear();
        outcome.map_err(|error| Failure::of("read the audit log", &error))?;
        Ok(walk)
    })?;
    for complaint in &walk.broken {
        eprintln!("{complaint}");
    }
    if !walk.broken.is_empty() {
        return Err(tampered(walk.broken.len(), walk.logs));
    }
    match walk.last {
        Some((chain, verdict)) if args.organization.is_some() => report(chain, &verdict),
        _ => print_line(&format!(
            "{} entries of {} logs are as they were written",
            walk.entries, walk.logs
        )),
    }
}

/// The single log that was asked for. An organization has at least the entry of its creation.
fn report(chain: Chain, verdict: &Verdict) -> Result<()> {
    if verdict.entries == 0 {
        return Err(
            Failure::new(format!("{} has no audit log", name(chain))).hint(
                "check the id; an organization of before the audit log has none until it changes",
            ),
        );
    }
    print_line(&format!(
        "{}: {} entries are as they were written; the last one has the digest {}",
        name(chain),
        verdict.entries,
        verdict.digest.to_hex()
    ))
}

/// What was seen so far.
struct Walk {
    audit: AuditService,
    bar: ProgressBar,
    logs: usize,
    entries: u64,
    last: Option<(Chain, Verdict)>,
    broken: Vec<String>,
}

impl Walk {
    fn new(audit: AuditService) -> Self {
        Self {
            audit,
            bar: progress_bar(),
            logs: 0,
            entries: 0,
            last: None,
            broken: Vec::new(),
        }
    }

    async fn follow_all(&mut self) -> std::result::Result<(), Error> {
        let mut after = None;
        loop {
            let chains = self.audit.chains(after).await?;
            let Some(last) = chains.last() else {
                return Ok(());
            };
            after = Some(*last);
            for chain in chains {
                self.follow(chain).await?;
            }
        }
    }

    async fn follow(&mut self, chain: Chain) -> std::result::Result<(), Error> {
        let seen = self.entries;
        let progress = |entries| self.bar.set_position(seen + entries);
        let verdict = self.audit.inspect(chain, progress).await?;
        self.logs += 1;
        self.entries += verdict.entries;
        self.bar.set_position(self.entries);
        self.last = Some((chain, verdict));
        self.broken
            .extend(verdict.broken.map(|broken| complaint(chain, broken)));
        Ok(())
    }
}

/// A count on standard error if that is a terminal, and nothing otherwise. How many entries there
/// are is not known before the end.
fn progress_bar() -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(None, target).with_message("audit entries");
    match ProgressStyle::with_template("{msg:14} {spinner} {pos}  {per_sec}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn complaint(chain: Chain, broken: Break) -> String {
    let name = name(chain);
    match broken {
        Break::Missing(place) => format!("{name}: entry {place} is missing"),
        Break::Unlinked(place) => {
            format!("{name}: entry {place} does not follow the one before, which was replaced")
        }
        Break::Changed(place) => format!("{name}: entry {place} was changed after it was written"),
    }
}

fn tampered(broken: usize, logs: usize) -> Failure {
    Failure::new(format!("of {logs} audit logs, {broken} broken")).hint(
        "somebody wrote into the database past Rollbook, or it is damaged: \
         compare these entries with a backup's; what follows a break was not checked",
    )
}

/// The log's owner, as the API names it.
fn name(chain: Chain) -> String {
    match chain {
        Chain::Organization(id) => format!("organizations/{id}"),
        Chain::User(id) => format!("users/{id}"),
    }
}

#[cfg(test)]
mod tests {
    use rollbook_domain::id::UserId;

    use super::*;

    #[test]
    fn a_break_is_told_with_log_place_and_kind() {
        let id = UserId::parse("0199c3a5-0000-7000-8000-000000000001").unwrap();
        for (broken, words) in [
            (Break::Missing(7), "entry 7 is missing"),
            (Break::Unlinked(8), "entry 8 does not follow"),
            (Break::Changed(9), "entry 9 was changed"),
        ] {
            let told = complaint(Chain::User(id), broken);
            assert!(told.starts_with(&format!("users/{id}: {words}")), "{told}");
        }
    }
}
