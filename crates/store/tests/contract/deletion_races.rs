//! A user is deleted while others give them something: whatever the order, nothing refers to a
//! deleted user afterwards (zitadel #11020, GHSA-2vg6-77g8-24mp in better-auth).

use diesel::connection::SimpleConnection;
use rollbook_domain::access::Caller;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::id::{InvitationId, OrganizationId};
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{Role, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::service::invitation::{CreateInvitation, Handle, NewInvitation};
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::workspace::{AddWorkspaceMember, ChosenWorkspaceRoles};
use rollbook_domain::service::{
    Invitations as _, Memberships as _, Organizations as _, Tokens as _, Users as _,
    Workspaces as _,
};
use rollbook_domain::value::{Metadata, TokenName};
use rollbook_domain::workspace::{WorkspaceRef, WorkspaceView};
use rollbook_domain::{Error, Result};
use rollbook_store::{Database, Options};
use tokio::task::JoinSet;

use crate::harness::{ask, gate, on_postgres, wait_for_a_lock};
use crate::support::{Outcome, TestDatabase, options};

on_postgres! {
    who_waits_for_a_user_finds_the_token_revoked,
    who_is_locked_keeps_the_token,
    being_added_meets_deletion,
    accepting_meets_deletion,
    being_made_owner_meets_deletion,
    entering_a_workspace_meets_deletion,
    issuing_a_token_meets_deletion,
}

/// What happens to the user who is deleted. They belong to the first organization and are invited
/// to the second, and to its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gift {
    /// The owners of the second and the third organization take them in.
    Add,
    /// They accept the invitation.
    Accept,
    /// The owner hands the first organization over to them.
    Transfer,
    /// The owner takes them into the workspace of the first organization.
    Workspace,
    /// They get themselves tokens, bound to the first organization and not.
    Token,
}

/// How many users are deleted in each way; a race is lost by chance, too.
const ROUNDS: usize = 60;
/// How many requests of each kind there are.
const OF_EACH: usize = 3;

/// Whoever ends a user's credentials locks the user first and the tokens then. Who authenticates
/// meanwhile waits for the user, without the token, and finds the token as it is afterwards: nobody makes
/// a new one with one that was just revoked.
async fn who_waits_for_a_user_finds_the_token_revoked(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let ann = world.sign_up("ann").await?;
    let digest = ann.secret.digest();
    let authenticate = move |tx: &mut dyn Tx| {
        let found = tx.access().authenticate_locking(&digest)?;
        Ok(found.map(|found| (found.user.id, found.user.active, found.token.revoked_at)))
    };
    let mut other = database.bare_postgres()?;
    other.batch_execute("BEGIN; UPDATE users SET active = false")?;
    let mut waiting = ask(&database.store()?, authenticate);
    wait_for_a_lock(database, &mut waiting).await?;
    // Were the token locked before the user, the two would wait for each other.
    let revoke = "SET lock_timeout = '5s'; UPDATE tokens SET revoked_at = created_at; COMMIT";
    other.batch_execute(revoke)?;
    let revoked = Some(ann.token.created_at);
    assert_eq!(waiting.await??, Some((ann.user.id, false, revoked)));
    Ok(())
}

/// Until the end of its transaction, neither the user nor the token is another.
async fn who_is_locked_keeps_the_token(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let ann = world.sign_up("ann").await?;
    let digest = ann.secret.digest();
    let (gate, keeper) = gate();
    let holding = ask(&database.store()?, move |tx| {
        let found = tx.access().authenticate_locking(&digest)?;
        gate.pass();
        Ok(found.map(|found| found.user.id))
    });
    keeper.meet(1)?;
    let mut other = database.bare_postgres()?;
    for table in ["users", "tokens"] {
        let change =
            format!("SET lock_timeout = '1ms'; UPDATE {table} SET created_at = created_at");
        assert!(other.batch_execute(&change).is_err(), "{table} can change");
    }
    keeper.open();
    assert_eq!(holding.await??, Some(ann.user.id));
    Ok(())
}

