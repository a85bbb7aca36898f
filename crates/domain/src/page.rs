//! Windows into long lists, and the pages that come back.

use std::cmp::Ordering;

/// Which part of a list to answer. `K` is the sort key of the list, unique for every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window<K> {
    /// Where to start.
    pub from: From<K>,
    /// How many items at the most, at least 1.
    pub limit: u32,
    /// Whether to count the whole list too, which costs as much as the list is long.
    pub count: bool,
}

/// Where a window starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From<K> {
    /// At the beginning.
    First,
    /// Behind the row with this key (keyset paging): every page costs the same.
    After(K),
    /// Behind so many rows, for the dialects that have no page tokens. Cost grows with the number.
    Skip(u32),
}

impl<K> Window<K> {
    /// The first `limit` items.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self {
            from: From::First,
            limit,
            count: false,
        }
    }

    /// The `limit` items behind `key`.
    #[must_use]
    pub const fn after(key: K, limit: u32) -> Self {
        Self {
            from: From::After(key),
            limit,
            count: false,
        }
    }

    /// The `limit` items behind the first `skip`.
    #[must_use]
    pub const fn skip(skip: u32, limit: u32) -> Self {
        Self {
            from: From::Skip(skip),
            limit,
            count: false,
        }
    }

    /// The same window, and the length of the whole list.
    #[must_use]
    pub fn counted(self) -> Self {
        Self {
            count: true,
            ..self
        }
    }

    /// How many rows a store should fetch: one more than asked tells whether there is more.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The key to continue behind; `None` at the end of the list.
    pub next: Option<K>,
    /// The length of the whole list, if the window asked for it.
    pub total: Option<u64>,
}

impl<T, K> Page<T, K> {
    /// Makes the page out of what a store fetched for `window` (see [`Window::fetch`]).
    pub fn cut(
        mut fetched: Vec<T>,
        window: &Window<K>,
        total: Option<u64>,
        key: impl Fn(&T) -> K,
    ) -> Self {
        let limit = window.limit as usize;
        let more = fetched.len() > limit;
        fetched.truncate(limit);
        let next = if more { fetched.last().map(key) } else { None };
        Self {
            items: fetched,
            next,
            total,
        }
    }

    /// Cuts the page out of a whole list, which is in the order of `compare`.
    pub fn of_all(
        rows: Vec<T>,
        window: &Window<K>,
        key: impl Fn(&T) -> K,
        compare: impl Fn(&K, &K) -> Ordering,
    ) -> Self {
        let total = window.count.then_some(rows.len() as u64);
        let skip = match &window.from {
            From::First => 0,
            From::After(last) => rows.partition_point(|row| compare(&key(row), last).is_le()),
            From::Skip(rows) => *rows as usize,
        };
        let fetch = window.limit as usize + 1;
        let fetched = rows.into_iter().skip(skip).take(fetch).collect();
        Self::cut(fetched, window, total, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let window = Window::first(2);
        let page = Page::cut(vec![1, 2, 3], &window, None, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], Some(2)));
        let page = Page::cut(vec![1, 2], &window, None, |n| *n);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }
}
