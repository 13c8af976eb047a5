//! Why a whole file could not be read. A bad row is never an error: see [`crate::finding`].

use crate::{finding::Code, rows::SinkError};

/// A file that cannot be imported, with what to do, in both languages.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be opened or read.
    #[error("could not read {name}")]
    Io {
        /// File name (no folder: paths may name people).
        name: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The content is refused as a whole.
    #[error("{name}: {en}")]
    Refused {
        /// File name.
        name: String,
        /// Stable code.
        code: Code,
        /// Line where it was seen, when there is one.
        line: Option<u64>,
        /// What is wrong and what to do, French.
        fr: String,
        /// The same in English.
        en: String,
    },
    /// Detection found several readings: a person must choose.
    #[error("{name}: {en}")]
    Choice {
        /// File name.
        name: String,
        /// Stable code of the question.
        code: Code,
        /// The question and how to answer it, French.
        fr: String,
        /// The same in English.
        en: String,
    },
    /// The rows could not be stored.
    #[error("could not store the rows of {name}")]
    Sink {
        /// File name.
        name: String,
        /// Cause.
        #[source]
        source: SinkError,
    },
    /// The person cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl IngestError {
    /// A refusal.
    pub fn refused(
        name: &str,
        code: Code,
        line: Option<u64>,
        fr: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        IngestError::Refused { name: name.into(), code, line, fr: fr.into(), en: en.into() }
    }
}
