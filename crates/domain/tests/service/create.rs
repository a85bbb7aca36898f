use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{World, sample};
use rollbook_domain::organization::{OrganizationView, Version};
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::organization::{CreateOrganization, Organizations};
use rollbook_domain::service::{Memberships, Tokens};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::value::{Description, Logo, LogoImage, Slug};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

fn with_slug(world: &World, name: &str, slug: &str) -> CreateOrganization {
    CreateOrganization {
        slug: Slug::parse(slug).ok(),
        ..world.command(name)
    }
}

fn slug(view: &OrganizationView) -> &str {
    view.organization.slug.as_str()
}

pub(crate) async fn the_slug_is_made_from_the_name(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    assert_eq!(
        slug(&world.create(&ann, "Ärzte & Söhne").await?),
        "arzte-sohne"
    );
    assert_eq!(slug(&world.create(&ann, "Admin").await?), "admin-2");
    Ok(())
}

pub(crate) async fn a_taken_slug_is_numbered(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    assert_eq!(slug(&world.create(&ann, "Acme").await?), "acme");
    for n in 2..=9 {
        let view = world.create(&ann, "ACME").await?;
        assert_eq!(slug(&view), format!("acme-{n}"));
    }
    for _ in 0..3 {
        let view = world.create(&ann, "Acme").await?;
        assert!(slug(&view).starts_with("acme-"), "{view:?}");
        assert_eq!(slug(&view).len(), "acme-".len() + 12);
    }
    Ok(())
}

pub(crate) async fn a_chosen_slug_is_kept(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = with_slug(&world, "Acme", "roadrunner");
    let view = world.organizations.create(ann.caller, command).await?;
    assert_eq!(slug(&view), "roadrunner");
    Ok(())
}

/// districtbuilder #583: `PHL` and `phl` were two organizations.
pub(crate) async fn a_chosen_slug_that_is_taken_is_refused(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    world.create(&ann, "phl").await?;
    let again = with_slug(&world, "Other", "PHL");
    let outcome = world.organizations.create(bob.caller, again).await;
    assert_refused!(outcome, Refusal::SlugTaken("phl".to_owned()));
    Ok(())
}

pub(crate) async fn a_chosen_id_is_kept(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let id = OrganizationId::new(sample::uuid("chosen"));
    let command = CreateOrganization {
        id: Some(id),
        ..world.command("Acme")
    };
    let view = world.organizations.create(ann.caller, command).await?;
    assert_eq!(view.organization.id, id);
    assert_eq!(world.organizations.get(ann.caller, id).await?, view);
    Ok(())
}

/// zitadel #10127: a second organization with the same id was reported as made. zitadel #11020
/// (CVE-2026-55670): the id of something deleted was used again.
pub(crate) async fn an_id_is_never_used_again(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let first = world.create(&ann, "Acme").await?.organization;
    let command = CreateOrganization {
        id: Some(first.id),
        ..world.command("Other")
    };
    let outcome = world.organizations.create(bob.caller, command.clone());
    assert_refused!(outcome.await, Refusal::IdTaken);
    world
        .organizations
        .delete(ann.caller, first.id, None)
        .await?;
    let outcome = world.organizations.create(bob.caller, command).await;
    assert_refused!(outcome, Refusal::IdTaken);
    assert_eq!(world.look(&first).await?.organization.owner_id, ann.user.id);
    Ok(())
}

pub(crate) async fn all_fields_are_kept(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    world.clock.advance(Span::seconds(7));
    let command = CreateOrganization {
        description: Description::parse("We make everything.").ok(),
        logo: LogoImage::new("image/png", vec![1, 2, 3])
            .ok()
            .map(Logo::Image),
        ..world.command("Acme Corp")
    };
    let view = world
        .organizations
        .create(ann.caller, command.clone())
        .await?;
    let kept = world.look(&view.organization).await?;
    assert_eq!(kept, view);
    let organization = kept.organization;
    assert_eq!(organization.name, command.name);
    assert_eq!(organization.description, command.description);
    assert_eq!(organization.logo, command.logo);
    assert_eq!(organization.version, Version::FIRST);
    assert_eq!(organization.created_at, world.now());
    assert_eq!(organization.updated_at, world.now());
    assert_eq!(organization.deleted_at, None);
    assert_eq!(kept.owner.email.as_str(), "ann@example.com");
    Ok(())
}

