use std::collections::BTreeMap;

use crate::id::WebhookEndpointId;

/// How many messages may be taken at once, so that who is slow to take theirs does not keep all the
/// others waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// How many in all.
    pub messages: u32,
    /// How many letters.
    pub letters: u32,
    /// How many to one endpoint, together with those under way.
    pub per_endpoint: u32,
    /// How many are under way to which endpoint.
    pub under_way: BTreeMap<WebhookEndpointId, u32>,
}

impl Allowance {
    /// So many in all, to whomever.
    #[must_use]
    pub const fn of(messages: u32) -> Self {
        Self {
            messages,
            letters: messages,
            per_endpoint: messages,
            under_way: BTreeMap::new(),
        }
    }

    /// How many messages a store looks at in order to pick from them.
    #[must_use]
    pub const fn candidates(&self) -> u32 {
        self.messages.saturating_mul(4)
    }

    /// The endpoints that may not be sent anything more just now.
    pub fn full(&self) -> impl Iterator<Item = WebhookEndpointId> {
        let busy = self.under_way.iter();
        busy.filter(|(_, count)| **count >= self.per_endpoint)
            .map(|(endpoint, _)| *endpoint)
    }

    /// Picks what may be taken of these, in their order. `endpoint` tells where one goes to; `None`:
    /// it is a letter.
    pub fn pick<T>(
        &self,
        candidates: impl IntoIterator<Item = T>,
        endpoint: impl Fn(&T) -> Option<WebhookEndpointId>,
    ) -> Vec<T> {
        let mut letters = 0;
        let mut posts = self.under_way.clone();
        let fits = |candidate: &T| {
            let (count, most) = match endpoint(candidate) {
                None => (&mut letters, self.letters),
                Some(id) => (posts.entry(id).or_default(), self.per_endpoint),
            };
            *count += 1;
            *count <= most
        };
        let picked = candidates.into_iter().filter(fits);
        picked.take(self.messages as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn endpoint(number: u128) -> WebhookEndpointId {
        WebhookEndpointId::new(Uuid::from_u128(number))
    }

    #[test]
    fn nobody_takes_more_than_their_share() {
        let allowance = Allowance {
            messages: 5,
            letters: 2,
            per_endpoint: 2,
            under_way: [(endpoint(1), 1), (endpoint(2), 2)].into(),
        };
        assert_eq!(allowance.full().collect::<Vec<_>>(), [endpoint(2)]);
        let to =
            [1, 1, 2, 0, 0, 0, 3, 3, 3, 4].map(|number| (number > 0).then(|| endpoint(number)));
        let picked = allowance.pick(to, |to| *to);
        let expected = [1, 0, 0, 3, 3].map(|number| (number > 0).then(|| endpoint(number)));
        assert_eq!(picked, expected);
    }

    #[test]
    fn what_is_allowed_to_all_is_taken_in_order() {
        let to = [1, 1, 1].map(|number| Some(endpoint(number)));
        assert_eq!(Allowance::of(2).pick(to, |to| *to), to[..2]);
        assert_eq!(Allowance::default().pick(to, |to| *to), []);
    }
}
