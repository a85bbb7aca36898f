//! Roles, domains, preferences and plans in memory.

use rollbook_domain::domain::OrganizationDomain;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::RoleHolder;
use rollbook_domain::preferences::{OrganizationPreferences, WorkspacePreferences};
use rollbook_domain::role::{CustomRole, Permission, Role};
use rollbook_domain::subscription::{Plan, Quota, Subscription};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{RoleKey, RoleTitle};
use rollbook_domain::{Error, Refusal};

use super::{acme, is_storage, other, run};

const NOW: Timestamp = FixedClock::START;

fn role(name: &str) -> CustomRole {
    sample::role(&acme(), name, &[Permission::ReadAuditEntry])
}

fn titled(name: &str, title: &str) -> CustomRole {
    CustomRole {
        title: RoleTitle::from_stored(title.to_owned()),
        ..role(name)
    }
}

#[test]
fn roles_have_their_key_and_title_alone() {
    run(|tx| {
        assert!(tx.roles().add(&titled("auditor", "Auditor"))?);
        assert!(!tx.roles().add(&titled("second", "AUDITOR"))?);
        let same_key = CustomRole {
            key: RoleKey::from_stored("auditor".to_owned()),
            ..role("third")
        };
        assert!(!tx.roles().add(&same_key)?);
        let elsewhere = sample::role(&other(), "auditor", &[]);
        assert!(tx.roles().add(&elsewhere)?);
        let title = RoleTitle::from_stored("aUDITOR".to_owned());
        let found = tx.roles().find_by_title(acme().id, &title)?;
        assert_eq!(found, Some(titled("auditor", "Auditor")));
        let found = tx.roles().find_by_key(other().id, &elsewhere.key)?;
        assert_eq!(found.as_ref(), Some(&elsewhere));
        assert_eq!(tx.roles().find(acme().id, elsewhere.id)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_role_is_not_renamed_to_another() {
    let outcome = run(|tx| {
        assert!(tx.roles().add(&titled("auditor", "Auditor"))?);
        assert!(tx.roles().add(&titled("lead", "Lead"))?);
        let mut lead = titled("lead", "auditor");
        let seen = lead.version;
        assert!(!tx.roles().update(&lead, seen.next())?);
        lead.title = RoleTitle::from_stored("LEAD".to_owned());
        assert!(tx.roles().update(&lead, seen)?);
        tx.roles()
            .update(&titled("lead", "auditor"), seen)
            .map(|_| ())
    });
    let Err(Error::Refused(Refusal::RoleTitleTaken(title))) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(title, "auditor");
}

#[test]
fn a_role_goes_when_nobody_has_it() {
    run(|tx| {
        let ann = sample::user("ann");
        let role = role("auditor");
        assert!(tx.roles().add(&role)?);
        let mut membership = sample::membership(&acme(), &ann, &[Role::Admin]);
        membership.custom_roles = vec![(&role).into()];
        assert!(tx.memberships().update(&membership, membership.version)?);
        let holders = tx.roles().holders(acme().id, role.id)?;
        assert_eq!(holders, [RoleHolder::Membership(ann.id)]);
        let outcome = tx.roles().remove(acme().id, role.id);
        assert!(is_storage(&outcome), "{outcome:?}");
        membership.custom_roles.clear();
        assert!(tx.memberships().update(&membership, membership.version)?);
        assert!(tx.roles().remove(acme().id, role.id)?);
        assert!(!tx.roles().remove(acme().id, role.id)?);
        Ok(())
    })
    .unwrap();
}

fn verified(organization: &Organization, name: &str) -> OrganizationDomain {
    OrganizationDomain {
        verified_at: Some(NOW),
        ..sample::domain(organization, name)
    }
}

#[test]
fn a_domain_is_verified_by_one() {
    run(|tx| {
        let name = "example.com";
        let (ours, theirs) = (verified(&acme(), name), verified(&other(), name));
        assert!(tx.domains().add(&sample::domain(&acme(), name))?);
        assert!(!tx.domains().add(&sample::domain(&acme(), name))?);
        assert!(tx.domains().add(&sample::domain(&other(), name))?);
        assert_eq!(tx.domains().find_verified(&ours.name)?, None);
        assert!(!tx.domains().update(&ours, ours.version.next())?);
        assert!(tx.domains().update(&ours, ours.version)?);
        let outcome = tx.domains().update(&theirs, theirs.version);
        let taken = matches!(outcome, Err(Error::Refused(Refusal::DomainTaken)));
        assert!(taken, "{outcome:?}");
        let found = tx.domains().find_verified(&ours.name)?;
        assert_eq!(found.as_ref(), Some(&ours));
        tx.domains().release_all(acme().id)?;
        let released = tx.domains().find(acme().id, ours.id)?.unwrap();
        assert_eq!(released.verified_at, None);
        assert_eq!(released.version, ours.version.next());
        assert!(tx.domains().update(&theirs, theirs.version)?);
        let mut deleted = other();
        deleted.deleted_at = Some(NOW);
        assert!(tx.organizations().update(&deleted, deleted.version)?);
        assert_eq!(tx.domains().find_verified(&theirs.name)?, None);
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_domain_is_primary() {
    run(|tx| {
        let [mut one, mut two] = ["one.example", "two.example"].map(|name| verified(&acme(), name));
        one.primary = true;
        assert!(tx.domains().add(&one)? && tx.domains().add(&two)?);
        two.primary = true;
        let outcome = tx.domains().update(&two, two.version);
        assert!(is_storage(&outcome), "{outcome:?}");
        one.primary = false;
        assert!(tx.domains().update(&one, one.version)?);
        assert!(tx.domains().update(&two, two.version)?);
        assert_eq!(tx.domains().count(acme().id)?, 2);
        assert!(tx.domains().remove(acme().id, two.id)?);
        assert!(!tx.domains().remove(acme().id, two.id)?);
        let page = tx.domains().list(acme().id, &Window::first(9))?;
        assert_eq!(page.items, [one]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn preferences_and_plans_belong_to_something() {
    run(|tx| {
        let lab = sample::workspace(&acme(), "Lab", &sample::user("ann"));
        assert!(tx.workspaces().add(&lab)?);
        let mut ours = OrganizationPreferences::default_of(acme().id);
        assert_eq!(tx.preferences().of_organization(acme().id)?, None);
        ours.general = sample::general();
        tx.preferences().put_organization(&ours)?;
        assert_eq!(tx.preferences().of_organization(acme().id)?, Some(ours));
        let said = WorkspacePreferences::default_of(acme().id, lab.id);
        tx.preferences().put_workspace(&said)?;
        assert_eq!(
            tx.preferences().of_workspace(acme().id, lab.id)?,
            Some(said)
        );
        let elsewhere = WorkspacePreferences::default_of(other().id, lab.id);
        let outcome = tx.preferences().put_workspace(&elsewhere);
        assert!(is_storage(&outcome), "{outcome:?}");
        assert_eq!(tx.plans().find(acme().id)?, Some(Plan::default()));
        let plan = Plan {
            subscription: Subscription::trial(NOW, Span::days(14)),
            members: Quota(5),
            workspaces: Quota(2),
        };
        tx.plans().set(acme().id, &plan)?;
        assert_eq!(tx.plans().find(acme().id)?, Some(plan));
        assert_eq!(tx.plans().find(other().id)?, Some(Plan::default()));
        Ok(())
    })
    .unwrap();
}
