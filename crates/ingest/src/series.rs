//! Series in the long format of forecasting: a name, a moment and a value a row.
//!
//! - Computes: each series on an even grid of steps, and the moments that follow its end,
//!   written as the file writes its own.
//! - Units: those of the file; steps are ranks, exact lengths, weekdays or months.
//! - Shapes: a text file with `unique_id`, `ds` and `y` in; series in order of first row out,
//!   with NaN where a step has no row or no value.
//! - Errors: [`IngestError`] with the line: a moment that cannot be read or is off the grid, two
//!   values for one moment, a value that is no number, a file without rows.
//! - Source: the columns of the open forecasting libraries (Nixtla).

use std::path::Path;

use jiff::{ToSpan, civil::DateTime};
use rustc_hash::FxHashMap;

use crate::{
    Code, IngestError, Limits, csv,
    mapping::{DateOrder, Decimal, Mapping},
    table::{Row, RowSource},
    values::{self, DAY, Moment, NumberProblem, SECOND},
};

/// The length of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Moments are numbers; so many from one to the next.
    Ranks(i64),
    /// An exact length in microseconds, on the clock of the file.
    Exact(i64),
    /// Monday to Friday.
    Weekdays,
    /// So many months, on the same day of the month or on the last.
    Months(i64),
}

