//! `forecast --series`.

use super::common::Bench;

/// Two series of eight weeks, days written the French way in one column order of their own.
fn file() -> String {
    file_from(jiff::civil::date(2026, 1, 5), 0)
}

/// From another day, `rough` times a little moved.
fn file_from(first: jiff::civil::Date, rough: i64) -> String {
    let mut text = String::from("y;ds;unique_id\n");
    for series in ["Accueil", "Courrier"] {
        for day in 0..56 {
            let date = first.saturating_add(jiff::ToSpan::days(day));
            let value =
                [120, 110, 100, 95, 90, 20, 5][day as usize % 7] + rough * (day * day * 37 % 11);
            text += &format!("{value};{};{series}\n", date.strftime("%d/%m/%Y"));
        }
    }
    text
}

#[test]
fn a_file_of_series_is_forecast_in_its_own_form() {
    let bench = Bench::new();
    let series = bench.file("series.csv", &file());
    let report = bench.path("report.json");
    let (series, report) = (series.to_str().unwrap(), report.to_str().unwrap());
    let ran = bench.run(&[
        "forecast",
        "--series",
        series,
        "--horizon",
        "7",
        "--level",
        "80,95",
        "--format",
        "csv",
        "--report",
        report,
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut lines = ran.out.lines();
    assert_eq!(lines.next(), Some("unique_id,ds,mean,lo-80,hi-80,lo-95,hi-95"));
    assert!(lines.next().unwrap().starts_with("Accueil,02/03/2026,120"));
    assert_eq!(ran.out.lines().count(), 1 + 2 * 7);
    let told: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(told["seasons"], serde_json::json!([7, 364]));
    assert_eq!(told["series"].as_array().unwrap().len(), 2);
    assert!(told["series"][0]["method"].is_string());
    assert!(told["series"][0]["coverage-80"].is_number());
    // No data directory was made for it.
    assert!(!bench.path("data").exists());
    let again = bench.json(&["forecast", "--series", series, "--horizon", "7", "--level", "90"]);
    let first = again["forecasts"][0].as_object().unwrap();
    assert_eq!(first.keys().collect::<Vec<_>>(), ["unique_id", "ds", "mean", "lo-90", "hi-90"]);
}

#[test]
fn the_same_values_at_other_dates_have_the_same_forecasts() {
    let bench = Bench::new();
    let values = |first: jiff::civil::Date| -> Vec<Vec<serde_json::Value>> {
        let file = bench.file("series.csv", &file_from(first, 2));
        let file = file.to_str().unwrap();
        let told =
            bench.json(&["forecast", "--series", file, "--horizon", "9", "--level", "80,95"]);
        let rows = told["forecasts"].as_array().unwrap().iter();
        let kept = |row: &serde_json::Value| {
            let row = row.as_object().unwrap().iter();
            row.filter(|(name, _)| *name != "ds").map(|(_, value)| value.clone()).collect()
        };
        rows.map(kept).collect()
    };
    let first = values(jiff::civil::date(2026, 1, 5));
    assert_eq!(first.len(), 18);
    // Over a leap day, a change of clock and a new year.
    for other in [(2024, 2, 1), (2025, 3, 14), (2030, 12, 2)] {
        assert_eq!(values(jiff::civil::date(other.0, other.1, other.2)), first, "{other:?}");
    }
}

#[test]
fn what_cannot_be_forecast_says_why() {
    let bench = Bench::new();
    let series = bench.file("series.csv", &file());
    let series = series.to_str().unwrap();
    let code = |args: &[&str]| {
        let ran = bench.run(args);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
        ran.code
    };
    assert_eq!(code(&["forecast", "--series", series, "--horizon", "0"]), 2);
    assert_eq!(code(&["forecast", "--series", series, "--horizon", "7", "--level", "120"]), 2);
    assert_eq!(code(&["forecast", "--series", series, "--horizon", "7", "--freq", "lune"]), 2);
    assert_eq!(code(&["forecast", "--series", series]), 2);
    let twice = bench.file("twice.csv", "unique_id,ds,y\nA,2026-01-01,1\nA,2026-01-01,2\n");
    assert_eq!(code(&["forecast", "--series", twice.to_str().unwrap(), "--horizon", "2"]), 3);
    let short = bench.file("short.csv", "unique_id,ds,y\nA,2026-01-01,1\nA,2026-01-02,2\n");
    assert_eq!(code(&["forecast", "--series", short.to_str().unwrap(), "--horizon", "2"]), 3);
}
