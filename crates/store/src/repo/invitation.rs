use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::{InvitationId, OrganizationId};
use rollbook_domain::invitation::{
    Addressee, Invitation, InvitationProof, InvitationState, InvitationView,
};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::InvitationRepo;
use rollbook_domain::secret::Digest;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::Email;

use super::assigned::{RolesOfInvitation, diff, key_of};
use super::end_of_log::{LastDigest, LastSequence, OrganizationIsHeard};
use super::start;
use super::written::Condition;
use crate::row::{InvitationRow, InvitationViewRow, NewInvitation, invitation_view};
use crate::schema::{invitation_roles, invitations, memberships, organizations, users, workspaces};
use crate::sql::{Key, Moment};
use crate::statement::{kept, update};
use crate::tx::{SqlTx, change, change_one, each, failed, hold};

/// Invitations with what they are to and who sent them.
macro_rules! joined {
    () => {
        invitations::table
            .inner_join(organizations::table)
            .left_join(
                workspaces::table.on(workspaces::organization_id
                    .eq(invitations::organization_id)
                    .and(workspaces::id.nullable().eq(invitations::workspace_id))),
            )
            .left_join(users::table.on(users::id.nullable().eq(invitations::inviter_id)))
    };
}

/// The columns of an [`InvitationViewRow`], and more.
macro_rules! columns {
    ($($more:expr),*) => {
        (
            InvitationRow::as_select(),
            RolesOfInvitation,
            organizations::name,
            workspaces::title.nullable(),
            users::display_name.nullable(),
            $($more,)*
        )
    };
}

/// The only one, if there is one.
macro_rules! one {
    ($tx:expr, $query:expr) => {{
        let found = each!($tx, |connection| $query
            .select(columns!())
            .first::<InvitationViewRow>(*connection)
            .optional());
        found.map_err(failed)?.map(invitation_view).transpose()
    }};
}

/// An invitation, the end of its organization's log, and whether anybody listens to that.
type LockedRow = (
    InvitationRow,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    bool,
);

