//! Whether the work will be done in time: stock and delay carried forward from arrivals and
//! planned capacity. No file is read here and no clock is looked at.

pub mod projection;

pub use projection::{
    Back, CapacityError, PeriodSaid, Projected, Queue, Spread, Watched, needed, project,
};
