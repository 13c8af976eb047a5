//! Types shared by several answers.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Words for a person, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Text {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }
    /// The words of one language.
    pub fn pick(&self, lang: eclusier_core::Lang) -> &str {
        lang.pick(&self.fr, &self.en)
    }
}

impl From<[String; 2]> for Text {
    fn from([fr, en]: [String; 2]) -> Self {
        Self { fr, en }
    }
}

/// A period of civil days, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeriodDto {
    /// First day, ISO.
    pub from: String,
    /// Last day, ISO.
    pub to: String,
}

/// The filter every screen understands; it is the URL's query string.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FilterQuery {
    /// Process id; all when absent.
    pub process: Option<String>,
    /// Organisation.
    pub org: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Channel.
    pub channel: Option<String>,
    /// First day, ISO.
    pub from: Option<String>,
    /// Last day, ISO.
    pub to: Option<String>,
    /// `day`, `week` or `month`.
    pub grain: Option<String>,
    /// Day at whose end states are read, ISO; the extraction day when absent.
    pub as_of: Option<String>,
    /// Dimensions to group by, comma separated: `org,unit,process,product,channel`.
    pub group_by: Option<String>,
}

/// Whether the program can read its own state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthDto {
    /// `ok`.
    pub status: String,
    /// Processes the registry knows.
    pub processes: u64,
}

/// A published figure and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FigureDto {
    /// Stable id (`stock`, `in_time_due`).
    pub id: String,
    /// Name shown to a person.
    pub label: Text,
    /// The number; `null` is unknown or nothing to measure, never 0.
    pub value: Option<f64>,
    /// Numerator of a ratio or mean.
    pub numerator: Option<f64>,
    /// Denominator of a ratio or mean.
    pub denominator: Option<f64>,
    /// `case`, `worked_day`, `calendar_day`, `second`, `ratio`.
    pub unit: String,
    /// Cases or items measured.
    pub n: i64,
    /// Interval of an estimate.
    pub interval: Option<[f64; 2]>,
    /// Formula id and version.
    pub formula_version: String,
    /// The formula in words.
    pub formula: Text,
    /// Period measured.
    pub period: PeriodDto,
    /// Perimeter in words.
    pub perimeter: String,
    /// What was left out, in words.
    pub exclusions: Vec<Text>,
    /// Latest datum read.
    pub fresh_at: Option<String>,
    /// Version of the data read.
    pub snapshot: Option<i64>,
    /// Why the value is absent.
    pub reason: Option<Text>,
    /// Change since the last worked day, when it can be known.
    pub change: Option<f64>,
    /// Query string of the list of cases behind the figure, when there is one.
    pub cases: Option<String>,
}

/// One process as the chips and the palette list it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProcessDto {
    /// Id.
    pub id: String,
    /// Name shown.
    pub label: String,
    /// `events`, `counts` or `both`.
    pub source: String,
    /// Cases known (0 for counts).
    pub cases: u64,
    /// Delivered rows.
    pub events: u64,
    /// First instant known.
    pub first: Option<String>,
    /// Extraction instant: the latest datum.
    pub last: Option<String>,
    /// When the last import was committed.
    pub imported_at: Option<String>,
    /// Whether a delay target is defined.
    pub has_target: bool,
    /// Distinct organisations, for the filter.
    pub orgs: Vec<String>,
    /// Distinct units.
    pub units: Vec<String>,
    /// Distinct products.
    pub products: Vec<String>,
    /// Distinct channels.
    pub channels: Vec<String>,
}

/// What the shell of the web app needs first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusDto {
    /// Version of the program.
    pub version: String,
    /// Name of the body shown in the first chip.
    pub body: String,
    /// Whether the data come from the demonstration generator.
    pub demo: bool,
    /// Processes, by name.
    pub processes: Vec<ProcessDto>,
    /// Instant of the answer.
    pub now: String,
    /// Time zone of the body (`Europe/Paris`).
    pub zone: String,
    /// Last worked day before today, ISO.
    pub last_worked_day: String,
}
