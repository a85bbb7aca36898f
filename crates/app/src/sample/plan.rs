//! What the sample is made of: who is called what, owns what and belongs to what. Pure, and the
//! same every time.

use std::ops::Range;

use rollbook_domain::value::{DisplayName, Email, OrganizationName, Slug};

use crate::cli::SampleArgs;

/// How many organizations one user owns at the most: below the usual limit, so that owners can
/// found more.
const OWNED_BY_ONE: u32 = 50;

/// The sample of a size. Users and organizations are counted from 0 here, and from 1 in names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many organizations there are.
    pub(crate) organizations: u32,
    /// To how many of them the first user belongs.
    pub(crate) memberships: u32,
    /// How many users there are.
    pub(crate) users: u32,
    /// How many of them get a token.
    pub(crate) tokens: u32,
    members: u32,
}

impl Plan {
    /// The sample that was asked for.
    pub(crate) fn new(args: SampleArgs) -> Self {
        let owners = args.organizations.div_ceil(OWNED_BY_ONE);
        Self {
            organizations: args.organizations,
            memberships: args.memberships.min(args.organizations),
            users: (owners + 1).max(args.members + 1).max(args.tokens),
            tokens: args.tokens,
            members: args.members,
        }
    }

    /// Who owns an organization: everybody but the first user, in turn.
    pub(crate) fn owner(&self, organization: u32) -> u32 {
        1 + organization % (self.users - 1)
    }

    /// Whether the first user belongs to an organization.
    pub(crate) fn first_user_belongs_to(&self, organization: u32) -> bool {
        organization < self.memberships
    }

    /// Who belongs to the first organization beside its owner, user 1, and the first user.
    pub(crate) fn further_members(&self) -> Range<u32> {
        let present = 1 + u32::from(self.memberships > 0);
        2..2 + self.members.saturating_sub(present)
    }
}

/// A user's address.
pub(crate) fn email(user: u32) -> Email {
    Email::from_stored(format!("sample-{:06}@example.com", user + 1))
}

/// A user's name.
pub(crate) fn display_name(user: u32) -> DisplayName {
    DisplayName::from_stored(format!("Sample User {:06}", user + 1))
}

/// An organization's name.
pub(crate) fn organization_name(organization: u32) -> OrganizationName {
    OrganizationName::from_stored(format!("Sample Organization {:06}", organization + 1))
}

/// An organization's slug.
pub(crate) fn slug(organization: u32) -> Slug {
    Slug::from_stored(format!("sample-organization-{:06}", organization + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn plan(organizations: u32, members: u32, memberships: u32, tokens: u32) -> Plan {
        Plan::new(SampleArgs {
            organizations,
            members,
            memberships,
            tokens,
        })
    }

    #[test]
    fn every_size_is_as_asked() {
        for (organizations, members, memberships, tokens) in [
            (1, 2, 0, 0),
            (1, 2, 1, 1),
            (1_000, 100, 100, 0),
            (100_000, 50, 10_000, 8),
            (60, 2, 60, 500),
        ] {
            let plan = plan(organizations, members, memberships, tokens);
            let mut owned = HashMap::new();
            for organization in 0..organizations {
                *owned.entry(plan.owner(organization)).or_insert(0) += 1;
            }
            assert!(
                owned.values().all(|count| *count <= OWNED_BY_ONE),
                "{plan:?}"
            );
            assert!(owned.keys().all(|owner| *owner < plan.users), "{plan:?}");
            assert!(
                !owned.contains_key(&0),
                "the first user owns nothing: {plan:?}"
            );
            let of_first: HashSet<u32> = plan
                .further_members()
                .chain([plan.owner(0)])
                .chain(plan.first_user_belongs_to(0).then_some(0))
                .collect();
            assert_eq!(of_first.len(), members as usize, "{plan:?}");
            assert!(of_first.iter().all(|user| *user < plan.users), "{plan:?}");
            let joined = (0..organizations).filter(|one| plan.first_user_belongs_to(*one));
            assert_eq!(joined.count(), memberships as usize, "{plan:?}");
            assert!(plan.users >= tokens, "{plan:?}");
        }
    }

    #[test]
    fn the_names_are_what_people_could_type() {
        assert_eq!(Email::parse("sample-000001@example.com").unwrap(), email(0));
        assert_eq!(email(0).key(), "sample-000001@example.com");
        assert_eq!(
            OrganizationName::parse("Sample Organization 000123").unwrap(),
            organization_name(122)
        );
        assert_eq!(
            Slug::candidates(organization_name(122).as_str())
                .next()
                .unwrap(),
            slug(122)
        );
        assert_eq!(
            DisplayName::parse("Sample User 100000").unwrap(),
            display_name(99_999)
        );
    }
}
