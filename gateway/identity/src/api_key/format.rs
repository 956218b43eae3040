//! The characters of a key: Crockford's base32 in lower case (no `i`, `l`, `o`, `u`), and the checksum.

use super::KeyError;
use std::sync::LazyLock;

/// Random bytes behind an id: 80 bits, 16 characters.
pub(super) const ID_BYTES: usize = 10;
/// Random bytes behind a secret: 256 bits, 52 characters (the last one holds a single bit).
pub(super) const SECRET_BYTES: usize = 32;

const SECRET_LENGTH: usize = 52;
const CHECKSUM_LENGTH: usize = 6;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Which bytes are in the alphabet: every call with a key asks for some seventy of them.
const IS_DIGIT: [bool; 256] = {
    let mut digits = [false; 256];
    let mut place = 0;
    while place < ALPHABET.len() {
        digits[ALPHABET[place] as usize] = true;
        place += 1;
    }
    digits
};
/// What the checksum begins with, made once.
static CHECKSUM: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("vagvisare 2026 api key checksum"));

/// The text of a key made of these random bytes.
pub(super) fn compose(environment: &str, id: &[u8], secret: &[u8]) -> String {
    let mut text = format!("vv_{environment}_");
    push_base32(&mut text, id);
    text.push('_');
    push_base32(&mut text, secret);
    let checksum = checksum(&text);
    text.extend(checksum.map(char::from));
    text
}

pub(super) fn check_environment(environment: &str) -> Result<(), KeyError> {
    let fits = (2..=8).contains(&environment.len()) && environment.bytes().all(|byte| byte.is_ascii_lowercase());
    fits.then_some(()).ok_or(KeyError::Environment)
}

pub(super) fn check_id(id: &str) -> Result<(), KeyError> {
    ((12..=32).contains(&id.len()) && is_base32(id))
        .then_some(())
        .ok_or(KeyError::Id)
}

/// `secret` is the tail of `text`.
pub(super) fn check_secret(text: &str, secret: &str) -> Result<(), KeyError> {
    if secret.len() != SECRET_LENGTH + CHECKSUM_LENGTH || !is_base32(secret) {
        return Err(KeyError::Secret);
    }
    let (body, given) = text
        .split_at_checked(text.len() - CHECKSUM_LENGTH)
        .ok_or(KeyError::Secret)?;
    if given.as_bytes() == checksum(body) {
        Ok(())
    } else {
        Err(KeyError::Checksum)
    }
}

fn is_base32(text: &str) -> bool {
    text.bytes().all(|byte| IS_DIGIT[usize::from(byte)])
}

/// 30 bits over everything before it, environment and id included.
fn checksum(body: &str) -> [u8; CHECKSUM_LENGTH] {
    let mut hasher = CHECKSUM.clone();
    hasher.update(body.as_bytes());
    let mut sum = [0; CHECKSUM_LENGTH];
    for (place, byte) in sum.iter_mut().zip(hasher.finalize().as_bytes()) {
        *place = digit(*byte);
    }
    sum
}

fn push_base32(text: &mut String, bytes: &[u8]) {
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(digit((bits >> held) as u8)));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        text.push(char::from(digit((bits << (5 - held)) as u8)));
    }
}

/// The character of the low five bits.
fn digit(bits: u8) -> u8 {
    ALPHABET[usize::from(bits & 31)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_the_well_known_one() {
        let mut text = String::new();
        push_base32(&mut text, b"foobar");
        assert_eq!(text, "csqpyrk1e8");
        let mut text = String::new();
        push_base32(&mut text, &[0xff; SECRET_BYTES]);
        assert_eq!(text.len(), SECRET_LENGTH);
        let mut text = String::new();
        push_base32(&mut text, &[0; ID_BYTES]);
        assert_eq!(text, "0".repeat(16));
    }
}
