//! Why a figure could not be computed at all. A figure that merely cannot be
//! known is not an error: it is null with its reason.

/// Error of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// So many groups and periods were asked that no screen could show them.
    #[error(
        "{groups} groups over {buckets} periods make more than {max} rows: narrow the period or the groups"
    )]
    TooManyRows {
        /// Groups asked.
        groups: usize,
        /// Periods asked.
        buckets: usize,
        /// Rows allowed.
        max: usize,
    },
    /// No such figure.
    #[error("no figure is called {id:?}")]
    UnknownFigure {
        /// The id asked.
        id: String,
    },
}
