//! *Données*: uploads, previews, imports, jobs, typed counts, control totals.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Text;

/// A column of the file and the role proposed for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnDto {
    /// Name in the header.
    pub name: String,
    /// Role proposed: `case`, `activity`, `time`, `start`, `resource`, `lifecycle`, `org`, `unit`, `product`,
    /// `channel`, `attribute`, `ignored`; for counts `date`, `arrivals`, `settled_human`, `settled_auto`,
    /// `cancelled`, `transferred`, `reopened`, `corrections`, `stock`, `kind`, `value`.
    pub role: String,
    /// What the values look like: `text`, `number`, `date`, `instant`, `boolean`, `empty`.
    pub looks_like: String,
    /// First values; identifiers of people are masked.
    pub samples: Vec<String>,
    /// Confidence of the role, 0 to 1.
    pub confidence: f64,
}

/// A question the program cannot answer alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuestionDto {
    /// Stable code.
    pub code: String,
    /// Role or mapping key the answer fills (`case`, `decimal`, `object_type`).
    pub key: String,
    /// Column concerned.
    pub column: Option<String>,
    /// The question.
    pub text: Text,
    /// Possible answers.
    pub choices: Vec<ChoiceDto>,
}

/// A possible answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChoiceDto {
    /// Value to put in the mapping.
    pub value: String,
    /// Label.
    pub text: Text,
}

/// What detection found; `mapping` is what the import will use unless corrected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PreviewDto {
    /// Upload the preview describes.
    pub upload: String,
    /// File name.
    pub file: String,
    /// Bytes.
    pub bytes: u64,
    /// `csv`, `xlsx`, `ods`, `xes`, `ocel_json`, `ocel_xml`, `ocel_sqlite`, `parquet`.
    pub format: String,
    /// `events`, `counts`, `contacts`, `staff`.
    pub kind: String,
    /// Encoding.
    pub encoding: Option<String>,
    /// Separator.
    pub separator: Option<String>,
    /// Date format found.
    pub dates: Option<String>,
    /// Sheets of a spreadsheet.
    pub sheets: Vec<String>,
    /// Sheet read.
    pub sheet: Option<String>,
    /// Object types of an object-centric log.
    pub object_types: Vec<String>,
    /// Columns.
    pub columns: Vec<ColumnDto>,
    /// First rows, by column.
    pub rows: Vec<Vec<String>>,
    /// Questions to answer before importing.
    pub questions: Vec<QuestionDto>,
    /// Things to know.
    pub findings: Vec<FindingDto>,
    /// Mapping proposed (TOML).
    pub mapping: String,
    /// Process id proposed.
    pub process: String,
    /// Name of the saved mapping recognised, if any.
    pub known_mapping: Option<String>,
}

/// One finding of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingDto {
    /// Line, 1-based; `null` when it concerns the whole.
    pub line: Option<u64>,
    /// Column.
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// The message in the language asked.
    pub message: String,
    /// How many rows it concerns.
    pub count: u64,
    /// The message in both languages.
    pub text: Text,
}

/// Result of importing one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportReportDto {
    /// `committed`, `unchanged`, `dry_run`, `refused`, `choice_needed`.
    pub status: String,
    /// Import number, when committed.
    pub id: Option<i64>,
    /// File name.
    pub file: String,
    /// Process.
    pub process: String,
    /// `events`, `counts`…
    pub kind: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows read.
    pub rows_read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows already delivered before.
    pub duplicates: u64,
    /// Rows that `--replace` removed.
    pub replaced: u64,
    /// Cases in the delivery.
    pub cases: u64,
    /// Accepted event rows.
    pub events: u64,
    /// Distinct activities.
    pub activities: u64,
    /// Distinct resources.
    pub resources: u64,
    /// Earliest instant.
    pub first: Option<String>,
    /// Latest instant.
    pub last: Option<String>,
    /// Findings.
    pub findings: Vec<FindingDto>,
    /// Whether a quarantine file can be downloaded.
    pub quarantine: bool,
    /// Version of the data after the import.
    pub snapshot: Option<i64>,
    /// What to do, when refused or when a choice is needed.
    pub message: Option<Text>,
}