impl Step {
    /// Reads `D`, `W`, `M`, `Q`, `Y`, `H`, `B`, `30min`, `2H`…
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at_checked(digits)?;
        let count: i64 = if count.is_empty() { 1 } else { count.parse().ok()? };
        // What anchors a week or a quarter is told by the moments themselves.
        let unit = unit.split_once('-').map_or(unit, |(unit, _)| unit);
        let minute = 60 * SECOND;
        let step = match unit {
            "S" | "s" => Step::Exact(count.checked_mul(SECOND)?),
            "min" | "T" | "m" => Step::Exact(count.checked_mul(minute)?),
            "H" | "h" => Step::Exact(count.checked_mul(60 * minute)?),
            "D" | "d" => Step::Exact(count.checked_mul(DAY)?),
            "B" | "b" if count == 1 => Step::Weekdays,
            "W" | "w" => Step::Exact(count.checked_mul(7 * DAY)?),
            "M" | "MS" | "ME" => Step::Months(count),
            "Q" | "QS" | "QE" => Step::Months(count.checked_mul(3)?),
            "Y" | "YS" | "YE" | "A" | "AS" => Step::Months(count.checked_mul(12)?),
            _ => return None,
        };
        (count > 0).then_some(step)
    }

    /// Steps of the seasons that such a step is known for, shortest first.
    pub fn seasons(self) -> Vec<usize> {
        let per = |length: i64, step: i64| {
            let even = step > 0 && length % step == 0;
            usize::try_from(length / step.max(1)).ok().filter(|&n| even && n > 1)
        };
        match self {
            Step::Ranks(_) => Vec::new(),
            Step::Weekdays => vec![5],
            Step::Months(n) => per(12, n).into_iter().collect(),
            Step::Exact(us) if us == 7 * DAY => vec![52],
            // The year of a series of days is fifty-two weeks: the days of the week stay.
            Step::Exact(us) if us == DAY => vec![7, 364],
            Step::Exact(us) => [DAY, 7 * DAY].iter().filter_map(|&l| per(l, us)).collect(),
        }
    }

    /// Steps from a moment to another; `None` between two steps.
    fn between(self, from: i64, to: i64) -> Option<i64> {
        let even = |all: i64, one: i64| (one > 0 && all % one == 0).then(|| all / one);
        match self {
            Step::Ranks(n) => even(to.checked_sub(from)?, n),
            Step::Exact(us) => even(to.checked_sub(from)?, us),
            Step::Weekdays => {
                let place = |us: i64| {
                    let days = us.div_euclid(DAY);
                    // The first of January 1970 was a Thursday.
                    let (week, day) = ((days + 3).div_euclid(7), (days + 3).rem_euclid(7));
                    (us.rem_euclid(DAY) == 0 && day < 5).then(|| week * 5 + day)
                };
                Some(place(to)? - place(from)?)
            }
            Step::Months(n) => {
                let (a, b) = (values::civil_of(from)?, values::civil_of(to)?);
                let months = i64::from(b.year() - a.year()) * 12 + i64::from(b.month() - a.month());
                let steps = even(months, n)?;
                (self.after(from, steps)? == to).then_some(steps)
            }
        }
    }

    /// The moment so many steps later.
    fn after(self, from: i64, steps: i64) -> Option<i64> {
        match self {
            Step::Ranks(n) => from.checked_add(n.checked_mul(steps)?),
            Step::Exact(us) => from.checked_add(us.checked_mul(steps)?),
            Step::Weekdays => {
                let days = from.div_euclid(DAY) + 3;
                let place = days.div_euclid(7) * 5 + days.rem_euclid(7).min(4) + steps;
                (place.div_euclid(5) * 7 + place.rem_euclid(5) - 3).checked_mul(DAY)
            }
            Step::Months(n) => {
                let start = values::civil_of(from)?;
                let later = start.checked_add(n.checked_mul(steps)?.months()).ok()?;
                // The last day of a month stays the last.
                let last = start.date() == start.date().last_of_month();
                let day = if last { later.date().last_of_month() } else { later.date() };
                values::us_of(day.to_datetime(later.time()))
            }
        }
    }

    /// The step that most neighbouring moments of a file are apart.
    fn of(rank: bool, series: &[Vec<(i64, f64, u64)>]) -> Option<Self> {
        let mut counts: FxHashMap<i64, u64> = FxHashMap::default();
        for rows in series {
            for pair in rows.windows(2) {
                if let [a, b] = pair {
                    *counts.entry(b.0.saturating_sub(a.0)).or_default() += 1;
                }
            }
        }
        counts.remove(&0);
        let (&usual, _) = counts.iter().max_by_key(|&(&gap, &n)| (n, std::cmp::Reverse(gap)))?;
        if rank {
            return Some(Step::Ranks(usual));
        }
        let months = match usual / DAY {
            28..=31 => Some(1),
            89..=92 => Some(3),
            181..=184 => Some(6),
            365 | 366 => Some(12),
            _ => None,
        };
        let weekdays = || {
            let day = |us: i64| (us.div_euclid(DAY) + 3).rem_euclid(7);
            let mut all = series.iter().flatten();
            usual == DAY
                && series.iter().flatten().count() > 7
                && all.all(|r| r.0.rem_euclid(DAY) == 0 && day(r.0) < 5)
        };
        // Four weeks are no month: months are not all of one length.
        match months {
            Some(n) if usual != 28 * DAY || counts.len() > 1 => Some(Step::Months(n)),
            _ if weekdays() => Some(Step::Weekdays),
            _ => Some(Step::Exact(usual)),
        }
    }
}

/// How a file writes its moments.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// A number.
    Rank,
    /// A pattern of `strftime`; what follows the seconds is repeated as it is.
    Civil { pattern: String, order: DateOrder },
}

impl Form {
    fn of(text: &str) -> Option<Self> {
        if text.parse::<i64>().is_ok() && text.len() != 8 {
            return Some(Form::Rank);
        }
        let order = values::orders_of(text.as_bytes(), values::DEFAULT_PIVOT).next()?;
        let (date, time) = match text.find(['T', ' ']) {
            Some(at) => text.split_at_checked(at)?,
            None => (text, ""),
        };
        let mark = date.find(|c: char| !c.is_ascii_digit()).and_then(|at| date.get(at..=at));
        let mark = mark.unwrap_or_default();
        let mut pattern = match order {
            DateOrder::Ymd => format!("%Y{mark}%m{mark}%d"),
            DateOrder::Mdy => format!("%m{mark}%d{mark}%Y"),
            _ => format!("%d{mark}%m{mark}%Y"),
        };
        if let Some(joint) = time.get(..1) {
            let clock = time.get(1..)?;
            let end = clock.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(clock.len());
            let (clock, rest) = clock.split_at_checked(end)?;
            let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            pattern += joint;
            pattern += if clock.matches(':').count() > 1 { "%H:%M:%S" } else { "%H:%M" };
            pattern += &zone.replace('%', "%%");
        }
        Some(Form::Civil { pattern, order })
    }

