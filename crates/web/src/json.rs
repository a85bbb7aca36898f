//! JSON for the answers that are long: lists of resources. Serde's serializer looks at every byte
//! of every key and value for something to escape, which takes a fifth of a list's time. This
//! writes keys as they stand in the program, and copies texts that need no escaping.

/// A value that appends itself to a JSON text, exactly as its `Serialize` would.
pub(crate) trait WriteJson {
    /// Appends the value.
    fn write_json(&self, json: &mut Vec<u8>);
}

impl WriteJson for str {
    fn write_json(&self, json: &mut Vec<u8>) {
        if self
            .bytes()
            .fold(false, |any, byte| any | must_be_escaped(byte))
        {
            escape(self, json);
        } else {
            write_plain(self, json);
        }
    }
}

impl WriteJson for &str {
    fn write_json(&self, json: &mut Vec<u8>) {
        (**self).write_json(json);
    }
}

impl WriteJson for String {
    fn write_json(&self, json: &mut Vec<u8>) {
        self.as_str().write_json(json);
    }
}

impl<T: WriteJson> WriteJson for Vec<T> {
    fn write_json(&self, json: &mut Vec<u8>) {
        json.push(b'[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            item.write_json(json);
        }
        json.push(b']');
    }
}

/// Appends a text that needs no escaping, such as an id.
pub(crate) fn write_plain(text: &str, json: &mut Vec<u8>) {
    write_parts(&[text.as_bytes()], json);
}

/// Appends a text of parts in UTF-8 that need no escaping.
pub(crate) fn write_parts(parts: &[&[u8]], json: &mut Vec<u8>) {
    json.push(b'"');
    for part in parts {
        json.extend_from_slice(part);
    }
    json.push(b'"');
}

/// RFC 8259 §7.
const fn must_be_escaped(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

fn escape(text: &str, json: &mut Vec<u8>) {
    let before = json.len();
    if serde_json::to_writer(&mut *json, text).is_err() {
        // Writing to memory does not fail; and if it did, half a text must not stay.
        json.truncate(before);
        json.extend_from_slice(b"\"\"");
    }
}

/// Implements [`WriteJson`] for a structure: all its fields, in this order, under their names.
macro_rules! write_json {
    ($structure:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::json::WriteJson for $structure<'_> {
            fn write_json(&self, json: &mut Vec<u8>) {
                // A new field that is not listed does not compile.
                let Self { $($field),+ } = self;
                let start = json.len();
                $(
                    json.extend_from_slice(concat!(",\"", stringify!($field), "\":").as_bytes());
                    $crate::json::WriteJson::write_json($field, json);
                )+
                json[start] = b'{';
                json.push(b'}');
            }
        }
    };
}
pub(crate) use write_json;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Serialize)]
    struct Pair<'a> {
        first: &'a str,
        second: Vec<String>,
    }

    write_json!(Pair { first, second });

    proptest! {
        #[test]
        fn it_writes_what_serde_writes(first in ".*", second in proptest::collection::vec("[\\x00-\\x7f]*", 0..4)) {
            let pair = Pair { first: &first, second };
            let mut json = Vec::new();
            pair.write_json(&mut json);
            prop_assert_eq!(json, serde_json::to_vec(&pair).unwrap());
        }
    }
}
