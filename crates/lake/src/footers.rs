//! Footers already read. Files never change, so a footer is good for ever.

use std::sync::{Arc, Mutex, PoisonError};

use parquet::file::metadata::ParquetMetaData;
use rustc_hash::FxHashMap;

/// Footers kept; beyond, all are forgotten and read again.
const MOST: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Footers {
    known: Mutex<FxHashMap<String, Arc<ParquetMetaData>>>,
}

impl Footers {
    pub(crate) fn get(&self, path: &str) -> Option<Arc<ParquetMetaData>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    pub(crate) fn put(&self, path: &str, meta: Arc<ParquetMetaData>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(path.to_owned(), meta);
    }

    pub(crate) fn forget(&self, path: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}