    fn read(&self, text: &str) -> Option<i64> {
        match self {
            Form::Rank => text.parse().ok(),
            Form::Civil { order, .. } => {
                // The offset is the file's own business: moments stay on its clock.
                let at = text.find(['T', ' ']).map_or(text.len(), |t| t + 1);
                let (date, time) = text.split_at_checked(at)?;
                let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
                let text = format!("{date}{}", time.get(..end)?);
                match values::parse_moment(text.as_bytes(), *order, values::DEFAULT_PIVOT).ok()? {
                    Moment::Day(us) | Moment::Civil(us) | Moment::Instant(us) => Some(us),
                    Moment::None => None,
                }
            }
        }
    }

    fn write(&self, moment: i64) -> String {
        match self {
            Form::Rank => moment.to_string(),
            Form::Civil { pattern, .. } => values::civil_of(moment)
                .map(|civil: DateTime| civil.strftime(pattern).to_string())
                .unwrap_or_default(),
        }
    }
}

/// A series on its grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name.
    pub id: String,
    /// Values, one a step; NaN where there is none.
    pub values: Vec<f64>,
    last: i64,
}

/// Series of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesFile {
    /// In order of their first row.
    pub series: Vec<Series>,
    /// Length of a step.
    pub step: Step,
    form: Form,
}

impl SeriesFile {
    /// The moment `ahead` steps after the end of a series, as the file writes moments.
    pub fn moment(&self, series: &Series, ahead: usize) -> String {
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
        self.step.after(series.last, ahead).map(|m| self.form.write(m)).unwrap_or_default()
    }
}

/// Steps of one series at most: a wrong date must not fill the memory.
const MOST_STEPS: i64 = 5_000_000;

