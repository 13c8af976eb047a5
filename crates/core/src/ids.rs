//! Identifiers whose constructor checks them, so that everything after trusts them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an identifier cannot be empty")]
    Empty,
    /// The text is longer than a file name allows.
    #[error("identifier of {length} bytes, at most {max} allowed")]
    TooLong {
        /// Bytes received.
        length: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A character that cannot stand in a folder name or a URL.
    #[error(
        "character {found:?} cannot stand in identifier {text:?}: use letters, digits, - _ and ."
    )]
    Character {
        /// The whole text.
        text: String,
        /// The character refused.
        found: char,
    },
}

const MAX_BYTES: usize = 80;

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text == "." || text == ".." {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_BYTES {
        return Err(IdError::TooLong { length: text.len(), max: MAX_BYTES });
    }
    match text.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        Some(found) => Err(IdError::Character { text: text.to_owned(), found }),
        // A leading dot would make a hidden folder that external readers skip.
        None if text.starts_with('.') => {
            Err(IdError::Character { text: text.to_owned(), found: '.' })
        }
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text: letters, digits, `-`, `_` and `.`, at most 80 bytes.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }
            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    };
}

text_id!(
    /// A process: the unit of import, configuration and partitioning (`retraite`, `rsa`).
    ProcessId
);
text_id!(
    /// A body or one of its parts.
    OrgId
);

/// Number of a delivery (one import of one file), growing with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Number of a version of the lake, growing by one with each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(pub i64);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_id_is_safe_in_a_path() {
        for bad in ["", "..", ".", "a/b", "a\\b", "a b", "..hidden", "a\0"] {
            assert!(ProcessId::new(bad).is_err(), "{bad:?} must be refused");
        }
        for good in ["retraite", "p2p", "bpic15_1", "Complémentaire-santé", "v1.2"] {
            assert_eq!(ProcessId::new(good).map(String::from), Ok(good.to_owned()));
        }
    }
}
