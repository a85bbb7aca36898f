//! What is sent: complete requests, written beforehand, one after the other and from the start
//! again.

use crate::Result;

/// Where a request has this many number signs, the number of the request goes.
const PLACE: &[u8] = b"##########";

/// The requests and how far we are.
#[derive(Clone)]
pub struct Requests {
    texts: Vec<Text>,
    first: u64,
    next: u64,
}

#[derive(Clone)]
struct Text {
    bytes: Vec<u8>,
    place: Option<usize>,
}

impl Requests {
    /// Reads them from a file: each with a line before it that has its length in bytes. The number
    /// `first` chooses the first one and is the first to be filled in.
    pub fn read(path: &str, first: u64) -> Result<Self> {
        let file = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let texts = parse(&file).ok_or_else(|| format!("{path} is not a file of requests"))?;
        Ok(Self {
            texts,
            first,
            next: first,
        })
    }

    /// The next one.
    pub fn next(&mut self) -> &[u8] {
        let number = self.next;
        self.next += 1;
        let count = self.texts.len() as u64;
        #[expect(clippy::cast_possible_truncation, reason = "smaller than a length")]
        let text = &mut self.texts[(number % count) as usize];
        if let Some(place) = text.place {
            write_number(&mut text.bytes[place..place + PLACE.len()], number);
        }
        &text.bytes
    }

    /// How many there have been.
    pub fn issued(&self) -> u64 {
        self.next - self.first
    }
}

fn parse(mut file: &[u8]) -> Option<Vec<Text>> {
    let mut texts = Vec::new();
    while !file.is_empty() {
        let line = file.iter().position(|byte| *byte == b'\n')?;
        let length: usize = std::str::from_utf8(&file[..line]).ok()?.parse().ok()?;
        let rest = &file[line + 1..];
        let bytes = rest.get(..length)?.to_vec();
        let place = bytes
            .windows(PLACE.len())
            .position(|window| window == PLACE);
        texts.push(Text { bytes, place });
        file = &rest[length..];
    }
    (!texts.is_empty()).then_some(texts)
}

/// Decimal, with leading zeros.
fn write_number(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        let value = (number % 10) as u8;
        *digit = b'0' + value;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_take_turns_and_numbers() {
        let texts = parse(b"3\na\nb12\n##########/c").unwrap();
        let mut requests = Requests {
            texts,
            first: 7,
            next: 7,
        };
        assert_eq!(requests.next(), b"0000000007/c");
        assert_eq!(requests.next(), b"a\nb");
        assert_eq!(requests.next(), b"0000000009/c");
        assert_eq!(requests.issued(), 3);
    }

    #[test]
    fn anything_else_is_refused() {
        for file in ["", "5\nabc", "x\nabc", "3", "3\nabcd"] {
            assert!(parse(file.as_bytes()).is_none(), "{file:?}");
        }
    }
}
