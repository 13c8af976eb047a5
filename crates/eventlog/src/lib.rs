//! The columnar event log: its Arrow schema, batches cut at case boundaries,
//! interned names, tasks paired from lifecycle rows, movements, filters, and
//! [`Kernel`], the shape every measure over the log takes.

pub mod batch;
pub mod filter;
pub mod intern;
pub mod kernel;
pub mod lifecycle;
pub mod movement;
pub mod reading;
pub mod schema;
pub mod tasks;
pub mod variant;

pub use batch::{BatchError, CaseRows, EventBatch};
pub use filter::Filter;
pub use intern::Interner;
pub use kernel::Kernel;
pub use lifecycle::LifecycleCheck;
pub use movement::{Dimensions, Movement, MovementKind};
pub use reading::{Rows, Step};
pub use schema::{Columns, Precision};
pub use tasks::{Lifecycle, Pairing, Task, pair_tasks};
pub use variant::VariantId;
