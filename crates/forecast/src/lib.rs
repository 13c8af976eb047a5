//! What is coming: arrivals with bands that keep their word, and the date to promise for an
//! open case. No file is read here and no clock is looked at.

pub mod boost;
pub mod combine;
pub mod conformal;
pub mod drivers;
pub mod eta;
pub mod metrics;
pub mod models;
pub mod panel;
pub mod paths;
pub mod pooled;
pub mod reconcile;
pub mod regression;
pub mod shapes;

pub use panel::{Backtest, Band, Candidate, Forecast, NoForecast, Question, forecast};