async fn being_added_meets_deletion(database: &TestDatabase) -> Outcome {
    meet(database, Gift::Add).await
}

async fn accepting_meets_deletion(database: &TestDatabase) -> Outcome {
    meet(database, Gift::Accept).await
}

async fn being_made_owner_meets_deletion(database: &TestDatabase) -> Outcome {
    meet(database, Gift::Transfer).await
}

async fn entering_a_workspace_meets_deletion(database: &TestDatabase) -> Outcome {
    meet(database, Gift::Workspace).await
}

async fn issuing_a_token_meets_deletion(database: &TestDatabase) -> Outcome {
    meet(database, Gift::Token).await
}

/// What there is before anybody is deleted.
struct Stage {
    world: World,
    root: Account,
    ann: Account,
    organizations: Vec<Organization>,
    labs: Vec<WorkspaceView>,
}

async fn meet(database: &TestDatabase, gift: Gift) -> Outcome {
    let eight = Options {
        connections: Some(8),
        ..options()
    };
    let second = Database::open(&database.url, &eight)?;
    let stage = Stage::set(World::over(second.store())).await?;
    let mut deleted = 0;
    for round in 0..ROUNDS {
        let (vic, invitation) = stage.victim(round).await?;
        let mut running = JoinSet::new();
        for request in 0..OF_EACH {
            // Alternately, so that either comes first now and then.
            if round % 2 == 0 {
                running.spawn(stage.give(gift, &vic, invitation, request));
            }
            running.spawn(stage.delete(&vic, request));
            if round % 2 == 1 {
                running.spawn(stage.give(gift, &vic, invitation, request));
            }
        }
        while let Some(outcome) = running.join_next().await {
            deleted += u32::from(expected(outcome?)? == Some(Deed::Deletion));
        }
        let faults = faults(database)?;
        assert!(faults.is_empty(), "{gift:?}, round {round}: {faults:?}");
    }
    assert!(deleted > 0, "{gift:?}: nobody was ever deleted");
    second.close();
    Ok(())
}

/// What a request was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Deletion,
    Gift,
}

/// What was done, if anything. A deletion that meets a new membership asks to be tried again.
fn expected(outcome: (Deed, Result<()>)) -> Outcome<Option<Deed>> {
    let (deed, outcome) = outcome;
    match outcome {
        Ok(()) => Ok(Some(deed)),
        Err(Error::Busy) if deed == Deed::Deletion => Ok(None),
        Err(
            Error::Refused(_)
            | Error::Denied { .. }
            | Error::NotFound(_)
            | Error::Unauthenticated(Unauthenticated::Invalid),
        ) => Ok(None),
        Err(error) => Err(format!("{deed:?}: {error:?}").into()),
    }
}

/// What refers to somebody who is deleted.
fn faults(database: &TestDatabase) -> Outcome<Vec<&'static str>> {
    let mut faults = Vec::new();
    for (what, of_the_deleted) in [
        ("a membership", "memberships m ON m.user_id = u.id"),
        (
            "a membership of a workspace",
            "workspace_memberships m ON m.user_id = u.id",
        ),
        (
            "a live organization",
            "organizations o ON o.owner_id = u.id AND o.deleted_at IS NULL",
        ),
        (
            "a live token",
            "tokens t ON t.user_id = u.id AND t.revoked_at IS NULL",
        ),
    ] {
        let query = format!(
            "SELECT count(*) AS count FROM users u JOIN {of_the_deleted} \
             WHERE u.deleted_at IS NOT NULL"
        );
        if database.count(&query)? > 0 {
            faults.push(what);
        }
    }
    Ok(faults)
}

impl Stage {
    /// Ann owns three organizations, each with a workspace.
    async fn set(world: World) -> Result<Self> {
        let (root, ann) = (
            world.sign_up_superuser("root").await?,
            world.sign_up("ann").await?,
        );
        let (mut organizations, mut labs) = (Vec::new(), Vec::new());
        for name in ["Acme", "Globex", "Initech"] {
            let organization = world.create(&ann, name).await?.organization;
            labs.push(world.found_workspace(&ann, &organization, "Lab").await?);
            organizations.push(organization);
        }
        Ok(Self {
            world,
            root,
            ann,
            organizations,
            labs,
        })
    }

