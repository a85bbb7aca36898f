use std::collections::{HashSet, VecDeque};

use super::shelf::{Label, label};

/// From where somebody has signed in to an account: the last ones, in the memory of the process.
/// Whoever keeps guessing at an account from elsewhere does not keep its user out.
#[derive(Debug)]
pub(super) struct Familiar {
    known: HashSet<Label>,
    order: VecDeque<Label>,
    most: usize,
}

impl Familiar {
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: HashSet::new(),
            order: VecDeque::new(),
            most,
        }
    }

    pub(super) fn knows(&self, key: &str) -> bool {
        self.known.contains(&label(key))
    }

    pub(super) fn remember(&mut self, key: &str) {
        let label = label(key);
        if !self.known.insert(label) {
            return;
        }
        self.order.push_back(label);
        while self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut familiar = Familiar::new(2);
        for key in ["a", "b", "b", "c"] {
            familiar.remember(key);
        }
        assert!(!familiar.knows("a"));
        assert!(familiar.knows("b") && familiar.knows("c"));
        assert_eq!((familiar.known.len(), familiar.order.len()), (2, 2));
    }
}
