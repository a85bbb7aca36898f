//! Everything that changes who belongs to an organization, against everything else, from eight
//! connections at once: whatever the order, the book stays sound.

use std::fmt::Write as _;

use rollbook_domain::audit::{Chain, Links};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::InvitationId;
use rollbook_domain::membership::MemberOrder;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::invitation::{CreateInvitation, Handle, NewInvitation};
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::service::subscription::UpdatePlan;
use rollbook_domain::service::{
    Invitations as _, Memberships as _, Organizations as _, Subscriptions as _,
};
use rollbook_domain::subscription::Quota;
use rollbook_domain::value::Metadata;
use rollbook_domain::{Error, Result};
use rollbook_store::{Database, Options};
use tokio::task::JoinSet;

use crate::harness::on_postgres;
use crate::support::{Outcome, TestDatabase, options};

on_postgres! {
    accept_meets_the_others,
    add_meets_the_others,
    remove_meets_the_others,
    leave_meets_the_others,
    change_of_role_meets_the_others,
    transfer_meets_the_others,
    deletion_meets_the_others,
    quota_meets_the_others,
}

/// What somebody does. `Bob` is an admin and no owner, `cat` is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// Cat accepts her invitation.
    Accept,
    /// The owner takes cat in.
    Add,
    /// The owner removes bob.
    Remove,
    /// Bob leaves.
    Leave,
    /// The owner makes bob a viewer.
    ChangeRole,
    /// The owner hands over to bob.
    Transfer,
    /// The owner deletes the organization.
    Delete,
    /// A superuser leaves three seats: those of owner, bob and cat.
    SetQuota,
}

const MOVES: [Move; 8] = [
    Move::Accept,
    Move::Add,
    Move::Remove,
    Move::Leave,
    Move::ChangeRole,
    Move::Transfer,
    Move::Delete,
    Move::SetQuota,
];
/// How often each pair meets; 64 pairs make some thousands of rounds.
const ROUNDS: usize = 36;
/// How many requests of each of the two moves there are.
const OF_EACH: usize = 4;

async fn accept_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Accept).await
}

async fn add_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Add).await
}

async fn remove_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Remove).await
}

async fn leave_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Leave).await
}

async fn change_of_role_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::ChangeRole).await
}

async fn transfer_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Transfer).await
}

async fn deletion_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::Delete).await
}

async fn quota_meets_the_others(database: &TestDatabase) -> Outcome {
    meet(database, Move::SetQuota).await
}

/// Everybody in the play.
struct Cast {
    world: World,
    root: Account,
    ann: Account,
    bob: Account,
    cat: Account,
}

/// One organization, new for every round.
#[derive(Clone)]
struct Stage {
    acme: Organization,
    invitation: InvitationId,
}

async fn meet(database: &TestDatabase, one: Move) -> Outcome {
    let eight = Options {
        connections: Some(2 * OF_EACH),
        ..options()
    };
    let second = Database::open(&database.url, &eight)?;
    let world = World::over(second.store());
    let cast = Cast {
        root: world.sign_up_superuser("root").await?,
        ann: world.sign_up("ann").await?,
        bob: world.sign_up("bob").await?,
        cat: world.sign_up("cat").await?,
        world,
    };
    for other in MOVES {
        for _ in 0..ROUNDS {
            let stage = cast.set().await?;
            let mut played = JoinSet::new();
            for _ in 0..OF_EACH {
                played.spawn(cast.play(&stage, one));
                played.spawn(cast.play(&stage, other));
            }
            while let Some(outcome) = played.join_next().await {
                match outcome? {
                    Ok(()) | Err(Error::Refused(_) | Error::Denied { .. } | Error::NotFound(_)) => {
                    }
                    Err(error) => return Err(format!("{one:?}, {other:?}: {error:?}").into()),
                }
            }
            let faults = cast.faults(&stage).await?;
            assert!(faults.is_empty(), "{one:?}, {other:?}: {faults}");
        }
    }
    second.close();
    Ok(())
}

