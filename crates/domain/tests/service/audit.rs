use rollbook_domain::audit::{Break, Chain, Entry, EntryTest};
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::{AuditLog, Organizations};
use rollbook_domain::time::Span;
use rollbook_domain::value::OrganizationName;
use rollbook_domain::{Error, Result};

use super::{assert_denied, assert_error};

/// Ann's organization: founded, joined by Bob, and renamed so often, a minute apart.
async fn acme(world: &World, renamed: u32) -> Result<(Account, Account, Organization)> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Manager]).await?;
    for number in 0..renamed {
        world.clock.advance(Span::seconds(60));
        let name = OrganizationName::parse(&format!("Acme {number}"));
        let command = UpdateOrganization {
            name: name.ok(),
            ..UpdateOrganization::default()
        };
        world
            .organizations
            .update(bob.caller, acme.id, command)
            .await?;
    }
    Ok((ann, bob, acme))
}

async fn all(world: &World, reader: &Account, acme: &Organization) -> Result<Vec<Entry>> {
    world.audit.export(reader.caller, acme.id, 0, 1000).await
}

pub(crate) async fn it_tells_who_did_what(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, 1).await?;
    let entries = all(&world, &ann, &acme).await?;
    let acts: Vec<_> = entries.iter().map(|it| it.act.as_str()).collect();
    assert_eq!(
        acts,
        [
            "organization.created",
            "membership.created",
            "organization.updated"
        ]
    );
    let last = &entries[2];
    assert_eq!((last.sequence, last.at), (3, world.now()));
    assert_eq!(last.actor_id, Some(bob.user.id));
    assert_eq!(last.token_id, Some(bob.token.id));
    assert_eq!(
        last.changes,
        r#"[{"field":"name","before":"Acme","after":"Acme 0"}]"#
    );
    assert_eq!(
        (entries[1].actor_kind.as_str(), entries[1].actor_id),
        ("system", None)
    );
    Ok(())
}

pub(crate) async fn filters_narrow_it(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, 3).await?;
    let count = async |test: EntryTest| -> Result<usize> {
        let (filter, window) = (Filter::Test(test), Window::first(10));
        let page = world.audit.list(ann.caller, acme.id, filter, window);
        Ok(page.await?.items.len())
    };
    let updated = EntryTest::Act("organization.updated".to_owned());
    assert_eq!(count(updated).await?, 3);
    assert_eq!(count(EntryTest::Actor(ann.user.id)).await?, 1);
    let members = EntryTest::TargetKind("membership".to_owned());
    assert_eq!(count(members).await?, 1);
    assert_eq!(count(EntryTest::Target(bob.user.id.uuid())).await?, 1);
    assert_eq!(count(EntryTest::NotBefore(world.now())).await?, 1);
    assert_eq!(count(EntryTest::Before(world.now())).await?, 4);
    let nothing = EntryTest::Act("world.ended".to_owned());
    assert_eq!(count(nothing).await?, 0);
    Ok(())
}

pub(crate) async fn pages_lead_back_in_time(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 3).await?;
    let list = |window| {
        let all = Filter::everything();
        world.audit.list(ann.caller, acme.id, all, window)
    };
    let page = list(Window::first(2).counted()).await?;
    let places: Vec<_> = page.items.iter().map(|entry| entry.sequence).collect();
    assert_eq!(
        (places, page.next, page.total),
        (vec![5, 4], Some(4), Some(5))
    );
    let rest = list(Window::after(4, 10)).await?;
    let places: Vec<_> = rest.items.iter().map(|entry| entry.sequence).collect();
    assert_eq!((places, rest.next), (vec![3, 2, 1], None));
    Ok(())
}

pub(crate) async fn an_export_comes_in_pieces(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 3).await?;
    let whole = all(&world, &ann, &acme).await?;
    let mut pieces = Vec::new();
    loop {
        let after = pieces.last().map_or(0, |entry: &Entry| entry.sequence);
        let piece = world.audit.export(ann.caller, acme.id, after, 2).await?;
        if piece.is_empty() {
            break;
        }
        assert!(piece.len() <= 2);
        pieces.extend(piece);
    }
    assert_eq!((pieces.len(), &pieces), (5, &whole));
    Ok(())
}