impl InvitationRepo for SqlTx<'_> {
    fn add(&mut self, invitation: &Invitation, digest: &Digest) -> Result<bool> {
        let limited = self.seats_are_limited(invitation.organization_id)?;
        let added = change_one!(
            self,
            diesel::insert_into(invitations::table)
                .values(NewInvitation::of(invitation, digest, limited))
                .on_conflict_do_nothing()
        );
        if !added.map_err(failed)? {
            return Ok(false);
        }
        let (_, missing) = diff(&[], &invitation.custom_roles);
        self.promise(invitation, &missing)?;
        Ok(true)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<Option<InvitationView>> {
        one!(
            self,
            joined!()
                .filter(invitations::organization_id.eq(Key(organization.uuid())))
                .filter(invitations::id.eq(Key(id.uuid())))
        )
    }

    fn find_anywhere(&mut self, id: InvitationId) -> Result<Option<InvitationView>> {
        one!(
            self,
            joined!()
                .filter(invitations::id.eq(Key(id.uuid())))
                .filter(organizations::deleted_at.is_null())
        )
    }

    fn find_locked(&mut self, id: InvitationId) -> Result<Option<InvitationView>> {
        let theirs = invitations::table
            .filter(invitations::id.eq(Key(id.uuid())))
            .select(invitations::organization_id);
        let row = organizations::table.filter(organizations::id.eq_any(theirs));
        if !hold!(self, row.select(organizations::id))? {
            return Ok(None);
        }
        // Whoever answers it writes into the log.
        let found: Option<LockedRow> = each!(self, |connection| kept!(
            joined!()
                .filter(invitations::id.eq(Key(id.uuid())))
                .filter(organizations::deleted_at.is_null())
                .select(columns!(LastSequence, LastDigest, OrganizationIsHeard))
        )
        .get_result(*connection)
        .optional())
        .map_err(failed)?;
        let Some((row, custom, place, workspace, inviter, sequence, last, is_heard)) = found else {
            return Ok(None);
        };
        let view = invitation_view((row, custom, place, workspace, inviter))?;
        let organization = view.invitation.organization_id;
        self.held = Some(organization);
        self.begin_trail(organization, sequence.zip(last), is_heard)?;
        Ok(Some(view))
    }

    fn find_by_secret(&mut self, proof: &InvitationProof) -> Result<Option<InvitationView>> {
        let digest = invitations::digest.eq(proof.digest.bytes().as_slice());
        let live = organizations::deleted_at.is_null();
        let Some(id) = proof.id else {
            let nameless = joined!().filter(names_no_id());
            return one!(self, nameless.filter(digest).filter(live));
        };
        let named = joined!().filter(invitations::id.eq(Key(id.uuid())));
        one!(self, named.filter(digest).filter(live))
    }

    fn find_pending(
        &mut self,
        organization: OrganizationId,
        email: &Email,
    ) -> Result<Option<Invitation>> {
        let found: Option<(InvitationRow, Option<String>)> = each!(self, |connection| kept!(
            invitations::table
                .filter(invitations::organization_id.eq(Key(organization.uuid())))
                .filter(invitations::email_key.eq(email.key()))
                .filter(written_as_pending())
                .select((InvitationRow::as_select(), RolesOfInvitation))
        )
        .get_result(*connection)
        .optional())
        .map_err(failed)?;
        let invitation = found.map(|(row, custom)| row.into_invitation(custom.as_deref()));
        invitation.transpose()
    }

    fn addressee(&mut self, organization: OrganizationId, email: &Email) -> Result<Addressee> {
        let here = Key(organization.uuid());
        let members = memberships::table
            .filter(memberships::organization_id.eq(here))
            .filter(memberships::email_key.eq(email.key()));
        let pending = invitations::table.on(invitations::organization_id
            .eq(organizations::id)
            .and(invitations::email_key.eq(email.key()))
            .and(written_as_pending()));
        let found: Option<(bool, Option<InvitationRow>, Option<String>)> =
            each!(self, |connection| kept!(
                organizations::table
                    .left_join(pending)
                    .filter(organizations::id.eq(here))
                    .select((
                        diesel::dsl::exists(members),
                        Option::<InvitationRow>::as_select(),
                        RolesOfInvitation,
                    ))
            )
            .get_result(*connection)
            .optional())
            .map_err(failed)?;
        let Some((is_member, row, custom)) = found else {
            return Ok(Addressee::default());
        };
        let pending = row.map(|row| row.into_invitation(custom.as_deref()));
        Ok(Addressee {
            is_member,
            pending: pending.transpose()?,
        })
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        to: &[Email],
        states: &[InvitationState],
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>> {
        let (after, skip) = start(window, InvitationId::uuid);
        let here = invitations::organization_id.eq(Key(organization.uuid()));
        let rows: Vec<InvitationViewRow> = each!(self, |connection| joined!()
            .filter(here)
            .filter(in_states(states, now))
            .filter(addressed(to))
            .filter(invitations::id.gt(after))
            .order(invitations::id)
            .limit(window.fetch())
            .offset(skip)
            .select(columns!())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            Some(each!(self, |connection| invitations::table
                .filter(here)
                .filter(in_states(states, now))
                .filter(addressed(to))
                .count()
                .get_result(*connection)))
        } else {
            None
        };
        page_of(rows, window, total.transpose().map_err(failed)?)
    }

    fn list_to(
        &mut self,
        email: &Email,
        now: Timestamp,
        window: &Window<InvitationId>,
    ) -> Result<Page<InvitationView, InvitationId>> {
        let (after, skip) = start(window, InvitationId::uuid);
        let theirs = invitations::email_key.eq(email.key());
        let rows: Vec<InvitationViewRow> = each!(self, |connection| joined!()
            .filter(theirs)
            .filter(organizations::deleted_at.is_null())
            .filter(written_as_pending())
            .filter(invitations::expires_at.gt(Moment(now)))
            .filter(invitations::id.gt(after))
            .order(invitations::id)
            .limit(window.fetch())
            .offset(skip)
            .select(columns!())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            Some(each!(self, |connection| invitations::table
                .inner_join(organizations::table)
                .filter(theirs)
                .filter(organizations::deleted_at.is_null())
                .filter(written_as_pending())
                .filter(invitations::expires_at.gt(Moment(now)))
                .count()
                .get_result(*connection)))
        } else {
            None
        };
        page_of(rows, window, total.transpose().map_err(failed)?)
    }

    fn count_pending(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let limited = self.seats_are_limited(organization)?;
        let count: i64 = each!(self, |connection| invitations::table
            .filter(invitations::organization_id.eq(Key(organization.uuid())))
            .filter(written_as_pending())
            .filter(seated(limited))
            .filter(invitations::expires_at.gt(Moment(now)))
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn run_out(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<(OrganizationId, InvitationId)>> {
        let rows: Vec<(Key, Key)> = each!(self, |connection| invitations::table
            .filter(written_as_pending())
            .filter(invitations::expires_at.le(Moment(now)))
            .order((
                invitations::expires_at,
                invitations::organization_id,
                invitations::id,
            ))
            .limit(limit.into())
            .select((invitations::organization_id, invitations::id))
            .load(*connection))
        .map_err(failed)?;
        let ids = |(organization, id): (Key, Key)| {
            (OrganizationId::new(organization.0), InvitationId::new(id.0))
        };
        Ok(rows.into_iter().map(ids).collect())
    }

    fn update(&mut self, invitation: &Invitation, before: &Invitation) -> Result<bool> {
        let (organization, id) = keys(invitation);
        let changed = change_one!(
            self,
            update(
                invitations::table
                    .find(id)
                    .filter(invitations::organization_id.eq(organization))
                    .filter(invitations::version.eq(before.version.number()))
            )
            .set((
                invitations::state.eq(invitation.state.key()),
                invitations::roles.eq(invitation.roles.to_keys()),
                invitations::workspace_roles.eq(invitation.workspace_roles.to_keys()),
                invitations::language.eq(invitation
                    .language
                    .as_ref()
                    .map(|it| it.as_str().to_owned())),
                invitations::expires_at.eq(Moment(invitation.expires_at)),
                invitations::accepted_by.eq(invitation.accepted_by.map(|id| Key(id.uuid()))),
                invitations::version.eq(invitation.version.number()),
                invitations::updated_at.eq(Moment(invitation.updated_at)),
            ))
        );
        if !changed.map_err(failed)? {
            return Ok(false);
        }
        let promised: Vec<_> = before.custom_roles.iter().map(key_of).collect();
        let (surplus, missing) = diff(&promised, &invitation.custom_roles);
        for role in surplus {
            let row = invitation_roles::table.find((organization, id, role));
            change!(self, diesel::delete(row)).map_err(failed)?;
        }
        self.promise(invitation, &missing)?;
        Ok(true)
    }

    fn set_secret(
        &mut self,
        organization: OrganizationId,
        id: InvitationId,
        digest: &Digest,
    ) -> Result<()> {
        let row = invitations::table
            .find(Key(id.uuid()))
            .filter(invitations::organization_id.eq(Key(organization.uuid())));
        let set = change!(
            self,
            update(row).set((
                invitations::digest.eq(digest.bytes().as_slice()),
                invitations::secret_names_id.eq(true),
            ))
        );
        set.map(drop).map_err(failed)
    }

    fn revoke_all(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let pending = invitations::table
            .filter(invitations::organization_id.eq(Key(organization.uuid())))
            .filter(written_as_pending());
        let revoked = change!(
            self,
            update(pending).set((
                invitations::state.eq(InvitationState::Revoked.key()),
                invitations::version.eq(invitations::version + 1),
                invitations::updated_at.eq(Moment(now)),
            ))
        );
        Ok(u32::try_from(revoked.map_err(failed)?).unwrap_or(u32::MAX))
    }
}

fn keys(invitation: &Invitation) -> (Key, Key) {
    (
        Key(invitation.organization_id.uuid()),
        Key(invitation.id.uuid()),
    )
}

/// Not as a parameter: there are indexes of the pending ones alone.
fn written_as_pending() -> Condition {
    Condition::fixed("invitations.state = 'pending'")
}

/// Not as a parameter: where seats are limited, there is an index of these alone.
fn seated(limited: bool) -> Condition {
    Condition::fixed(if limited {
        "invitations.holds_limited_seat"
    } else {
        "TRUE"
    })
}

/// Not as a parameter: the index of digests has these alone.
fn names_no_id() -> Condition {
    Condition::fixed("NOT invitations.secret_names_id")
}

/// Those to one of these addresses; all without any.
fn addressed(to: &[Email]) -> Condition {
    let mut written = Condition::new();
    if to.is_empty() {
        written.sql("TRUE");
        return written;
    }
    if to.len() > 1 {
        written.do_not_keep();
    }
    written.join(to, " OR ", "FALSE", |written, email| {
        written.sql("invitations.email_key = ");
        written.text(email.key());
    });
    written
}

/// Those that have one of these states as of `now`, whatever is written.
fn in_states(states: &[InvitationState], now: Timestamp) -> Condition {
    let mut written = Condition::new();
    if states.is_empty() {
        written.sql("TRUE");
        return written;
    }
    // In a fixed order, so that there are only so many texts.
    let wanted = InvitationState::ALL
        .into_iter()
        .filter(|it| states.contains(it));
    written.join(wanted, " OR ", "FALSE", |written, state| match state {
        InvitationState::Pending => {
            written.sql("(invitations.state = 'pending' AND invitations.expires_at > ");
            written.moment(Moment(now));
            written.sql(")");
        }
        InvitationState::Expired => {
            written.sql("invitations.state = 'expired' OR ");
            written.sql("(invitations.state = 'pending' AND invitations.expires_at <= ");
            written.moment(Moment(now));
            written.sql(")");
        }
        InvitationState::Accepted => written.sql("invitations.state = 'accepted'"),
        InvitationState::Declined => written.sql("invitations.state = 'declined'"),
        InvitationState::Revoked => written.sql("invitations.state = 'revoked'"),
    });
    written
}

impl SqlTx<'_> {
    /// Puts the pending invitations of an organization into the index by which they are counted, or
    /// takes them out. All invitations are marked, since any may be sent again.
    pub(super) fn mark_seats(&mut self, organization: OrganizationId, limited: bool) -> Result<()> {
        let theirs =
            invitations::table.filter(invitations::organization_id.eq(Key(organization.uuid())));
        let marked = change!(
            self,
            update(theirs).set(invitations::holds_limited_seat.eq(limited))
        );
        marked.map(drop).map_err(failed)
    }

    /// Adds custom roles that whoever accepts gets.
    fn promise(&mut self, invitation: &Invitation, roles: &[Key]) -> Result<()> {
        let (organization, id) = keys(invitation);
        for role in roles {
            let row = (
                invitation_roles::organization_id.eq(organization),
                invitation_roles::invitation_id.eq(id),
                invitation_roles::role_id.eq(*role),
            );
            change!(
                self,
                diesel::insert_into(invitation_roles::table).values(row)
            )
            .map_err(failed)?;
        }
        Ok(())
    }
}

fn page_of(
    rows: Vec<InvitationViewRow>,
    window: &Window<InvitationId>,
    total: Option<i64>,
) -> Result<Page<InvitationView, InvitationId>> {
    let total = total.map(i64::unsigned_abs);
    let page = Page::cut(rows, window, total, |(row, ..)| InvitationId::new(row.id.0));
    Ok(Page {
        items: page
            .items
            .into_iter()
            .map(invitation_view)
            .collect::<Result<_>>()?,
        next: page.next,
        total: page.total,
    })
}
