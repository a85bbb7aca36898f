//! Boolean conditions over the rows of a list. A dialect parses its own syntax into this tree; a
//! store translates it into a query.

/// A condition built of tests of type `T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter<T> {
    /// Holds when every part holds; without parts it always holds.
    All(Vec<Filter<T>>),
    /// Holds when some part holds; without parts it never holds.
    Any(Vec<Filter<T>>),
    /// Holds when the inner condition does not.
    Not(Box<Filter<T>>),
    /// One test of one field.
    Test(T),
}

impl<T> Filter<T> {
    /// The condition that always holds.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Whether this is [`Filter::everything`], for which a store adds no condition.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// The same condition with every test translated.
    pub fn translate<U, E>(
        &self,
        test: &mut impl FnMut(&T) -> Result<U, E>,
    ) -> Result<Filter<U>, E> {
        let mut all = |parts: &[Self]| -> Result<Vec<_>, E> {
            parts.iter().map(|part| part.translate(test)).collect()
        };
        Ok(match self {
            Self::All(parts) => Filter::All(all(parts)?),
            Self::Any(parts) => Filter::Any(all(parts)?),
            Self::Not(inner) => Filter::Not(Box::new(inner.translate(test)?)),
            Self::Test(one) => Filter::Test(test(one)?),
        })
    }

    /// Decides the condition with a decision for every test.
    pub fn holds(&self, test: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(test)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(test)),
            Self::Not(inner) => !inner.holds(test),
            Self::Test(one) => test(one),
        }
    }
}

/// How a text is compared, on its folded key: case and compatibility forms do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTest {
    /// Where the needle must stand.
    pub place: Place,
    /// The folded text to look for (see [`crate::value::fold`]).
    pub key: String,
}

/// Where a needle must stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the whole text.
    Whole,
    /// The text starts with it.
    Start,
    /// The text ends with it.
    End,
    /// The text has it anywhere.
    Anywhere,
}

impl TextTest {
    /// A test for `needle`, which is folded here.
    #[must_use]
    pub fn new(place: Place, needle: &str) -> Self {
        Self {
            place,
            key: crate::value::fold(needle),
        }
    }

    /// Whether a folded text passes.
    #[must_use]
    pub fn passes(&self, folded: &str) -> bool {
        match self.place {
            Place::Whole => folded == self.key,
            Place::Start => folded.starts_with(&self.key),
            Place::End => folded.ends_with(&self.key),
            Place::Anywhere => folded.contains(&self.key),
        }
    }

    /// The pattern for SQL `LIKE … ESCAPE '\'`.
    #[must_use]
    pub fn like_pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.key.len() + 2);
        if matches!(self.place, Place::End | Place::Anywhere) {
            pattern.push('%');
        }
        for c in self.key.chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        if matches!(self.place, Place::Start | Place::Anywhere) {
            pattern.push('%');
        }
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_escape_what_sql_would_expand() {
        let test = TextTest::new(Place::Anywhere, "50%_\\");
        assert_eq!(test.like_pattern(), "%50\\%\\_\\\\%");
    }

    #[test]
    fn conditions_combine() {
        let is = |key: &str| Filter::Test(TextTest::new(Place::Whole, key));
        let both = Filter::All(vec![is("a"), Filter::Not(Box::new(is("b")))]);
        assert!(both.holds(&|t| t.passes("a")));
        assert!(!both.holds(&|t| t.passes("b")));
        assert!(Filter::<TextTest>::everything().is_everything());
        assert!(!Filter::<TextTest>::Any(vec![]).holds(&|_| true));
        let same: Result<_, ()> = both.translate(&mut |test: &TextTest| Ok(test.clone()));
        assert_eq!(same, Ok(both.clone()));
        assert_eq!(both.translate(&mut |_| Err::<(), _>("no")), Err("no"));
    }
}
