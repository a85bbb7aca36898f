//! The order of lists (AIP-132): `display_name, create_time desc`.

use rollbook_domain::Error;
use rollbook_domain::membership::Direction;

/// The fields that a list can be sorted by, with their names; a field may have several.
pub(super) type Fields<F> = [(&'static str, F)];

/// Reads an order: fields with commas in between, each ascending unless ` desc` follows. Nothing is
/// read as no fields, for which a list has its own order.
pub(super) fn parse<F: Copy + PartialEq>(
    text: &str,
    fields: &Fields<F>,
) -> Result<Vec<(F, Direction)>, Error> {
    let mut order: Vec<(F, Direction)> = Vec::new();
    if text.trim().is_empty() {
        return Ok(order);
    }
    for part in text.split(',') {
        let (field, direction) = one(part, fields).map_err(invalid)?;
        if order.iter().any(|(other, _)| *other == field) {
            return Err(invalid(format!("'{}' comes twice", part.trim())));
        }
        order.push((field, direction));
    }
    Ok(order)
}

fn one<F: Copy>(part: &str, fields: &Fields<F>) -> Result<(F, Direction), String> {
    let mut words = part.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    let direction = match (words.next(), words.next()) {
        (None | Some("asc"), None) => Direction::Ascending,
        (Some("desc"), None) => Direction::Descending,
        _ => {
            return Err(format!(
                "'{}' is not a field, or a field and desc",
                part.trim()
            ));
        }
    };
    let found = fields.iter().find(|(field, _)| *field == name);
    found
        .map(|(_, field)| (*field, direction))
        .ok_or_else(|| format!("'{name}' cannot be sorted by, {} can", names(fields)))
}

fn names<F>(fields: &Fields<F>) -> String {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

fn invalid(reason: String) -> Error {
    Error::invalid("order_by", reason)
}

#[cfg(test)]
mod tests {
    use Direction::{Ascending, Descending};
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Field {
        Name,
        Created,
    }

    const FIELDS: &Fields<Field> = &[
        ("display_name", Field::Name),
        ("user.name", Field::Name),
        ("create_time", Field::Created),
    ];

    #[test]
    fn orders() {
        let both = vec![(Field::Name, Ascending), (Field::Created, Descending)];
        for (text, expected) in [
            ("", vec![]),
            ("  ", vec![]),
            ("create_time", vec![(Field::Created, Ascending)]),
            ("create_time asc", vec![(Field::Created, Ascending)]),
            ("user.name desc", vec![(Field::Name, Descending)]),
            ("display_name,create_time desc", both.clone()),
            ("  display_name  asc ,  create_time   desc ", both),
        ] {
            assert_eq!(parse(text, FIELDS).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_order() {
        for text in [
            ",",
            "create_time,",
            "create_time,,display_name",
            "create_time DESC",
            "create_time up",
            "create_time desc desc",
            "desc",
            "-create_time",
            "+create_time",
            "Create_time",
            "name",
            "create_time;display_name",
            "create_time, create_time desc",
            "display_name, user.name",
        ] {
            let Err(Error::Invalid(violations)) = parse(text, FIELDS) else {
                panic!("accepted: {text}");
            };
            assert_eq!(violations[0].field, "order_by");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(display_name|create_time|desc|asc|[ ,.é]){0,8}") {
            if let Ok(order) = parse(&text, FIELDS) {
                prop_assert!(order.len() <= 2);
            }
        }
    }
}
