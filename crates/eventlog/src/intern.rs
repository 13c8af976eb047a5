//! Names stored once, spoken of by number.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Code of "no value" in a column of codes.
pub const NONE: u32 = u32::MAX;

/// A set of names in order of first sight.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Interner {
    names: Vec<String>,
    codes: FxHashMap<String, u32>,
}

impl Interner {
    /// Code of a name, added when new.
    pub fn code(&mut self, name: &str) -> u32 {
        if let Some(&code) = self.codes.get(name) {
            return code;
        }
        // More distinct names than u32 cannot fit in memory anyway.
        let code = u32::try_from(self.names.len()).unwrap_or(NONE - 1);
        self.names.push(name.to_owned());
        self.codes.insert(name.to_owned(), code);
        code
    }

    /// Code of a name if it was seen.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.codes.get(name).copied()
    }

    /// Name of a code; the empty text for an unknown code.
    pub fn name(&self, code: u32) -> &str {
        self.names.get(code as usize).map_or("", String::as_str)
    }

    /// All names, by code.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no name was seen.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Adds every name of `other`; the result maps other's codes to ours.
    pub fn absorb(&mut self, other: &Interner) -> Vec<u32> {
        other.names.iter().map(|n| self.code(n)).collect()
    }
}

impl From<Vec<String>> for Interner {
    fn from(names: Vec<String>) -> Self {
        let mut interner = Interner::default();
        for name in &names {
            interner.code(name);
        }
        interner
    }
}

impl From<Interner> for Vec<String> {
    fn from(interner: Interner) -> Self {
        interner.names
    }
}
