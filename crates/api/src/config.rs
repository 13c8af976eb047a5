//! Dated configuration of a process, and the preview of a change.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ClosingRuleDto, FigureDto, Text};

/// A problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigProblemDto {
    /// Key path.
    pub key: String,
    /// What to do.
    pub text: Text,
}

/// One dated version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigVersionDto {
    /// First day of validity, ISO.
    pub from: String,
    /// TOML text.
    pub toml: String,
    /// The same, structured.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
}

/// Configuration of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigDto {
    /// Process id.
    pub process: String,
    /// Versions, oldest first; empty when nothing is configured.
    pub versions: Vec<ConfigVersionDto>,
    /// The rule in force, in words.
    pub closing: Option<ClosingRuleDto>,
    /// Activities known, with how often they end a case.
    pub activities: Vec<ActivityUseDto>,
    /// Problems found.
    pub problems: Vec<ConfigProblemDto>,
}

/// How an activity is used in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActivityUseDto {
    /// Name.
    pub name: String,
    /// Occurrences.
    pub events: u64,
    /// Cases having it.
    pub cases: u64,
    /// Cases it ends.
    pub ends: u64,
    /// Meaning now: `settled`, `settled_auto`, `cancelled`, `transferred`, `hold`, `leave`, `neutral`, `none`.
    pub role: String,
}

/// A configuration to check, preview or store.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ConfigRequest {
    /// First day of validity; the first day known when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// TOML text (wins over `rules`).
    #[serde(default)]
    pub toml: Option<String>,
    /// The rules, structured.
    #[schema(value_type = Option<Object>)]
    #[serde(default)]
    pub rules: Option<serde_json::Value>,
}

/// Effect of a configuration before it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigPreviewDto {
    /// Problems found; storing is refused while there are any.
    pub problems: Vec<ConfigProblemDto>,
    /// The rule in words.
    pub closing: ClosingRuleDto,
    /// Figures now.
    pub before: Vec<FigureDto>,
    /// Figures with the change.
    pub after: Vec<FigureDto>,
}

/// What a sheet of rules says, before anything is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigSheetDto {
    /// The rules in force with the sections of the sheet instead of theirs.
    #[schema(value_type = Object)]
    pub rules: serde_json::Value,
    /// Lines taken, by section.
    pub sections: Vec<ConfigSectionDto>,
    /// Lines that cannot be used (`l. 5, Minutes`), and rules that contradict each other.
    pub problems: Vec<ConfigProblemDto>,
}

/// Lines of one section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigSectionDto {
    /// Section.
    pub name: Text,
    /// Lines.
    pub count: u64,
}