/// One line of the import history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportDto {
    /// Number.
    pub id: i64,
    /// Process.
    pub process: String,
    /// `events`, `counts`, `staff`, `typed`.
    pub kind: String,
    /// File name.
    pub file: String,
    /// `committed` or `undone`.
    pub status: String,
    /// When.
    pub at: String,
    /// Who asked (an account later; `local` now).
    pub by: String,
    /// SHA-256.
    pub sha256: String,
    /// Rows read.
    pub rows_read: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Rows already delivered.
    pub duplicates: u64,
    /// Rows replaced.
    pub replaced: u64,
    /// Cases.
    pub cases: u64,
    /// Earliest instant.
    pub first: Option<String>,
    /// Latest instant.
    pub last: Option<String>,
    /// Whether a quarantine file can be downloaded.
    pub quarantine: bool,
    /// Version after the import.
    pub snapshot: Option<i64>,
}

/// What to import from an upload.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImportRequest {
    /// Process id.
    pub process: String,
    /// Name shown for a new process.
    #[serde(default)]
    pub label: Option<String>,
    /// Organisation of every row, when the file has none.
    #[serde(default)]
    pub org: Option<String>,
    /// `events`, `counts`, `staff`; detected when absent.
    #[serde(default)]
    pub kind: Option<String>,
    /// Mapping (TOML) corrected by the person; detected when absent.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Zone of instants without offset.
    #[serde(default)]
    pub zone: Option<String>,
    /// Activities to leave out.
    #[serde(default)]
    pub ignore_activities: Vec<String>,
    /// Period replaced, `2025-01-01..2025-01-31`.
    #[serde(default)]
    pub replace: Option<String>,
    /// Only report.
    #[serde(default)]
    pub dry_run: bool,
    /// Refuse the file if it holds a national identifier.
    #[serde(default)]
    pub strict_nir: bool,
    /// Save the mapping under this name.
    #[serde(default)]
    pub save_mapping_as: Option<String>,
}

/// A background job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobDto {
    /// Id.
    pub id: String,
    /// `import`, `undo`, `demo`, `export`.
    pub kind: String,
    /// `queued`, `running`, `done`, `failed`, `cancelled`, `interrupted`.
    pub status: String,
    /// Work done.
    pub done: u64,
    /// Work in all; 0 when unknown.
    pub total: u64,
    /// What it is doing.
    pub message: Text,
    /// Result of an import.
    pub report: Option<ImportReportDto>,
    /// Why it failed.
    pub problem: Option<crate::Problem>,
    /// Created.
    pub created: String,
    /// Last change.
    pub updated: String,
}

/// A saved mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MappingDto {
    /// Name.
    pub name: String,
    /// Process it imports into.
    pub process: String,
    /// TOML.
    pub toml: String,
    /// Last change.
    pub updated: String,
}

/// Counts typed on screen for one day; `null` leaves a cell as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TypedCountsDto {
    /// Process id.
    pub process: String,
    /// Name for a new process.
    #[serde(default)]
    pub label: Option<String>,
    /// Day, ISO.
    pub day: String,
    /// Organisation.
    #[serde(default)]
    pub org: Option<String>,
    /// Unit.
    #[serde(default)]
    pub unit: Option<String>,
    /// Product.
    #[serde(default)]
    pub product: Option<String>,
    /// Channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// Received.
    #[serde(default)]
    pub arrivals: Option<i64>,
    /// Settled by a person.
    #[serde(default)]
    pub settled_human: Option<i64>,
    /// Settled automatically.
    #[serde(default)]
    pub settled_auto: Option<i64>,
    /// Cancelled.
    #[serde(default)]
    pub cancelled: Option<i64>,
    /// Transferred.
    #[serde(default)]
    pub transferred: Option<i64>,
    /// Reopened.
    #[serde(default)]
    pub reopened: Option<i64>,
    /// Correction, signed.
    #[serde(default)]
    pub corrections: Option<i64>,
    /// Stock at the end of the day.
    #[serde(default)]
    pub stock: Option<i64>,
    /// Why a figure already known is changed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Control total: stock of the source tool against ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ControlTotalDto {
    /// Process id.
    pub process: String,
    /// Day.
    pub day: String,
    /// Stock shown by the source tool.
    pub expected: i64,
    /// Stock computed here; `null` when unknown.
    pub found: Option<i64>,
    /// `expected − found`.
    pub gap: Option<i64>,
}