/// Reads a file; `step` is told by most of its neighbouring moments when nobody says it.
pub fn read_series(
    path: &Path,
    name: &str,
    step: Option<Step>,
    limits: Limits,
) -> Result<SeriesFile, IngestError> {
    let refuse = |code: Code, line: Option<u64>, fr: String, en: String| {
        IngestError::refused(name, code, line, fr, en)
    };
    let mut source = csv::open(path, name, &Mapping::default(), limits)?;
    let header: Vec<String> =
        source.header().iter().map(|h| h.trim().to_ascii_lowercase()).collect();
    let column = |wanted: &str| {
        header.iter().position(|h| h == wanted).ok_or_else(|| {
            let seen = source.header().join(", ");
            refuse(
                Code::ColumnCount,
                Some(source.header_line()),
                format!("la colonne {wanted} manque (lues\u{a0}: {seen})\u{a0}: le fichier porte unique_id, ds et y"),
                format!("column {wanted} is missing (found: {seen}): the file holds unique_id, ds and y"),
            )
        })
    };
    let (id, ds, y) = (column("unique_id")?, column("ds")?, column("y")?);
    let mut names: Vec<String> = Vec::new();
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    let mut rows: Vec<Vec<(i64, f64, u64)>> = Vec::new();
    let mut form: Option<Form> = None;
    let mut row = Row::default();
    while source.next(&mut row)? {
        let line = Some(row.line());
        let text = row.text(ds).trim();
        let unread = || {
            refuse(
                Code::BadDate,
                line,
                format!("«\u{a0}{text}\u{a0}» n’est pas une date écrite comme les autres"),
                format!("\"{text}\" is not a date written like the others"),
            )
        };
        let form = match &form {
            Some(form) => form,
            None => form.insert(Form::of(text).ok_or_else(unread)?),
        };
        let moment = form.read(text).ok_or_else(unread)?;
        let cell = row.text(y).trim();
        let comma = cell.contains(',') && !cell.contains('.');
        let decimal = if comma { Decimal::Comma } else { Decimal::Point };
        let value = match values::parse_number(cell, Some(decimal)) {
            Ok(number) => number.map_or(f64::NAN, |n| n.value),
            Err(NumberProblem::Unreadable | NumberProblem::Ambiguous) => {
                return Err(refuse(
                    Code::BadNumber,
                    line,
                    format!("«\u{a0}{cell}\u{a0}» n’est pas un nombre"),
                    format!("\"{cell}\" is not a number"),
                ));
            }
        };
        let own = row.text(id);
        let place = match places.get(own) {
            Some(&place) => place,
            None => {
                names.push(own.to_owned());
                rows.push(Vec::new());
                places.insert(own.to_owned(), names.len() - 1);
                names.len() - 1
            }
        };
        if let Some(rows) = rows.get_mut(place) {
            rows.push((moment, value, row.line()));
        }
    }
    let Some(form) = form else {
        return Err(refuse(
            Code::HeaderOnly,
            None,
            "le fichier n’a aucune ligne sous son en-tête".into(),
            "the file has no row below its header".into(),
        ));
    };
    rows.iter_mut().for_each(|rows| rows.sort_by_key(|r| r.0));
    for (rows, name) in rows.iter().zip(&names) {
        if let Some([_, again]) = rows.windows(2).find(|w| matches!(w, [a, b] if a.0 == b.0)) {
            let at = form.write(again.0);
            return Err(refuse(
                Code::Contradiction,
                Some(again.2),
                format!(
                    "la série {name} a deux valeurs à la date {at}\u{a0}: en garder une, ou les additionner"
                ),
                format!("series {name} has two values at {at}: keep one, or add them up"),
            ));
        }
    }
    let step = step.or_else(|| Step::of(form == Form::Rank, &rows)).unwrap_or(match form {
        Form::Rank => Step::Ranks(1),
        Form::Civil { .. } => Step::Exact(DAY),
    });
    let mut series = Vec::with_capacity(names.len());
    for (id, rows) in names.into_iter().zip(rows) {
        let (Some(&(first, ..)), Some(&(last, ..))) = (rows.first(), rows.last()) else { continue };
        let mut filled: Vec<f64> = Vec::with_capacity(rows.len());
        for (moment, value, line) in rows {
            let at = step.between(first, moment).filter(|&at| at < MOST_STEPS);
            let Some(at) = at.and_then(|at| usize::try_from(at).ok()) else {
                let at = form.write(moment);
                return Err(refuse(
                    Code::MixedDates,
                    Some(line),
                    format!(
                        "la date {at} de la série {id} tombe entre deux pas\u{a0}: dire le pas (D, W, M, H…) ou séparer les séries"
                    ),
                    format!(
                        "{at} of series {id} falls between two steps: tell the step (D, W, M, H…) or separate the series"
                    ),
                ));
            };
            filled.resize(at + 1, f64::NAN);
            if let Some(slot) = filled.get_mut(at) {
                *slot = value;
            }
        }
        series.push(Series { id, values: filled, last });
    }
    Ok(SeriesFile { series, step, form })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, step: Option<&str>) -> Result<SeriesFile, IngestError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.csv");
        std::fs::write(&path, text).unwrap();
        read_series(&path, "s.csv", step.map(|s| Step::read(s).unwrap()), Limits::default())
    }

    /// The values, and the two moments that follow.
    fn known(text: &str, step: Option<&str>) -> (Vec<Option<f64>>, [String; 2]) {
        let file = read(text, step).unwrap();
        let series = &file.series[0];
        let values = series.values.iter().map(|v| v.is_finite().then_some(*v)).collect();
        (values, [file.moment(series, 1), file.moment(series, 2)])
    }

    fn line_of(error: IngestError) -> (Code, Option<u64>) {
        match error {
            IngestError::Refused { code, line, .. } => (code, line),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn hours_go_on_in_the_form_they_came() {
        let text = "unique_id,ds,y\nA,2024-01-31T22:00:00,1\nA,2024-01-31T23:00:00,2\nA,2024-02-01T01:00:00,4\n";
        let (values, next) = known(text, None);
        assert_eq!(values, [Some(1.0), Some(2.0), None, Some(4.0)]);
        assert_eq!(next, ["2024-02-01T02:00:00", "2024-02-01T03:00:00"]);
        let zoned = text.replace(":00,", ":00+01:00,");
        assert_eq!(known(&zoned, Some("H")).1[0], "2024-02-01T02:00:00+01:00");
    }

    #[test]
    fn months_keep_their_day_or_their_end() {
        let text = "unique_id;ds;y\nA;2023-12-31;1,5\nA;2024-01-31;2\nA;2024-02-29;3\n";
        assert_eq!(known(text, None).1, ["2024-03-31", "2024-04-30"]);
        let first = "ds,y,unique_id\n01/11/2023,1,A\n01/12/2023,2,A\n01/01/2024,3,A\n";
        assert_eq!(known(first, Some("MS")).1, ["01/02/2024", "01/03/2024"]);
    }

    #[test]
    fn weekdays_pass_over_the_end_of_the_week() {
        let days = ["20240101", "20240102", "20240103", "20240104", "20240105"];
        let days: String = days.iter().map(|d| format!("A,{d},1\n")).collect();
        let text = format!("unique_id,ds,y\n{days}A,20240108,1\nA,20240109,1\nA,20240112,2\n");
        let (values, next) = known(&text, None);
        assert_eq!(values.len(), 10);
        assert_eq!(next, ["20240115", "20240116"]);
    }

    #[test]
    fn ranks_are_moments_too() {
        let (values, next) = known("unique_id,ds,y\nA,10,1\nA,20,2\nA,40,4\n", None);
        assert_eq!(values, [Some(1.0), Some(2.0), None, Some(4.0)]);
        assert_eq!(next, ["50", "60"]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        let of = |text: &str, step| line_of(read(text, step).unwrap_err());
        let twice = "unique_id,ds,y\nA,2024-01-01,1\nA,2024-01-02,1\nA,2024-01-02,3\n";
        assert_eq!(of(twice, None), (Code::Contradiction, Some(4)));
        let word = "unique_id,ds,y\nA,2024-01-01,1\nA,2024-01-02,many\n";
        assert_eq!(of(word, None), (Code::BadNumber, Some(3)));
        let date = "unique_id,ds,y\nA,2024-01-01,1\nA,tomorrow,2\n";
        assert_eq!(of(date, None), (Code::BadDate, Some(3)));
        let off = "unique_id,ds,y\nA,2024-01-01,1\nA,2024-01-08,1\nA,2024-01-10,3\n";
        assert_eq!(of(off, Some("W")), (Code::MixedDates, Some(4)));
        assert_eq!(of("unique_id,ds,y\n", None).0, Code::HeaderOnly);
        assert_eq!(of("id,ds,y\nA,1,2\n", None).0, Code::ColumnCount);
    }

    #[test]
    fn steps_are_read_as_the_field_writes_them() {
        assert_eq!(Step::read("30min"), Some(Step::Exact(1800 * SECOND)));
        assert_eq!(Step::read("W-SUN"), Some(Step::Exact(7 * DAY)));
        assert_eq!(Step::read("QS"), Some(Step::Months(3)));
        assert_eq!(Step::read("B"), Some(Step::Weekdays));
        for wrong in ["", "0D", "fortnight", "-1D", "99999999999999999999D", "9223372036854775807W"]
        {
            assert_eq!(Step::read(wrong), None, "{wrong}");
        }
        assert_eq!(Step::read("H").unwrap().seasons(), [24, 168]);
        assert_eq!(Step::read("30min").unwrap().seasons(), [48, 336]);
        assert_eq!(Step::read("M").unwrap().seasons(), [12]);
        assert_eq!(Step::read("D").unwrap().seasons(), [7, 364]);
        assert_eq!(Step::read("W").unwrap().seasons(), [52]);
        assert!(Step::read("Y").unwrap().seasons().is_empty());
    }
}
