//! Numbers in base-62 digits, the first one first, always as many as the highest number needs.

/// Digits that hold 256 bits.
pub(super) const DIGITS_OF_256_BITS: usize = 43;
/// Digits that hold 128 bits.
pub(super) const DIGITS_OF_128_BITS: usize = 22;
/// Digits that hold 32 bits.
pub(super) const DIGITS_OF_32_BITS: usize = 6;

pub(super) const DIGITS: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number that the bytes are, big-endian.
pub(super) fn of_256_bits(bytes: &[u8; 32]) -> String {
    write::<8, DIGITS_OF_256_BITS>(words(bytes))
}

pub(super) fn of_128_bits(number: u128) -> String {
    write::<4, DIGITS_OF_128_BITS>(words(&number.to_be_bytes()))
}

pub(super) fn of_32_bits(number: u32) -> String {
    write::<1, DIGITS_OF_32_BITS>([number])
}

/// The number that the digits are; `None` if there is something else among them, or if the number
/// needs more than 128 bits.
pub(super) fn read(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0u128, |number, digit| {
        let value = value(digit)?;
        number.checked_mul(62)?.checked_add(value.into())
    })
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        _ => None,
    }
}

fn words<const WORDS: usize>(bytes: &[u8]) -> [u32; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

fn write<const WORDS: usize, const LENGTH: usize>(mut number: [u32; WORDS]) -> String {
    // As many digits at once as fit 32 bits.
    const TOGETHER: usize = 5;
    const POWER: u64 = 62u64.pow(5);
    let mut digits = [b'0'; LENGTH];
    for together in digits.rchunks_mut(TOGETHER) {
        let mut remainder = 0;
        for word in &mut number {
            // The quotient fits 32 bits, since the remainder is below the power.
            let value = remainder << 32 | u64::from(*word);
            *word = u32::try_from(value / POWER).unwrap_or(u32::MAX);
            remainder = value % POWER;
        }
        for digit in together.iter_mut().rev() {
            *digit = DIGITS[usize::try_from(remainder % 62).unwrap_or_default()];
            remainder /= 62;
        }
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_highest_numbers_fit() {
        assert_eq!(of_32_bits(u32::MAX), "4gfFC3");
        assert_eq!(of_128_bits(u128::MAX), "7n42DGM5Tflk9n8mt7Fhc7");
        assert_eq!(read("7n42DGM5Tflk9n8mt7Fhc7"), Some(u128::MAX));
        assert_eq!(read("7n42DGM5Tflk9n8mt7Fhc8"), None);
        assert_eq!(read("zzzzzzzzzzzzzzzzzzzzzz"), None);
        assert_eq!(read("000000000000000000000-"), None);
    }

    proptest! {
        #[test]
        fn the_digits_are_the_number(bytes: [u8; 32]) {
            let mut number = [0u8; 32];
            for digit in of_256_bits(&bytes).bytes() {
                let mut carry = usize::from(value(digit).unwrap());
                for byte in number.iter_mut().rev() {
                    carry += usize::from(*byte) * 62;
                    *byte = u8::try_from(carry % 256).unwrap();
                    carry /= 256;
                }
                prop_assert_eq!(carry, 0);
            }
            prop_assert_eq!(number, bytes);
        }

        #[test]
        fn what_is_written_is_read(number: u128, short: u32) {
            let digits = of_128_bits(number);
            prop_assert_eq!(digits.len(), DIGITS_OF_128_BITS);
            prop_assert_eq!(read(&digits), Some(number));
            let digits = of_32_bits(short);
            prop_assert_eq!(digits.len(), DIGITS_OF_32_BITS);
            prop_assert_eq!(read(&digits), Some(short.into()));
        }

        #[test]
        fn values_are_places(at in 0usize..62) {
            prop_assert_eq!(value(DIGITS[at]).map(usize::from), Some(at));
        }
    }
}