pub(crate) async fn an_untouched_log_is_whole(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 3).await?;
    let verdict = world.audit.verify(ann.caller, acme.id).await?;
    assert_eq!((verdict.entries, verdict.broken), (5, None));
    let last = all(&world, &ann, &acme).await?.pop();
    assert_eq!(Some(verdict.digest), last.map(|entry| entry.digest));
    let chain = Chain::Organization(acme.id);
    assert_eq!(world.audit.inspect(chain, |_| ()).await?, verdict);
    let nobodys = Chain::User(rollbook_domain::id::UserId::new(acme.id.uuid()));
    let empty = world.audit.inspect(nobodys, |_| ()).await?;
    assert_eq!((empty.entries, empty.broken), (0, None));
    Ok(())
}

/// Whoever writes past the domain into the log cannot make it fit.
pub(crate) async fn a_forged_entry_is_found(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 1).await?;
    let last = all(&world, &ann, &acme).await?.pop();
    let mut forged = last.ok_or_else(|| Error::storage("there are three entries"))?;
    forged.sequence += 1;
    "organization.deleted".clone_into(&mut forged.act);
    let unlinked = forged.clone();
    world
        .store
        .write(move |tx| tx.audit().add(&unlinked))
        .await?;
    let verdict = world.audit.verify(ann.caller, acme.id).await?;
    assert_eq!(
        (verdict.entries, verdict.broken),
        (3, Some(Break::Unlinked(4)))
    );
    Ok(())
}

pub(crate) async fn a_gap_is_found(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 1).await?;
    let last = all(&world, &ann, &acme).await?.pop();
    let mut far = last.ok_or_else(|| Error::storage("there are three entries"))?;
    far.sequence = 9;
    world.store.write(move |tx| tx.audit().add(&far)).await?;
    let verdict = world.audit.verify(ann.caller, acme.id).await?;
    assert_eq!(
        (verdict.entries, verdict.broken),
        (3, Some(Break::Missing(4)))
    );
    Ok(())
}

pub(crate) async fn the_operator_inspects_every_log(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, 1).await?;
    let mut logs = Vec::new();
    while let page = world.audit.chains(logs.last().copied()).await?
        && !page.is_empty()
    {
        logs.extend(page);
    }
    let expected = [
        (Chain::Organization(acme.id), 3),
        (Chain::User(ann.user.id), 1),
        (Chain::User(bob.user.id), 1),
    ];
    assert_eq!(logs.len(), expected.len());
    for (chain, length) in expected {
        assert!(logs.contains(&chain), "{chain:?}");
        let verdict = world.audit.inspect(chain, |_| ()).await?;
        assert_eq!((verdict.entries, verdict.broken), (length, None));
    }
    Ok(())
}

pub(crate) async fn only_admins_read_it(world: World) -> Result<()> {
    let (_, bob, acme) = acme(&world, 0).await?;
    let (eve, root) = (
        world.sign_up("eve").await?,
        world.sign_up_superuser("root").await?,
    );
    let list = |caller| {
        let (all, window) = (Filter::everything(), Window::first(10));
        world.audit.list(caller, acme.id, all, window)
    };
    assert_denied!(list(bob.caller).await, Use(ReadAuditEntry), visible: true);
    assert_denied!(list(eve.caller).await, Use(ReadAuditEntry), visible: false);
    assert_eq!(list(root.caller).await?.items.len(), 2);
    let outcome = world.audit.verify(bob.caller, acme.id).await;
    assert_denied!(outcome, Use(ReadAuditEntry), visible: true);
    let outcome = world.audit.export(eve.caller, acme.id, 0, 10).await;
    assert_denied!(outcome, Use(ReadAuditEntry), visible: false);
    Ok(())
}

/// An entry is written in the transaction of its deed, or there was no deed.
pub(crate) async fn what_failed_is_not_in_it(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, 0).await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let command = UpdateOrganization {
        name: OrganizationName::parse("New").ok(),
        ..UpdateOrganization::default()
    };
    let outcome = flaky.organizations.update(ann.caller, acme.id, command);
    assert_error!(outcome.await, Error::Busy);
    let verdict = world.audit.verify(ann.caller, acme.id).await?;
    assert_eq!((verdict.entries, verdict.broken), (2, None));
    Ok(())
}