impl Cast {
    /// Ann owns it, bob is an admin, cat is invited, and there is a seat for each and one more.
    async fn set(&self) -> Result<Stage> {
        let acme = self.world.create(&self.ann, "Acme").await?.organization;
        self.world.join(&acme, &self.bob, &[Role::Admin]).await?;
        let command = CreateInvitation {
            invitation: NewInvitation {
                email: self.cat.user.email.clone(),
                workspace_id: None,
                roles: Vec::new(),
                redirect_organization_id: None,
                redirect_workspace_id: None,
                language: None,
                metadata: Metadata::default(),
                expires_at: None,
            },
            once: None,
        };
        let invited = &self.world.invitations;
        let view = invited.create(self.ann.caller, acme.id, command).await?;
        self.world.set_seats(&acme, 4).await?;
        Ok(Stage {
            acme,
            invitation: view.invitation.id,
        })
    }

    fn play(&self, stage: &Stage, what: Move) -> impl Future<Output = Result<()>> + Send + 'static {
        let (world, acme, invitation) = (self.world.clone(), stage.acme.id, stage.invitation);
        let (ann, bob, cat) = (self.ann.caller, self.bob.caller, self.cat.caller);
        let (root, bob_id, cat_id) = (self.root.caller, self.bob.user.id, self.cat.user.id);
        async move {
            match what {
                Move::Accept => {
                    let handle = Handle::Id(invitation);
                    world.invitations.accept(cat, handle).await.map(drop)
                }
                Move::Add => {
                    let command = AddMember {
                        who: Who::User(cat_id),
                        roles: Vec::new(),
                        once: None,
                    };
                    world.memberships.add(ann, acme, command).await.map(drop)
                }
                Move::Remove => world.memberships.remove(ann, acme, bob_id, None).await,
                Move::Leave => world.memberships.leave(bob, acme).await,
                Move::ChangeRole => {
                    let roles = vec![Role::Viewer.public_key().to_owned()];
                    let set = world.memberships.set_roles(ann, acme, bob_id, roles, None);
                    set.await.map(drop)
                }
                Move::Transfer => {
                    let transfer = world.organizations.transfer(ann, acme, bob_id, None, None);
                    transfer.await.map(drop)
                }
                Move::Delete => world.organizations.delete(ann, acme, None).await,
                Move::SetQuota => {
                    let command = UpdatePlan {
                        members: Some(Quota(3)),
                        ..UpdatePlan::default()
                    };
                    world
                        .subscriptions
                        .update(root, acme, command)
                        .await
                        .map(drop)
                }
            }
        }
    }

    /// What is wrong with the organization, in words; nothing when it is sound.
    async fn faults(&self, stage: &Stage) -> Outcome<String> {
        let (id, now) = (stage.acme.id, self.world.now());
        let read = self.world.store.read(move |tx| {
            let (everybody, order) = (Filter::everything(), MemberOrder::default());
            let members = tx
                .memberships()
                .list(id, &everybody, &order, &Window::first(100))?;
            let log = tx.audit().follow(Chain::Organization(id), 0, 1000)?;
            let pending = tx.invitations().count_pending(id, now)?;
            Ok((tx.organizations().find(id)?, members.items, pending, log))
        });
        let (view, members, pending, log) = read.await?;
        let organization = view.ok_or("the organization is gone")?.organization;
        let mut faults = String::new();
        let mut owners = members
            .iter()
            .filter(|member| member.membership.user_id == organization.owner_id);
        if !owners
            .next()
            .is_some_and(|owner| owner.membership.roles.has(Role::Admin))
        {
            write!(faults, "the owner is no admin; ")?;
        }
        let used = members.len() + usize::try_from(pending)?;
        if used > 3 {
            write!(faults, "{used} seats are used by three people; ")?;
        }
        if !organization.is_live() && pending > 0 {
            write!(faults, "an invitation outlived its organization; ")?;
        }
        let mut links = Links::default();
        for entry in &log {
            if let Err(broken) = links.follow(entry) {
                write!(faults, "the log is broken: {broken:?}; ")?;
                break;
            }
        }
        Ok(faults)
    }
}
