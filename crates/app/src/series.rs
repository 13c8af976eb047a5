//! Forecasts of series given as a file, in the long format of the field.

use std::path::PathBuf;

use eclusier_core::Grain;
use eclusier_forecast::{Candidate, Forecast, NoForecast, Question, forecast, models::Model};
use eclusier_ingest::{
    Limits,
    series::{Series, SeriesFile, Step, read_series},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    App,
    error::{AppError, AppResult},
    figures::Selection,
    foresight::Asked,
};

/// What is asked of a file.
#[derive(Debug, Clone)]
pub struct SeriesQuestion {
    /// The file: `unique_id,ds,y`.
    pub path: PathBuf,
    /// Steps ahead.
    pub horizon: usize,
    /// Length of a step (`D`, `W`, `M`, `H`…); told by the moments of the file when absent.
    pub freq: Option<String>,
    /// Shortest season in steps; those usual for the step when absent.
    pub season: Option<usize>,
    /// Levels of the bands, in percent.
    pub levels: Vec<f64>,
}

/// The answer: a row for each step ahead of each series, and what the backtest says.
#[derive(Debug, Clone)]
pub struct SeriesAnswer {
    /// `unique_id`, `ds`, `mean`, then the ends of each band.
    pub rows: Vec<Map<String, Value>>,
    /// What is known of the quality of each series.
    pub report: SeriesReport,
}

/// What the backtest says of a file.
#[derive(Debug, Clone, Serialize)]
pub struct SeriesReport {
    /// Steps ahead.
    pub horizon: usize,
    /// Seasons in steps.
    pub seasons: Vec<usize>,
    /// A row for each series.
    pub series: Vec<Map<String, Value>>,
}

/// Steps ahead at most: more would be a mistake in the command.
const MOST_AHEAD: usize = 10_000;

/// Reads the file and forecasts each of its series.
pub fn forecast_file(asked: &SeriesQuestion) -> AppResult<SeriesAnswer> {
    if asked.horizon == 0 || asked.horizon > MOST_AHEAD {
        return Err(AppError::invalid(
            "horizon",
            format!("de 1 à {MOST_AHEAD} pas"),
            format!("from 1 to {MOST_AHEAD} steps"),
        ));
    }
    if asked.levels.iter().any(|l| !(*l > 0.0 && *l < 100.0)) {
        return Err(AppError::invalid(
            "level",
            "des niveaux entre 0 et 100, par exemple 80,95",
            "levels between 0 and 100, for example 80,95",
        ));
    }
    let step = match asked.freq.as_deref() {
        None => None,
        Some(text) => Some(Step::read(text).ok_or_else(|| {
            AppError::invalid(
                "freq",
                format!("«\u{a0}{text}\u{a0}» n’est pas un pas\u{a0}: D, W, M, Q, Y, H, B, 30min…"),
                format!("\"{text}\" is not a step: D, W, M, Q, Y, H, B, 30min…"),
            )
        })?),
    };
    let name = asked.path.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let file = read_series(&asked.path, &name, step, Limits::default())?;
    let seasons = seasons(asked.season, &file);
    let question = Question {
        horizon: asked.horizon,
        seasons: seasons.clone(),
        levels: asked.levels.iter().map(|l| l / 100.0).collect(),
    };
    let values: Vec<Vec<f64>> = file.series.iter().map(|s| s.values.clone()).collect();
    let found = forecast(&values, &question);
    let mut rows = Vec::with_capacity(found.len() * asked.horizon);
    let mut series = Vec::with_capacity(found.len());
    for (own, found) in file.series.iter().zip(&found) {
        if let Ok(found) = found {
            rows.extend(told(&file, own, found, &asked.levels));
        }
        series.push(reported(own, found, &asked.levels));
    }
    if rows.is_empty() {
        let why = found.iter().find_map(|f| f.as_ref().err().copied());
        let [fr, en] = why_none(why.unwrap_or(NoForecast::TooShort));
        return Err(AppError::Refused {
            code: "no_forecast".into(),
            fr: format!("aucune série ne peut être prévue\u{a0}: {fr}"),
            en: format!("no series can be forecast: {en}"),
        });
    }
    let report = SeriesReport { horizon: asked.horizon, seasons, series };
    Ok(SeriesAnswer { rows, report })
}

