//! Settings of the body, and control totals typed by a person.

use eclusier_core::ProcessId;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// Settings of the body as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Body {
    /// Name shown on screen.
    pub name: String,
    /// Zone of new processes (IANA).
    pub zone: String,
    /// Holiday zone of new processes.
    pub calendar: String,
}

impl Default for Body {
    fn default() -> Self {
        Self { name: String::new(), zone: "Europe/Paris".into(), calendar: "metropole".into() }
    }
}

/// The stock the source tool shows at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotal {
    /// Day.
    pub date: Date,
    /// Stock shown by the source tool.
    pub stock: i64,
    /// Who typed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// Settings of the body, the defaults when never saved.
    pub async fn body(&self) -> Result<Body, RegistryError> {
        Err(RegistryError::unfinished())
    }

    /// Saves the settings of the body.
    pub async fn put_body(
        &self,
        body: &Body,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let _ = (body, by, at);
        Err(RegistryError::unfinished())
    }

    /// A setting kept as JSON under a key of the caller.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, RegistryError> {
        let _ = key;
        Err(RegistryError::unfinished())
    }

    /// Saves a setting as JSON.
    pub async fn put_setting(
        &self,
        key: &str,
        json: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let _ = (key, json, by, at);
        Err(RegistryError::unfinished())
    }

    /// Control totals of a process, by day.
    pub async fn control_totals(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ControlTotal>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// Types or corrects the control total of a day.
    pub async fn put_control_total(
        &self,
        process: &ProcessId,
        date: Date,
        stock: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let _ = (process, date, stock, by, at);
        Err(RegistryError::unfinished())
    }

    /// Removes the control total of a day; `false` when there is none.
    pub async fn delete_control_total(
        &self,
        process: &ProcessId,
        date: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let _ = (process, date, by, at);
        Err(RegistryError::unfinished())
    }
}
