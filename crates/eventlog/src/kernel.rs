//! The shape of a measure: fold one partition, merge partials, finish.
//!
//! Partials serialise, so the same kernel runs over threads today and over the
//! workers of a cluster when one machine is outgrown. Merging happens in the
//! order of the partitions whatever the number of threads, so floating sums
//! replay to the last bit.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Columns, EventBatch};

/// A measure over the event log.
pub trait Kernel: Sync {
    /// What is known after some partitions.
    type Partial: Default + Send + Serialize + DeserializeOwned;
    /// The answer.
    type Output;

    /// Columns the fold reads beside case, activity, time and precision.
    fn columns(&self) -> Columns;

    /// Adds one batch of whole cases.
    fn fold(&self, partial: &mut Self::Partial, batch: &EventBatch);

    /// Adds what a later partition found.
    fn merge(&self, into: &mut Self::Partial, other: Self::Partial);

    /// Turns everything seen into the answer.
    fn finish(&self, partial: Self::Partial) -> Self::Output;
}
