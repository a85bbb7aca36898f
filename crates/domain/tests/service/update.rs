use rollbook_domain::error::Kind;
use rollbook_domain::mock::World;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::role::Role;
use rollbook_domain::service::Organizations;
use rollbook_domain::service::organization::{CreateOrganization, UpdateOrganization};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Description, Logo, OrganizationName, Slug, Url};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

fn rename(name: &str) -> UpdateOrganization {
    UpdateOrganization {
        name: OrganizationName::parse(name).ok(),
        ..UpdateOrganization::default()
    }
}

fn reslug(slug: &str) -> UpdateOrganization {
    UpdateOrganization {
        slug: Slug::parse(slug).ok(),
        ..UpdateOrganization::default()
    }
}

fn description(text: &str) -> Description {
    Description::from_stored(text.to_owned())
}

fn logo() -> Logo {
    Logo::External(Url::from_stored("https://acme.example/logo.png".to_owned()))
}

pub(crate) async fn every_field_can_be_set(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let before = world.create(&ann, "Acme").await?.organization;
    world.clock.advance(Span::seconds(5));
    let command = UpdateOrganization {
        name: OrganizationName::parse("Roadrunner Inc.").ok(),
        slug: Slug::parse("roadrunner").ok(),
        description: Patch::Set(description("Fast.")),
        logo: Patch::Set(logo()),
        ..UpdateOrganization::default()
    };
    let view = world
        .organizations
        .update(ann.caller, before.id, command)
        .await?;
    let after = &view.organization;
    assert_eq!(after.name.as_str(), "Roadrunner Inc.");
    assert_eq!(after.slug.as_str(), "roadrunner");
    assert_eq!(after.description, Some(description("Fast.")));
    assert_eq!(after.logo, Some(logo()));
    assert_eq!(after.version, before.version.next());
    assert_eq!(after.updated_at, world.now());
    assert_eq!(after.created_at, before.created_at);
    assert_eq!(after.owner_id, before.owner_id);
    assert_eq!(world.look(&before).await?, view);
    Ok(())
}

pub(crate) async fn what_is_kept_stays_and_what_is_cleared_goes(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = CreateOrganization {
        description: Some(description("Old.")),
        logo: Some(logo()),
        ..world.command("Acme")
    };
    let view = world.organizations.create(ann.caller, command).await?;
    let id = view.organization.id;
    let update = |command| world.organizations.update(ann.caller, id, command);
    let renamed = update(rename("Roadrunner")).await?.organization;
    assert_eq!(renamed.slug.as_str(), "acme");
    assert_eq!(renamed.description, Some(description("Old.")));
    assert_eq!(renamed.logo, Some(logo()));
    let clear = UpdateOrganization {
        description: Patch::Clear,
        ..UpdateOrganization::default()
    };
    let cleared = update(clear).await?.organization;
    assert_eq!(cleared.description, None);
    assert_eq!(cleared.logo, Some(logo()));
    let clear = UpdateOrganization {
        logo: Patch::Clear,
        ..UpdateOrganization::default()
    };
    assert_eq!(update(clear).await?.organization.logo, None);
    assert_eq!(world.look(&renamed).await?.organization.logo, None);
    Ok(())
}

pub(crate) async fn nothing_changed_is_no_change(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let before = world.create(&ann, "Acme").await?;
    let id = before.organization.id;
    world.clock.advance(Span::seconds(5));
    let same = UpdateOrganization {
        description: Patch::Clear,
        slug: Slug::parse("ACME").ok(),
        ..rename("Acme")
    };
    for command in [UpdateOrganization::default(), same] {
        let after = world.organizations.update(ann.caller, id, command).await?;
        assert_eq!(after, before);
    }
    assert_eq!(world.look(&before.organization).await?, before);
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let before = world.create(&ann, "Acme").await?.organization;
    let update = |command| world.organizations.update(ann.caller, before.id, command);
    let second = update(rename("Second")).await?;
    let stale = UpdateOrganization {
        seen: Some(before.version),
        ..rename("Third")
    };
    assert_refused!(update(stale).await, Refusal::VersionMismatch);
    let stale_and_idle = UpdateOrganization {
        seen: Some(Version::new(7)),
        ..UpdateOrganization::default()
    };
    assert_refused!(update(stale_and_idle).await, Refusal::VersionMismatch);
    assert_eq!(world.look(&before).await?, second);
    Ok(())
}

pub(crate) async fn the_seen_version_is_accepted(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let mut seen = world.create(&ann, "Acme").await?.organization;
    for name in ["Second", "Third"] {
        let command = UpdateOrganization {
            seen: Some(seen.version),
            ..rename(name)
        };
        let view = world.organizations.update(ann.caller, seen.id, command);
        let next = view.await?.organization;
        assert_eq!(next.version, seen.version.next());
        seen = next;
    }
    Ok(())
}

/// decocms #4022 and others: rights that a role should not have had.
pub(crate) async fn roles_decide(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for role in Role::ALL {
        let member = world.sign_up(role.key()).await?;
        world.join(&acme, &member, &[role]).await?;
        let command = rename(&format!("Renamed by {}", role.key()));
        let outcome = world.organizations.update(member.caller, acme.id, command);
        match role {
            Role::Admin | Role::Manager => {
                outcome.await?;
            }
            Role::Billing | Role::Viewer | Role::Member => {
                assert_denied!(outcome.await, Use(UpdateOrganization), visible: true);
            }
        }
    }
    Ok(())
}

pub(crate) async fn strangers_and_superusers(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let outcome = world
        .organizations
        .update(eve.caller, acme.id, rename("Mine"));
    assert_denied!(outcome.await, Use(UpdateOrganization), visible: false);
    let view = world
        .organizations
        .update(root.caller, acme.id, rename("Ours"));
    assert_eq!(view.await?.owner.id, ann.user.id);
    Ok(())
}

/// better-auth #5093: changing the slug to one that was in use succeeded.
pub(crate) async fn a_taken_slug_is_refused(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    world.create(&bob, "Taken").await?;
    let view = world.create(&ann, "Acme").await?;
    let id = view.organization.id;
    for slug in ["taken", "Taken"] {
        let outcome = world.organizations.update(ann.caller, id, reslug(slug));
        assert_refused!(outcome.await, Refusal::SlugTaken("taken".to_owned()));
    }
    assert_eq!(world.organizations.get(ann.caller, id).await?, view);
    Ok(())
}

pub(crate) async fn its_own_slug_is_free_and_so_is_a_deleted_ones(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let old = world.create(&ann, "Old").await?.organization;
    let acme = world.create(&ann, "Acme").await?.organization;
    world.organizations.delete(ann.caller, old.id, None).await?;
    let both = UpdateOrganization {
        name: OrganizationName::parse("Renamed").ok(),
        ..reslug("acme")
    };
    world
        .organizations
        .update(ann.caller, acme.id, both)
        .await?;
    let view = world
        .organizations
        .update(ann.caller, acme.id, reslug("old"));
    assert_eq!(view.await?.organization.slug.as_str(), "old");
    Ok(())
}

pub(crate) async fn a_deleted_one_cannot_change(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let outcome = world
        .organizations
        .update(ann.caller, acme.id, rename("Undead"));
    assert_error!(outcome.await, Error::NotFound(Kind::Organization));
    Ok(())
}
