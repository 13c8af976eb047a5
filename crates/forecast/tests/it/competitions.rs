//! Published competitions: the test parts are read for the score alone.

use std::{io::Read, path::PathBuf};

use eclusier_forecast::{Question, forecast};

/// A file of the public data; `None` where they are not, unless they must be.
fn shared(path: &str) -> Option<String> {
    let root = std::env::var_os("ECLUSIER_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join("data").join(path);
    let Ok(file) = std::fs::File::open(&file) else {
        assert!(
            std::env::var_os("ECLUSIER_REQUIRE_SHARED").is_none(),
            "{} is missing",
            file.display()
        );
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

fn wide(path: &str) -> Option<Vec<Vec<f64>>> {
    let text = shared(path)?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let row = |r: csv::StringRecord| r.iter().skip(1).filter_map(|v| v.parse().ok()).collect();
    Some(rows.records().map(|r| row(r.unwrap())).collect())
}

/// Mean sMAPE, mean MASE and coverage of both bands.
fn score(known: &[Vec<f64>], truth: &[Vec<f64>], question: &Question) -> (f64, f64, [f64; 2]) {
    let season = question.seasons[0];
    let found = forecast(known, question);
    let (mut smape, mut mase, mut inside, mut n) = (0.0, 0.0, [0.0; 2], 0.0);
    for ((found, truth), known) in found.iter().zip(truth).zip(known) {
        let found = found.as_ref().unwrap();
        let unit: f64 = known.windows(season + 1).map(|w| (w[season] - w[0]).abs()).sum::<f64>()
            / (known.len() - season) as f64;
        let steps = truth.len() as f64;
        for (h, (y, f)) in truth.iter().zip(&found.mean).enumerate() {
            let both = y.abs() + f.abs();
            smape += if both > 0.0 { 200.0 * (y - f).abs() / both / steps } else { 0.0 };
            mase += (y - f).abs() / unit / steps;
            for (count, band) in inside.iter_mut().zip(&found.bands) {
                *count += f64::from(u8::from(band.low[h] <= *y && *y <= band.high[h]));
            }
            n += 1.0;
        }
    }
    let all = truth.len() as f64;
    (smape / all, mase / all, inside.map(|c| c / n))
}

#[test]
fn m4_hourly_beats_every_entry_and_bands_keep_their_word() {
    let Some(known) = wide("forecast-m4-hourly/Hourly-train.csv.gz") else { return };
    let truth = wide("forecast-m4-hourly/Hourly-test.csv.gz").unwrap();
    let question = Question { horizon: 48, seasons: vec![24, 168], levels: vec![0.8, 0.95] };
    let (smape, mase, inside) = score(&known, &truth, &question);
    // The organisers' Naive2: 18.383 and 2.395; the winner of the competition: 0.440, the best
    // entry: 0.410.
    let owa = 0.5 * (smape / 18.383 + mase / 2.395);
    assert!(owa <= 0.41, "{owa}");
    assert!((inside[0] - 0.80).abs() <= 0.02, "{inside:?}");
    assert!((inside[1] - 0.95).abs() <= 0.02, "{inside:?}");
}

/// Series, their train parts and their test parts.
type Parts = (Vec<Vec<f64>>, Vec<Vec<f64>>);

/// Train and test parts of the monthly series.
fn m3() -> Option<Parts> {
    let text = shared("forecast-m3-monthly/m3_monthly.csv.gz")?;
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let names = rows.headers().unwrap().clone();
    let column = |name: &str| names.iter().position(|n| n == name).unwrap();
    let (train, test) = (column("train"), column("test"));
    let numbers = |text: &str| text.split_whitespace().filter_map(|v| v.parse().ok()).collect();
    let row = |r: csv::StringRecord| (numbers(&r[train]), numbers(&r[test]));
    Some(rows.records().map(|r| row(r.unwrap())).unzip())
}

#[test]
fn m3_monthly_beats_every_entry_and_bands_keep_their_word() {
    let Some((known, truth)) = m3() else { return };
    let question = Question { horizon: 18, seasons: vec![12], levels: vec![0.8, 0.95] };
    let (smape, _, inside) = score(&known, &truth, &question);
    // Theta and ForecastPro, the best entries: 13.89 and 13.90.
    assert!(smape <= 13.7, "{smape}");
    assert!((inside[0] - 0.80).abs() <= 0.02, "{inside:?}");
    assert!((inside[1] - 0.95).abs() <= 0.02, "{inside:?}");
}
