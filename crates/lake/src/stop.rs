//! Asking long work to stop, and hearing how far it is.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::LakeError;

/// What long work is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Sorting and writing the rows of a delivery.
    Writing,
    /// Looking for cases that continue from earlier deliveries.
    Joining,
    /// Rewriting the partitions concerned.
    Merging,
    /// Folding files into a measure.
    Reading,
    /// Checking files.
    Verifying,
}

type Listener = dyn Fn(Step, u64, u64) + Send + Sync;

/// A switch shared with long work. Cloning shares the switch.
#[derive(Clone, Default)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    listener: Option<Arc<Listener>>,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("asked", &self.is_asked()).finish_non_exhaustive()
    }
}

impl Stop {
    /// A switch nobody has turned, heard by nobody.
    pub fn never() -> Self {
        Self::default()
    }

    /// A switch whose work tells `listener` its step, and done and total units (0 when unknown).
    pub fn with_progress(listener: impl Fn(Step, u64, u64) + Send + Sync + 'static) -> Self {
        Self { asked: Arc::default(), listener: Some(Arc::new(listener)) }
    }

    /// Asks the work to stop as soon as it can.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Fails once asked.
    pub(crate) fn check(&self) -> Result<(), LakeError> {
        if self.is_asked() { Err(LakeError::Stopped) } else { Ok(()) }
    }

    /// Tells how far, and fails once asked.
    pub(crate) fn at(&self, step: Step, done: u64, total: u64) -> Result<(), LakeError> {
        if let Some(listener) = &self.listener {
            listener(step, done, total);
        }
        self.check()
    }
}
