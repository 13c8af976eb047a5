//! Errors over HTTP: RFC 9457 `application/problem+json`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Text;

/// A problem: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable kind, a URN: `urn:eclusier:problem:not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short title, in the language asked.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened and what to do, in the language asked.
    pub detail: String,
    /// The same in both languages.
    pub text: Text,
    /// Field or parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
