//! Who has the registry open: locks that the kernel releases when a process dies.

use crate::{Registry, RegistryError};

/// Held while no other process has the registry open; others wait at the door.
///
/// Sweeping orphan files is safe only under it: a file that another process has
/// written but not yet committed looks like an orphan.
#[derive(Debug)]
pub struct Alone {}

impl Registry {
    /// Becomes the only user of the registry, or `None` when another has it open.
    pub async fn try_alone(&self) -> Result<Option<Alone>, RegistryError> {
        Err(RegistryError::unfinished())
    }
}
