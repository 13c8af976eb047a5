//! Identifiers of people are replaced at the door by a keyed hash.
//!
//! - Computes: HMAC-SHA-256 of the identifier, first 80 bits, 16 base-32 letters.
//! - Units: none.
//! - Shapes: text in, text out; the same text and key always give the same answer.
//! - Errors: none; a key shorter than 32 bytes is refused by [`Pseudonymiser::new`].
//! - Source: RFC 2104; the key lies in the data directory, outside the database.

use hmac::{Hmac, KeyInit, Mac};
use rustc_hash::FxHashMap;
use sha2::Sha256;

/// Replaces identifiers of people. Its key is never printed.
#[derive(Clone)]
pub struct Pseudonymiser {
    key: Hmac<Sha256>,
    seen: FxHashMap<String, String>,
}

impl std::fmt::Debug for Pseudonymiser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonymiser(key not shown)")
    }
}

/// The key is too short to protect anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pseudonymisation key has {bytes} bytes, 32 needed")]
pub struct ShortKey {
    /// Bytes given.
    pub bytes: usize,
}

/// Distinct people remembered before the cache starts afresh: bounds the memory.
const CACHE: usize = 200_000;

impl Pseudonymiser {
    /// A pseudonymiser over a secret key of at least 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, ShortKey> {
        if key.len() < 32 {
            return Err(ShortKey { bytes: key.len() });
        }
        let key = Hmac::new_from_slice(key).map_err(|_| ShortKey { bytes: key.len() })?;
        Ok(Self { key, seen: FxHashMap::default() })
    }

    /// Pseudonym of a person, the same in logs and staff lists.
    pub fn person(&mut self, id: &str) -> &str {
        // Looked up before being inserted: a person seen again costs no copy of the name.
        if !self.seen.contains_key(id) {
            if self.seen.len() >= CACHE {
                self.seen.clear();
            }
            let pseudonym = format!("p-{}", letters(&self.key, b"person", id));
            self.seen.insert(id.to_owned(), pseudonym);
        }
        self.seen.get(id).map_or("", String::as_str)
    }

    /// Local short number of a case whose number is a national identifier.
    pub fn case(&self, nir: &str) -> String {
        format!("n-{}", letters(&self.key, b"case", nir))
    }
}

fn letters(key: &Hmac<Sha256>, domain: &[u8], text: &str) -> String {
    let mut mac = key.clone();
    // The domain keeps a person's pseudonym apart from a case's for the same text.
    mac.update(domain);
    mac.update(&[0]);
    mac.update(text.as_bytes());
    let bytes = mac.finalize().into_bytes();
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bits = 0u128;
    for byte in bytes.iter().take(10) {
        bits = bits << 8 | u128::from(*byte);
    }
    (0..16).rev().map(|i| char::from(ALPHABET[((bits >> (5 * i)) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_person_same_pseudonym_other_key_other_pseudonym() {
        let mut a = Pseudonymiser::new(&[1; 32]).expect("long enough");
        let mut b = Pseudonymiser::new(&[2; 32]).expect("long enough");
        let first = a.person("DURAND").to_owned();
        assert_eq!(first, a.person("DURAND"));
        assert_ne!(first, b.person("DURAND"));
        assert_eq!(first.len(), 18);
        assert_ne!(a.case("DURAND")[2..], first[2..]);
        assert!(Pseudonymiser::new(&[0; 31]).is_err());
        assert!(!format!("{a:?}").contains('1'));
    }
}
