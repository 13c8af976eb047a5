//! Dated rules of each process: every text ever saved is kept.

use eclusier_core::{DatedRules, ProcessId, ProcessRules};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Registry, RegistryError};

/// The rules that hold from a day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfigVersion {
    /// First day of validity; the next version ends it.
    pub from: Date,
    /// Number of the save that made it, growing with time over all processes.
    pub revision: i64,
    /// The rules.
    pub rules: ProcessRules,
    /// Who saved them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One save or removal of rules, whatever came after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigChange {
    /// Number, growing with time over all processes.
    pub revision: i64,
    /// First day of validity of the version changed.
    pub from: Date,
    /// Text saved; `None` when the version was removed.
    pub toml: Option<String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// The versions of the rules of a process, by first day.
    pub async fn config_versions(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ConfigVersion>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }

    /// The same as they stood at a revision: what a closed period was computed with.
    pub async fn config_as_of(
        &self,
        process: &ProcessId,
        revision: i64,
    ) -> Result<Vec<ConfigVersion>, RegistryError> {
        let _ = (process, revision);
        Err(RegistryError::unfinished())
    }

    /// The rules in force on a day; `None` when no version has begun by then.
    pub async fn rules_on(
        &self,
        process: &ProcessId,
        day: Date,
    ) -> Result<Option<DatedRules>, RegistryError> {
        let _ = (process, day);
        Err(RegistryError::unfinished())
    }

    /// Saves the rules that hold from a day on; refused when [`ProcessRules::check`] finds a problem.
    ///
    /// Returns the revision; saving the text already in force changes nothing and
    /// returns its revision.
    pub async fn put_config(
        &self,
        process: &ProcessId,
        from: Date,
        rules: &ProcessRules,
        by: &str,
        at: Timestamp,
    ) -> Result<i64, RegistryError> {
        let _ = (process, from, rules, by, at);
        Err(RegistryError::unfinished())
    }

    /// Removes the version that begins that day; `false` when there is none.
    pub async fn remove_config(
        &self,
        process: &ProcessId,
        from: Date,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, RegistryError> {
        let _ = (process, from, by, at);
        Err(RegistryError::unfinished())
    }

    /// Every save and removal, oldest first.
    pub async fn config_history(
        &self,
        process: &ProcessId,
    ) -> Result<Vec<ConfigChange>, RegistryError> {
        let _ = process;
        Err(RegistryError::unfinished())
    }
}
