//! Why nothing could be made.

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The size is not one of ours.
    #[error("unknown size {given:?}: write team, office or network")]
    UnknownSize {
        /// What was given.
        given: String,
    },
    /// The time zone of the body is missing from the bundled database.
    #[error("the time zone of the body could not be read")]
    Zone(#[from] eclusier_calendar::CalendarError),
    /// The file could not be written.
    #[error("could not write the events")]
    Write(#[from] std::io::Error),
}
