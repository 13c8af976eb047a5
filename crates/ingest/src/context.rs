//! What a reader is given beside the file, and what it hands back.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{
    error::IngestError,
    finding::{Code, Finding, Findings},
    identity::Pseudonymiser,
    rows::{Progress, Quarantine, RefusedRow, RowStats},
};

/// Bounds that keep a hostile file from filling memory or disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// A compressed file is refused when it expands more than this many times
    /// *and* beyond [`Limits::expanded_bytes`]: real logs reach 100:1.
    pub expansion_ratio: u64,
    /// Expanded size below which any ratio is accepted.
    pub expanded_bytes: u64,
    /// Longest record of a text file, in bytes.
    pub record_bytes: usize,
    /// Most columns of a table.
    pub columns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            expansion_ratio: 200,
            expanded_bytes: 2 << 30,
            record_bytes: 1 << 20,
            columns: 4_096,
        }
    }
}

/// Everything a reader needs beside the file and the mapping.
pub struct Context<'a> {
    /// File name shown in messages, without folder.
    pub name: String,
    /// Zone of instants without offset.
    pub zone: TimeZone,
    /// Replaces identifiers of people.
    pub people: Pseudonymiser,
    /// Refuse a file that holds national identity numbers instead of replacing them.
    pub strict_nir: bool,
    /// Activities left out.
    pub ignore_activities: Vec<String>,
    /// Number of the delivery.
    pub delivery: i64,
    /// Told how far reading is.
    pub progress: &'a dyn Progress,
    /// Receives refused rows.
    pub quarantine: &'a mut dyn Quarantine,
    /// Refuse the whole file beyond this many refused rows.
    pub max_refused: Option<u64>,
    /// Bounds against hostile files.
    pub limits: Limits,
    /// Findings so far.
    pub findings: Findings,
    /// Rows refused so far.
    pub refused: u64,
    /// Remarks about the reading as a whole, French then English.
    pub notes: Vec<[String; 2]>,
}

impl<'a> Context<'a> {
    /// A context with usual bounds, nothing ignored, no threshold.
    pub fn new(
        name: impl Into<String>,
        zone: TimeZone,
        people: Pseudonymiser,
        progress: &'a dyn Progress,
        quarantine: &'a mut dyn Quarantine,
    ) -> Self {
        Self {
            name: name.into(),
            zone,
            people,
            strict_nir: false,
            ignore_activities: Vec::new(),
            delivery: 0,
            progress,
            quarantine,
            max_refused: None,
            limits: Limits::default(),
            findings: Findings::default(),
            refused: 0,
            notes: Vec::new(),
        }
    }

    /// Sends one row to quarantine and records the finding; refuses the file
    /// when the threshold is passed. `fields` must already be free of
    /// identifiers of people.
    pub fn refuse(
        &mut self,
        line: u64,
        column: &str,
        code: Code,
        words: [String; 2],
        fields: &[&str],
    ) -> Result<(), IngestError> {
        let [fr, en] = words;
        self.quarantine
            .refuse(RefusedRow { line, column, code, fr: &fr, en: &en, fields })
            .map_err(|e| self.sink_error(e))?;
        self.refused += 1;
        let named = (!column.is_empty()).then_some(column);
        self.findings.add(code, Some(line), named, || [fr, en]);
        match self.max_refused {
            Some(most) if self.refused > most => Err(self.refusal(
                Code::TooManyRefused,
                Some(line),
                format!("plus de {most} lignes refusées : le seuil fixé est dépassé, rien n’est importé"),
                format!("more than {most} rows refused: the threshold set is passed, nothing is imported"),
            )),
            _ => Ok(()),
        }
    }

    /// Tells progress (bytes as delivered) and stops when asked to.
    pub fn at(&self, done: u64, total: u64) -> Result<(), IngestError> {
        if self.progress.at(done, total).is_break() {
            return Err(IngestError::Cancelled);
        }
        Ok(())
    }

    /// A refusal of this file.
    pub fn refusal(
        &self,
        code: Code,
        line: Option<u64>,
        fr: impl Into<String>,
        en: impl Into<String>,
    ) -> IngestError {
        IngestError::refused(&self.name, code, line, fr, en)
    }

    /// A failure of the store of rows.
    pub fn sink_error(&self, source: crate::rows::SinkError) -> IngestError {
        IngestError::Sink { name: self.name.clone(), source }
    }

    /// A failure to read the file: damaged compression is a refusal, the rest is [`IngestError::Io`].
    pub fn read_error(&self, source: std::io::Error) -> IngestError {
        crate::source::read_error(&self.name, source)
    }

    /// Closes the reading: the report of an event file.
    pub fn event_report(&mut self, rows_read: u64, stats: RowStats) -> EventReport {
        EventReport {
            rows_read,
            accepted: stats.accepted,
            quarantined: self.refused,
            ignored: stats.ignored,
            date_only: stats.date_only,
            activities: u64::try_from(stats.activities.len()).unwrap_or(u64::MAX),
            resources: u64::try_from(stats.resources.len()).unwrap_or(u64::MAX),
            first: stats.first,
            last: stats.last,
            findings: std::mem::take(&mut self.findings).finish(),
            notes: std::mem::take(&mut self.notes),
        }
    }
}

/// What was read from an event file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventReport {
    /// Rows (events) of the file, title rows and header left out.
    pub rows_read: u64,
    /// Rows sent to the sink.
    pub accepted: u64,
    /// Rows sent to quarantine.
    pub quarantined: u64,
    /// Rows of ignored activities.
    pub ignored: u64,
    /// Rows whose instant is a civil day.
    pub date_only: u64,
    /// Distinct activities accepted.
    pub activities: u64,
    /// Distinct people or machines accepted.
    pub resources: u64,
    /// Earliest instant of any kind, µs since 1970 UTC.
    pub first: Option<i64>,
    /// Latest instant of any kind.
    pub last: Option<i64>,
    /// What a person should know.
    pub findings: Vec<Finding>,
    /// Remarks about the reading as a whole, French then English.
    pub notes: Vec<[String; 2]>,
}