impl App {
    /// Arrivals to come of each process of a selection, in the same form: the very figures of
    /// the screen, at most twelve months ahead.
    pub async fn forecast_ledger(
        &self,
        selection: &Selection,
        horizon: usize,
        freq: Option<&str>,
        season: Option<usize>,
        levels: &[f64],
    ) -> AppResult<SeriesAnswer> {
        let grain = match freq.map(str::to_ascii_uppercase).as_deref() {
            Some("D" | "1D") => Grain::Day,
            None | Some("W" | "1W") => Grain::Week,
            Some("M" | "1M" | "MS" | "ME") => Grain::Month,
            Some(other) => {
                return Err(AppError::invalid(
                    "freq",
                    format!("«\u{a0}{other}\u{a0}» n’est pas un pas du registre\u{a0}: D, W ou M"),
                    format!("\"{other}\" is not a step of the ledger: D, W or M"),
                ));
            }
        };
        if season.is_some() {
            return Err(AppError::invalid(
                "season",
                "la saison se choisit pour un fichier de séries\u{a0}; celles du registre sont connues",
                "the season is chosen for a file of series; those of the ledger are known",
            ));
        }
        let known: Option<Vec<usize>> =
            levels.iter().map(|l| [80.0, 95.0].iter().position(|k| k == l)).collect();
        let Some(bands) = known else {
            return Err(AppError::invalid(
                "level",
                "80 et 95 pour les arrivées du registre",
                "80 and 95 for the arrivals of the ledger",
            ));
        };
        let processes = match &selection.process {
            Some(one) => vec![one.clone()],
            None => self.process_ids().await?,
        };
        let asked = Asked { grain, months: 12, ..Asked::default() };
        let (mut rows, mut series) = (Vec::new(), Vec::new());
        let mut first_why = None;
        for process in processes {
            let own = Selection { process: Some(process.clone()), ..selection.clone() };
            let told = self.foresee(&own, &asked).await?;
            let id = process.to_string();
            let short = (told.next.len() < horizon || horizon == 0) && told.reason.is_none();
            if short {
                let most = told.next.len();
                return Err(AppError::invalid(
                    "horizon",
                    format!("de 1 à {most} pas\u{a0}: douze mois au plus"),
                    format!("from 1 to {most} steps: twelve months at most"),
                ));
            }
            for step in told.next.iter().take(horizon) {
                let mut row = Map::new();
                row.insert("unique_id".into(), id.clone().into());
                row.insert("ds".into(), step.from.to_string().into());
                row.insert("mean".into(), step.mean.into());
                for (level, at) in levels.iter().zip(&bands) {
                    let band = step.bands.get(*at);
                    row.insert(format!("lo-{level}"), json!(band.map(|b| b.low)));
                    row.insert(format!("hi-{level}"), json!(band.map(|b| b.high)));
                }
                rows.push(row);
            }
            let mut row = Map::new();
            row.insert("unique_id".into(), id.into());
            row.insert("refused".into(), json!(told.reason.as_ref().map(|r| &r[1])));
            if let Some(judged) = told.accuracy.first() {
                let method = match judged.methods.as_slice() {
                    [(only, _)] => method_name(only),
                    _ => "combination".to_owned(),
                };
                row.insert("method".into(), method.into());
                row.insert("moments".into(), judged.moments.into());
                row.insert("mase".into(), json!(judged.mase));
                row.insert("naive_mase".into(), json!(judged.naive_mase));
                row.insert("wape".into(), json!(judged.wape));
                for (level, at) in levels.iter().zip(&bands) {
                    let held = judged.coverage.get(*at).and_then(|c| c.1);
                    row.insert(format!("coverage-{level}"), json!(held));
                }
            }
            first_why = first_why.or(told.reason);
            series.push(row);
        }
        if rows.is_empty() {
            let [fr, en] = first_why.unwrap_or_else(|| why_none(NoForecast::TooShort));
            return Err(AppError::Refused {
                code: "no_forecast".into(),
                fr: format!("rien ne peut être prévu\u{a0}: {fr}"),
                en: format!("nothing can be forecast: {en}"),
            });
        }
        let seasons = match grain {
            Grain::Day => vec![7, 364],
            Grain::Week => vec![52],
            Grain::Month => vec![12],
        };
        Ok(SeriesAnswer { rows, report: SeriesReport { horizon, seasons, series } })
    }
}

/// The season asked for and the longer usual ones that hold it whole; those usual for the
/// step when none is asked for.
fn seasons(asked: Option<usize>, file: &SeriesFile) -> Vec<usize> {
    let usual = file.step.seasons();
    match asked {
        None => usual,
        Some(0 | 1) => Vec::new(),
        Some(season) => {
            let longer = usual.into_iter().filter(|s| *s > season && s % season == 0);
            std::iter::once(season).chain(longer).collect()
        }
    }
}

fn told<'a>(
    file: &'a SeriesFile,
    series: &'a Series,
    found: &'a Forecast,
    levels: &'a [f64],
) -> impl Iterator<Item = Map<String, Value>> + 'a {
    found.mean.iter().enumerate().map(move |(at, mean)| {
        let mut row = Map::new();
        row.insert("unique_id".into(), series.id.clone().into());
        row.insert("ds".into(), file.moment(series, at + 1).into());
        row.insert("mean".into(), (*mean).into());
        for (level, band) in levels.iter().zip(&found.bands) {
            row.insert(format!("lo-{level}"), json!(band.low.get(at)));
            row.insert(format!("hi-{level}"), json!(band.high.get(at)));
        }
        row
    })
}

