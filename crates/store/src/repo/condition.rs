use rollbook_domain::filter::{Filter, Place, TextTest};

use super::written::Condition;

/// The domain's filter as an SQL condition; `test` writes a single test.
pub(super) fn condition<T>(
    filter: &Filter<T>,
    test: impl Fn(&mut Condition, &T) + Copy,
) -> Condition {
    let mut written = Condition::new();
    if !filter.is_everything() {
        written.do_not_keep();
    }
    write(&mut written, filter, test);
    written
}

/// A filter on one folded text.
pub(super) fn text_condition(filter: &Filter<TextTest>, column: &'static str) -> Condition {
    condition(filter, |written, test| text_test(written, column, test))
}

fn write<T>(written: &mut Condition, filter: &Filter<T>, test: impl Fn(&mut Condition, &T) + Copy) {
    match filter {
        Filter::All(parts) => written.join(parts, " AND ", "TRUE", |w, part| write(w, part, test)),
        Filter::Any(parts) => written.join(parts, " OR ", "FALSE", |w, part| write(w, part, test)),
        Filter::Not(inner) => {
            written.sql("NOT (");
            write(written, inner, test);
            written.sql(")");
        }
        Filter::Test(one) => test(written, one),
    }
}

/// Compares a folded text.
pub(super) fn text_test(written: &mut Condition, column: &'static str, test: &TextTest) {
    // No text has a NUL. PostgreSQL refuses such a one, and SQLite's LIKE takes it for the end.
    if test.key.contains('\0') {
        return written.sql("FALSE");
    }
    written.sql(column);
    if test.place == Place::Whole {
        written.sql(" = ");
        return written.text(&test.key);
    }
    written.sql(" LIKE ");
    written.text(test.like_pattern());
    written.sql(" ESCAPE '\\'");
}
