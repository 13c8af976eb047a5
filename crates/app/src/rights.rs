//! How use cases ask for rights. The decision itself is `eclusier_core::rights`; what is here
//! only turns a refusal into an answer.

use eclusier_core::{Permission, ProcessId, rights::Reach};

use crate::{App, error::AppResult};

impl App {
    /// Refuses unless the holder may do this somewhere.
    pub fn require(&self, permission: Permission) -> AppResult<()> {
        Ok(self.who().require(permission)?)
    }

    /// Refuses unless the holder may do this on everything.
    pub(crate) fn require_all(&self, permission: Permission) -> AppResult<()> {
        Ok(self.who().require_all(permission)?)
    }

    /// Refuses unless the whole process is in reach: what changes it changes it for everybody.
    pub(crate) fn require_process(
        &self,
        permission: Permission,
        process: &ProcessId,
    ) -> AppResult<()> {
        Ok(self.who().require_process(permission, process)?)
    }

    /// The rows of a process in reach.
    pub(crate) fn reach(&self, permission: Permission, process: &ProcessId) -> AppResult<Reach> {
        Ok(self.who().rows(permission, process)?)
    }
}