fn reported(
    series: &Series,
    found: &Result<Forecast, NoForecast>,
    levels: &[f64],
) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("unique_id".into(), series.id.clone().into());
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            row.insert("refused".into(), why.to_string().into());
            return row;
        }
    };
    let own = &found.backtest;
    let method = match own.weights.as_slice() {
        [(only, _)] => method_name(only),
        _ => "combination".to_owned(),
    };
    row.insert("refused".into(), Value::Null);
    row.insert("method".into(), method.into());
    row.insert("moments".into(), own.moments.into());
    row.insert("mase".into(), json!(own.mase));
    row.insert("naive_mase".into(), json!(own.naive_mase));
    row.insert("smape".into(), json!(own.smape));
    for (level, share) in levels.iter().zip(&own.coverage) {
        row.insert(format!("coverage-{level}"), json!(share));
    }
    let parts = own.weights.iter().map(|(c, w)| json!({"method": method_name(c), "share": w}));
    row.insert("parts".into(), parts.collect::<Vec<_>>().into());
    row
}

/// The stable name of a candidate.
pub fn method_name(candidate: &Candidate) -> String {
    match *candidate {
        Candidate::Naive => "naive".into(),
        Candidate::SeasonalNaive { season } => format!("seasonal_naive_{season}"),
        Candidate::SeasonalLevel { season } => format!("seasonal_level_{season}"),
        Candidate::SeasonalMean { season } => format!("seasonal_mean_{season}"),
        Candidate::SeasonalMeanLevel { season } => format!("seasonal_mean_level_{season}"),
        Candidate::Local { model, seasons } => {
            let model = serde_json::to_value(model).unwrap_or_default();
            format!("{}_{seasons}", model.as_str().unwrap_or_default())
        }
        Candidate::Pooled { scale, lags } => {
            let scale = serde_json::to_value(scale).unwrap_or_default();
            format!("pooled_{}_{lags}", scale.as_str().unwrap_or_default())
        }
    }
}

/// A candidate in words, French then English.
pub fn method_words(candidate: &Candidate) -> [String; 2] {
    let [fr, en] = match *candidate {
        Candidate::Naive => ["Dernière valeur", "Last value"],
        Candidate::SeasonalNaive { .. } => [
            "Naïve saisonnière (même saison, dernière fois)",
            "Seasonal naive (same season, last time)",
        ],
        Candidate::SeasonalLevel { .. } => {
            ["Dernière saison, au niveau actuel", "Last season, at the present level"]
        }
        Candidate::SeasonalMean { .. } => {
            ["Moyenne des quatre dernières saisons", "Mean of the last four seasons"]
        }
        Candidate::SeasonalMeanLevel { .. } => [
            "Quatre dernières saisons, au niveau actuel",
            "Last four seasons, at the present level",
        ],
        Candidate::Local { model, .. } => match model {
            Model::Last => ["Dernière valeur, hors saison", "Last value, season apart"],
            Model::Mean => ["Moyenne de l’historique", "Mean of the history"],
            Model::RecentMean => ["Moyenne récente", "Recent mean"],
            Model::Smoothing => ["Lissage exponentiel simple", "Simple exponential smoothing"],
            Model::DampedTrend => ["Lissage à tendance amortie", "Damped trend smoothing"],
            Model::ExponentialSmoothing => {
                ["Lissage exponentiel saisonnier", "Seasonal exponential smoothing"]
            }
            Model::Theta => ["Méthode Theta", "Theta method"],
            Model::DynamicTheta => ["Theta dynamique optimisée", "Optimised dynamic Theta"],
            Model::Autoregression => ["Autorégression", "Autoregression"],
            Model::StationaryAutoregression => {
                ["Autorégression autour de la moyenne", "Autoregression about the mean"]
            }
            Model::Decomposition => {
                ["Décomposition en saisons et tendance", "Decomposition in seasons and trend"]
            }
            Model::Intermittent => ["Demande intermittente", "Intermittent demand"],
            Model::Croston => ["Croston sans biais", "Croston without bias"],
        },
        Candidate::Pooled { .. } => [
            "Régression apprise sur les séries ensemble",
            "Regression learned over the series together",
        ],
    };
    [fr.to_owned(), en.to_owned()]
}

pub(crate) fn why_none(why: NoForecast) -> [String; 2] {
    let fr = match why {
        NoForecast::TooShort => "moins de trois valeurs connues",
        NoForecast::TooLarge => "une valeur est trop grande pour être comptée",
    };
    [fr.into(), why.to_string()]
}