pub(crate) async fn names_may_repeat(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (one, two) = (
        world.create(&ann, "Acme").await?,
        world.create(&ann, "Acme").await?,
    );
    assert_eq!(one.organization.name, two.organization.name);
    assert_ne!(one.organization.id, two.organization.id);
    Ok(())
}

/// better-auth 1.7.1 writes the organization and its first member in two transactions, so that
/// one can be there without the other.
pub(crate) async fn the_owner_is_a_member_and_admin(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let view = world.create(&ann, "Acme").await?;
    assert_eq!(view.organization.owner_id, ann.user.id);
    assert_eq!(view.owner.id, ann.user.id);
    let member = world
        .memberships
        .get(ann.caller, view.organization.id, ann.user.id)
        .await?;
    assert_eq!(member.membership.roles, Roles::of(&[Role::Admin]));
    assert_eq!(member.email, ann.user.email);
    Ok(())
}

/// zitadel #2760, #5808, #7543: what was just created was not found by the next call.
pub(crate) async fn what_was_created_can_be_read_at_once(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let view = world.create(&ann, "Acme").await?;
    let id = view.organization.id;
    assert_eq!(world.organizations.get(ann.caller, id).await?, view);
    Ok(())
}

fn limited(world: &World, name: &str, limit: u32) -> CreateOrganization {
    CreateOrganization {
        owner_limit: Some(limit),
        ..world.command(name)
    }
}

/// better-auth #1601 and followers: limits that were not enforced, or one too early.
pub(crate) async fn the_limit_is_met_exactly(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let organizations = &world.organizations;
    for name in ["One", "Two", "Three"] {
        organizations
            .create(ann.caller, limited(&world, name, 3))
            .await?;
    }
    let outcome = organizations.create(ann.caller, limited(&world, "Four", 3));
    assert_refused!(outcome.await, Refusal::OrganizationLimit { limit: 3 });
    organizations
        .create(ann.caller, limited(&world, "Four", 4))
        .await?;
    Ok(())
}

pub(crate) async fn a_limit_of_zero_forbids_it(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = limited(&world, "One", 0);
    let outcome = world.organizations.create(ann.caller, command).await;
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 0 });
    Ok(())
}

/// bitwarden/server #411: a forgotten test organization was a dead end.
pub(crate) async fn deleted_organizations_do_not_count(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let first = world.create(&ann, "One").await?.organization;
    world
        .organizations
        .delete(ann.caller, first.id, None)
        .await?;
    let command = limited(&world, "Two", 1);
    world.organizations.create(ann.caller, command).await?;
    Ok(())
}

pub(crate) async fn limits_are_per_owner(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    let command = limited(&world, "Bob's", 1);
    world.organizations.create(bob.caller, command).await?;
    Ok(())
}

pub(crate) async fn a_service_account_cannot_own(world: World) -> Result<()> {
    let robot = world.sign_up_service_account("robot").await?;
    let outcome = world.create(&robot, "Acme").await;
    assert_denied!(outcome, CreateOrganization, visible: true);
    let almighty = world
        .add(User {
            superuser: true,
            ..sample::service_account("almighty")
        })
        .await?;
    let outcome = world.create(&almighty, "Acme").await;
    assert_refused!(outcome, Refusal::ServiceAccountOwner);
    Ok(())
}

/// zitadel GHSA-jj94-6f5c-65r8: what was switched off kept working.
pub(crate) async fn an_inactive_user_is_nobody(world: World) -> Result<()> {
    let gone = world
        .add(User {
            active: false,
            superuser: true,
            ..sample::user("gone")
        })
        .await?;
    let outcome = world.create(&gone, "Acme").await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = world.tokens.get(gone.caller, gone.token.id).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    Ok(())
}

/// The key of a request stands for what it made, not for the right to see it.
pub(crate) async fn a_repeated_request_shows_nothing_to_who_left(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let once = RequestKey::parse("again").ok().map(|key| Once {
        key,
        fingerprint: sample::secret("the same").digest(),
    });
    let command = CreateOrganization {
        once,
        ..world.command("Acme")
    };
    let create = || world.organizations.create(ann.caller, command.clone());
    let made = create().await?;
    assert_eq!(create().await?, made);
    let acme = made.organization;
    world.join(&acme, &bob, &[Role::Member]).await?;
    let transfer = world
        .organizations
        .transfer(ann.caller, acme.id, bob.user.id, None, None);
    transfer.await?;
    world.memberships.leave(ann.caller, acme.id).await?;
    assert_error!(create().await, Error::NotFound(Kind::Organization));
    Ok(())
}