    async fn victim(&self, round: usize) -> Result<(Account, InvitationId)> {
        // A round may have changed the owner.
        let acme = self.world.look(&self.organizations[0]).await?.organization;
        if acme.owner_id != self.ann.user.id {
            let back = self.world.organizations.transfer(
                self.root.caller,
                acme.id,
                self.ann.user.id,
                None,
                None,
            );
            back.await?;
        }
        let vic = self.world.sign_up(&format!("vic{round}")).await?;
        self.world.join(&acme, &vic, &[Role::Member]).await?;
        let command = CreateInvitation {
            invitation: NewInvitation {
                email: vic.user.email.clone(),
                workspace_id: Some(self.labs[1].workspace.id),
                roles: Vec::new(),
                redirect_organization_id: None,
                redirect_workspace_id: None,
                language: None,
                metadata: Metadata::default(),
                expires_at: None,
            },
            once: None,
        };
        let invitations = &self.world.invitations;
        let globex = self.organizations[1].id;
        let view = invitations.create(self.ann.caller, globex, command).await?;
        Ok((vic, view.invitation.id))
    }

    /// By a superuser, or by the user.
    fn delete(&self, vic: &Account, request: usize) -> impl Future<Output = Done> + use<> {
        let (world, root) = (self.world.clone(), self.root.caller);
        let (caller, id) = (vic.caller, vic.user.id);
        async move {
            let command = DeleteUser::default();
            let outcome = match request % 2 {
                0 => world.users.delete(root, id, command).await,
                _ => world.users.delete_me(caller, command).await,
            };
            (Deed::Deletion, outcome)
        }
    }

    fn give(
        &self,
        gift: Gift,
        vic: &Account,
        invitation: InvitationId,
        request: usize,
    ) -> impl Future<Output = Done> + use<> {
        let (world, ann, vic) = (self.world.clone(), self.ann.caller, vic.clone());
        let ids: Vec<_> = self.organizations.iter().map(|it| it.id).collect();
        let lab = self.labs[0].workspace.reference();
        async move {
            let outcome = match gift {
                Gift::Add => add(&world, ann, ids[1 + request % 2], &vic).await,
                Gift::Accept => {
                    let handle = Handle::Id(invitation);
                    let accepted = world.invitations.accept(vic.caller, handle);
                    accepted.await.map(drop)
                }
                Gift::Transfer => {
                    let (organizations, heir) = (&world.organizations, vic.user.id);
                    let transfer = organizations.transfer(ann, ids[0], heir, None, None);
                    transfer.await.map(drop)
                }
                Gift::Workspace => enter(&world, ann, lab, &vic).await,
                Gift::Token => {
                    let command = IssueToken {
                        name: TokenName::from_stored("late".to_owned()),
                        expires_at: None,
                        organization_id: request.is_multiple_of(2).then_some(ids[0]),
                        once: None,
                    };
                    world.tokens.issue(vic.caller, command).await.map(drop)
                }
            };
            (Deed::Gift, outcome)
        }
    }
}

/// What came of a request.
type Done = (Deed, Result<()>);

async fn add(world: &World, ann: Caller, id: OrganizationId, vic: &Account) -> Result<()> {
    let command = AddMember {
        who: Who::User(vic.user.id),
        roles: Vec::new(),
        once: None,
    };
    world.memberships.add(ann, id, command).await.map(drop)
}

async fn enter(world: &World, ann: Caller, lab: WorkspaceRef, vic: &Account) -> Result<()> {
    let command = AddWorkspaceMember {
        user: vic.user.id,
        roles: ChosenWorkspaceRoles {
            built_in: WorkspaceRoles::of(&[WorkspaceRole::Viewer]),
            custom: Vec::new(),
        },
        once: None,
    };
    let added = world.workspaces.add_member(ann, lab, command);
    added.await.map(drop)
}
