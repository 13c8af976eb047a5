//! What is coming: forecasts with bands that keep their word. No file is read here and no
//! clock is looked at.

pub mod combine;
pub mod conformal;
pub mod panel;
pub mod pooled;
pub mod shapes;

pub use panel::{Backtest, Band, Candidate, Forecast, NoForecast, Question, forecast};
