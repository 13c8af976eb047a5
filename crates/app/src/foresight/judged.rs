//! How good forecasts of a series were when the same question was asked of its past, and what
//! named things do to it.

use std::collections::HashMap;

use eclusier_calendar::{HolidayZone, holidays};
use eclusier_core::Grain;
use eclusier_forecast::{
    Candidate, Forecast,
    regression::{Form, Kind, NamedEffect},
};

use super::{
    Range,
    arrivals::{LEVELS, Said},
};
use crate::series::method_words;

/// How good the forecasts of a grain were.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// Length of a step.
    pub grain: Grain,
    /// Steps ahead.
    pub horizon: usize,
    /// Moments of the past at which the question was asked.
    pub moments: usize,
    /// Methods and their shares, largest first.
    pub methods: Vec<(Candidate, f64)>,
    /// Mean absolute error, in units of that of the seasonal naive forecast in the history.
    pub mase: Option<f64>,
    /// The same of the seasonal naive forecast.
    pub naive_mase: Option<f64>,
    /// Mean absolute error over mean arrivals.
    pub wape: Option<f64>,
    /// Mean error over mean arrivals: above zero, more was said than came.
    pub bias: Option<f64>,
    /// Share of values inside each band.
    pub coverage: Vec<(f64, Option<f64>)>,
    /// Whether the seasonal naive forecast is used for being as good and simpler.
    pub naive_kept: bool,
}

impl Accuracy {
    /// Reads the backtest of one answer of a grain.
    pub(super) fn of(grain: Grain, said: &Said, answer: &Forecast) -> Self {
        let backtest = &answer.backtest;
        let (mut error, mut signed, mut came, mut n) = (0.0, 0.0, 0.0, 0usize);
        for trial in &backtest.trials {
            let start = said.history.len().saturating_sub(trial.back);
            let truth = said.history.get(start..).unwrap_or_default();
            for (y, f) in truth.iter().zip(&trial.mean).filter(|(y, _)| y.is_finite()) {
                error += (y - f).abs();
                signed += f - y;
                came += y.abs();
                n += 1;
            }
        }
        let share = |sum: f64| (n > 0 && came > 0.0).then(|| sum / came);
        Self {
            grain,
            horizon: answer.mean.len(),
            moments: backtest.moments,
            methods: backtest.weights.clone(),
            mase: backtest.mase,
            naive_mase: backtest.naive_mase,
            wape: share(error),
            bias: share(signed),
            coverage: LEVELS.iter().copied().zip(backtest.coverage.iter().copied()).collect(),
            naive_kept: backtest.naive_kept,
        }
    }

    /// Error of the seasonal naive forecast over mean arrivals.
    pub fn naive_wape(&self) -> Option<f64> {
        Some(self.wape? * self.naive_mase? / self.mase.filter(|m| *m > 0.0)?)
    }

    /// The method that counts most, in words.
    pub fn method(&self) -> Option<[String; 2]> {
        self.methods.first().map(|(candidate, _)| method_words(candidate))
    }
}

/// What something named does to arrivals.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Stable name: its kind, then itself.
    pub id: String,
    /// Name shown, French then English.
    pub name: [String; 2],
    /// Steps of the past that showed it.
    pub occurrences: usize,
    /// A share of usual arrivals, or items a day.
    pub size: f64,
    /// Where it lies, nineteen times in twenty.
    pub range: Range,
    /// Whether it is a share.
    pub is_share: bool,
}

/// Effects worth telling: seen, or expected by somebody; the largest first.
pub(super) fn effects(named: &[NamedEffect]) -> Vec<Effect> {
    let words = holiday_words();
    let mut effects: Vec<Effect> = named
        .iter()
        // What was never seen is told only where somebody expects it.
        .filter(|e| e.occurrences > 0 || matches!(e.kind, Kind::Campaign | Kind::Shock))
        .map(|e| Effect {
            id: format!("{}:{}", kind_name(e.kind), e.name),
            name: effect_words(&e.name, &words),
            occurrences: e.occurrences,
            size: e.size,
            range: Range { low: e.low, high: e.high },
            is_share: e.form == Form::Multiplicative,
        })
        .collect();
    effects.sort_by(|a, b| b.size.abs().total_cmp(&a.size.abs()));
    effects
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Holiday => "holiday",
        Kind::NearHoliday => "near_holiday",
        Kind::Closure => "closure",
        Kind::School => "school",
        Kind::Month => "month",
        Kind::WorkedDays => "worked_days",
        Kind::Yearly => "yearly",
        Kind::Campaign => "campaign",
        Kind::Shock => "shock",
        Kind::Other => "other",
    }
}

/// French names of holidays by their English ones.
fn holiday_words() -> HashMap<&'static str, &'static str> {
    HolidayZone::ALL
        .iter()
        .flat_map(|zone| holidays(*zone, 2024))
        .map(|h| (h.name_en, h.name_fr))
        .collect()
}

/// Names of effects that are no holiday, English then French.
const WORDS: &[(&str, &str)] = &[
    ("holiday", "Jour férié (tous)"),
    ("bridge", "Pont"),
    ("eve of a holiday", "Veille de jour férié"),
    ("day after a holiday", "Lendemain de jour férié"),
    ("closure", "Fermeture"),
    ("first worked days of the month", "Premiers jours ouvrés du mois"),
    ("last worked days of the month", "Derniers jours ouvrés du mois"),
    ("middle of the month", "Milieu du mois"),
    ("worked days", "Nombre de jours ouvrés"),
    ("days of the month", "Nombre de jours du mois"),
    ("holidays in it", "Jours fériés de la période"),
    ("Autumn holidays", "Vacances de la Toussaint"),
    ("Christmas holidays", "Vacances de Noël"),
    ("Winter holidays", "Vacances d’hiver"),
    ("Spring holidays", "Vacances de printemps"),
    ("Ascension bridge", "Pont de l’Ascension"),
    ("Summer holidays", "Vacances d’été"),
];

/// Thirds of a campaign, English then French.
const THIRDS: &[(&str, &str)] = &[("start", "début"), ("body", "milieu"), ("tail", "fin")];

fn effect_words(name: &str, holidays: &HashMap<&'static str, &'static str>) -> [String; 2] {
    if let Some((_, fr)) = WORDS.iter().find(|(en, _)| *en == name) {
        let mut en = name.to_owned();
        if let Some(first) = en.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        return [(*fr).to_owned(), en];
    }
    if let Some(fr) = holidays.get(name) {
        return [(*fr).to_owned(), name.to_owned()];
    }
    if let Some((campaign, third)) = name.rsplit_once(", ")
        && let Some((en, fr)) = THIRDS.iter().find(|(en, _)| *en == third)
    {
        return [format!("{campaign}, {fr}"), format!("{campaign}, {en}")];
    }
    [name.to_owned(), name.to_owned()]
}
