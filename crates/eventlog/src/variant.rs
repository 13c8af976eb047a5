//! A short name for an order of activities, the same everywhere and for ever.
//!
//! - Computes: 64 bits of FNV-1a over the names, each closed by a byte no text holds.
//! - Units: none; written as 16 hexadecimal digits.
//! - Shapes: names in order in, an identifier out.
//! - Errors: none; a text that is no identifier is `None`.
//! - Source: Fowler, Noll, Vo. Among a million variants two share an identifier with a
//!   chance below one in thirty million: good enough to name one in an address.

use serde::{Deserialize, Serialize};

/// Identifier of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariantId(u64);

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl VariantId {
    /// Identifier of an order of activities.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = OFFSET;
        for name in names {
            for byte in name.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
        Self(hash)
    }

    /// Reads the 16 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        digits.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl std::fmt::Display for VariantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl TryFrom<String> for VariantId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not an identifier of a variant"))
    }
}

impl std::str::FromStr for VariantId {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::try_from(text.to_owned())
    }
}

impl From<VariantId> for String {
    fn from(id: VariantId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_closed_so_that_they_do_not_run_into_each_other() {
        assert_ne!(VariantId::of(["ab", "c"]), VariantId::of(["a", "bc"]));
        assert_ne!(VariantId::of(["a"]), VariantId::of(["a", ""]));
        assert_eq!(VariantId::of([]).to_string(), "cbf29ce484222325", "the offset of FNV-1a");
    }

    #[test]
    fn an_identifier_reads_back_and_nothing_else_does() {
        let id = VariantId::of(["Réception", "Décision"]);
        assert_eq!(VariantId::parse(&id.to_string()), Some(id));
        for text in ["", "12", "zzzzzzzzzzzzzzzz", "+123456789abcdef", "cbf29ce4842223250"] {
            assert_eq!(VariantId::parse(text), None, "{text}");
        }
    }
}
