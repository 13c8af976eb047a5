//! What a workshop writes about a process: causes, steps, target state.

use eclusier_core::{Permission, ProcessId};
use eclusier_registry::WorkshopRecord;

use crate::{
    App,
    error::{AppError, AppResult},
};

/// Largest content kept, bytes.
const MOST: usize = 1 << 20;

impl App {
    /// What was written about a process.
    pub async fn workshop(&self, process: &ProcessId) -> AppResult<Option<WorkshopRecord>> {
        self.reach(Permission::LogRead, process)?;
        Ok(self.inner.registry.workshop(process).await?)
    }

    /// Replaces what was written since version `seen`; gives the new version.
    pub async fn put_workshop(
        &self,
        process: &ProcessId,
        content: &str,
        seen: i64,
    ) -> AppResult<i64> {
        self.require_process(Permission::WorkshopWrite, process)?;
        self.live(process).await?;
        if content.len() > MOST {
            return Err(AppError::invalid(
                "content",
                "un atelier tient en 1 Mio : raccourcir les textes",
                "a workshop fits in 1 MiB: shorten the texts",
            ));
        }
        let version = self
            .inner
            .registry
            .put_workshop(process, content, seen, &self.actor(), self.now())
            .await?;
        self.tell(crate::Change::Process { process: process.to_string() });
        Ok(version)
    }
}
