//! Cell texts into dates, numbers and booleans, by the rules of French exports.
//!
//! - Computes: moments, numbers, booleans and "missing" from the bytes of a cell.
//! - Units: microseconds since 1970; civil moments are counted as if the zone were UTC.
//! - Shapes: one cell in, one value out; the order of a date is fixed per column.
//! - Errors: [`DateProblem`], [`NumberProblem`]; nothing is ever guessed month first.
//! - Source: proleptic Gregorian calendar; day numbers of the 1900 and 1904 spreadsheet systems.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::mapping::{DateOrder, Decimal};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in a day.
pub const DAY: i64 = 86_400 * SECOND;
/// Two-digit years from this one on are 19xx.
pub const DEFAULT_PIVOT: u8 = 50;

/// What a date cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Missing, or one of the dates that mean "none" (01/01/1900, 31/12/9999, 00/00/0000).
    None,
    /// A civil day: µs of its midnight, read in UTC and never shifted.
    Day(i64),
    /// A civil date and time without offset, µs as if in UTC: still to be read in a zone.
    Civil(i64),
    /// An instant, µs since 1970 UTC.
    Instant(i64),
}

/// Why a text is not a date of the order asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateProblem {
    /// No date this reader knows.
    Unreadable,
    /// A date of another order, which the column does not have.
    Other(DateOrder),
}

/// Whether a cell of a date, number or label column says "missing".
///
/// Never used for case, activity and person columns, where only the empty cell is.
pub fn is_missing(text: &[u8]) -> bool {
    matches!(text, b"" | b"." | b"-" | b"NULL" | b"NC" | b"null")
        || (text.len() <= 4
            && [&b"nan"[..], b"nat", b"n/a", b"none", b"#n/a", b"nc"]
                .iter()
                .any(|w| text.eq_ignore_ascii_case(w)))
}

/// Text without spaces, tabs and no-break spaces at both ends.
pub fn trim(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii();
        let cut = [&b"\xc2\xa0"[..], b"\xe2\x80\xaf", b"\xe2\x80\x89", b"\xef\xbb\xbf"]
            .iter()
            .find_map(|s| text.strip_prefix(*s).or_else(|| text.strip_suffix(*s)));
        match cut {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// Reads a date cell in the order of its column.
pub fn parse_moment(text: &[u8], order: DateOrder, pivot: u8) -> Result<Moment, DateProblem> {
    let text = trim(text);
    match parse_in(text, order, pivot) {
        Some(moment) => Ok(moment),
        None if is_missing(text) => Ok(Moment::None),
        None => Err(diagnose(text, order, pivot)),
    }
}

/// Which orders can read this text, among those that may be proposed or reported.
pub fn orders_of(text: &[u8], pivot: u8) -> impl Iterator<Item = DateOrder> {
    let text = trim(text);
    [DateOrder::Dmy, DateOrder::Ymd, DateOrder::Mdy]
        .into_iter()
        .filter(move |o| parse_in(text, *o, pivot).is_some())
}

#[cold]
fn diagnose(text: &[u8], order: DateOrder, pivot: u8) -> DateProblem {
    orders_of(text, pivot).find(|o| *o != order).map_or(DateProblem::Unreadable, DateProblem::Other)
}

fn parse_in(text: &[u8], order: DateOrder, pivot: u8) -> Option<Moment> {
    match order {
        DateOrder::Serial1900 => parse_serial(text, false),
        DateOrder::Serial1904 => parse_serial(text, true),
        _ => parse_written(text, order, pivot),
    }
}

/// Digits from `at`: value, count. At most nine digits are read.
#[inline]
fn digits(text: &[u8], at: usize) -> (u32, usize) {
    let mut value = 0u32;
    let mut n = 0;
    while n < 9 {
        match text.get(at + n) {
            Some(b @ b'0'..=b'9') => value = value * 10 + u32::from(b - b'0'),
            _ => break,
        }
        n += 1;
    }
    (value, n)
}

fn parse_written(text: &[u8], order: DateOrder, pivot: u8) -> Option<Moment> {
    let (a, n1) = digits(text, 0);
    if order == DateOrder::Ymd && n1 == 8 {
        // 20250131, alone or followed by a time.
        return assemble(a / 10_000, a / 100 % 100, a % 100, text.get(8..)?, false);
    }
    let mark = *text.get(n1)?;
    if !matches!(mark, b'/' | b'-' | b'.') {
        return None;
    }
    let (b, n2) = digits(text, n1 + 1);
    if *text.get(n1 + 1 + n2)? != mark || n2 == 0 || n2 > 2 {
        return None;
    }
    let at = n1 + n2 + 2;
    let (c, n3) = digits(text, at);
    let rest = text.get(at + n3..)?;
    let short = |y: u32| if y < u32::from(pivot) { 2000 + y } else { 1900 + y };
    match order {
        DateOrder::Ymd if n1 == 4 && (1..=2).contains(&n3) => assemble(a, b, c, rest, false),
        DateOrder::Dmy | DateOrder::Mdy if (1..=2).contains(&n1) => {
            let year = match n3 {
                4 => c,
                2 => short(c),
                _ => return None,
            };
            let american = order == DateOrder::Mdy;
            let (day, month) = if american { (b, a) } else { (a, b) };
            if n3 == 2 && c == 0 && day == 0 && month == 0 {
                return assemble(0, 0, 0, rest, american);
            }
            assemble(year, month, day, rest, american)
        }
        _ => None,
    }
}

/// Days since 1970 of a civil date (proleptic Gregorian).
#[inline]
pub fn days_of(year: u32, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if year == 0 || year > 9999 || day == 0 {
        return None;
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = *LENGTHS.get(month.checked_sub(1)? as usize)? + u32::from(leap && month == 2);
    if day > length {
        return None;
    }
    // March is the first month, so that the leap day ends the year.
    let y = i64::from(year) - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let shifted = (i64::from(month) + 9) % 12;
    let doy = (153 * shifted + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    Some(era * 146_097 + doe - 719_468)
}

fn assemble(year: u32, month: u32, day: u32, rest: &[u8], american: bool) -> Option<Moment> {
    let none = matches!((year, month, day), (0, 0, 0) | (1, 1, 1) | (1900, 1, 1) | (9999, 12, 31));
    let days = if none { 0 } else { days_of(year, month, day)? };
    let midnight = days * DAY;
    let (moment, offset) = match rest {
        [] => return Some(if none { Moment::None } else { Moment::Day(midnight) }),
        // A day may carry nothing but its offset (xs:date): the day is what counts.
        [b'Z'] => return Some(if none { Moment::None } else { Moment::Day(midnight) }),
        _ => parse_time(rest, american)?,
    };
    if none {
        return Some(Moment::None);
    }
    let civil = midnight + moment;
    Some(match offset {
        Some(offset) => Moment::Instant(civil - offset),
        None => Moment::Civil(civil),
    })
}

/// Reads ` 14:30[:05[.123]][ +02:00]`, `T14:30`, ` 14h30`: µs in the day, offset in µs.
fn parse_time(rest: &[u8], american: bool) -> Option<(i64, Option<i64>)> {
    let mut at = match rest.first()? {
        b'T' | b't' => 1,
        b' ' => rest.iter().position(|b| *b != b' ')?,
        _ => return None,
    };
    let (mut hour, n) = digits(rest, at);
    if n == 0 || n > 2 {
        return None;
    }
    at += n;
    let (mut minute, mut second, mut fraction) = (0, 0, 0i64);
    match rest.get(at)? {
        b':' => {
            let (m, n) = digits(rest, at + 1);
            if n != 2 {
                return None;
            }
            minute = m;
            at += 3;
            if rest.get(at) == Some(&b':') {
                let (s, n) = digits(rest, at + 1);
                if n != 2 {
                    return None;
                }
                second = s;
                at += 3;
                if matches!(rest.get(at), Some(b'.' | b',')) {
                    let (f, n) = digits(rest, at + 1);
                    if n == 0 {
                        return None;
                    }
                    at += 1 + n;
                    // Nanoseconds beyond the microsecond are cut, as pm4py and Arrow do.
                    fraction = match n {
                        1..=6 => i64::from(f) * 10i64.pow(6 - n as u32),
                        _ => i64::from(f) / 10i64.pow(n as u32 - 6),
                    };
                }
            }
        }
        b'h' | b'H' => {
            let (m, n) = digits(rest, at + 1);
            match n {
                0 => {}
                2 => minute = m,
                _ => return None,
            }
            at += 1 + n;
        }
        _ => return None,
    }
    let mut tail = rest.get(at..)?.trim_ascii();
    if american && let [a, b'M' | b'm', after @ ..] = tail {
        let afternoon = match a {
            b'A' | b'a' => 0,
            b'P' | b'p' => 12,
            _ => return None,
        };
        if hour == 0 || hour > 12 {
            return None;
        }
        hour = hour % 12 + afternoon;
        tail = after.trim_ascii();
    }
    let midnight_after = hour == 24 && minute == 0 && second == 0 && fraction == 0;
    if minute > 59 || second > 59 || (hour > 23 && !midnight_after) {
        return None;
    }
    let time =
        (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * SECOND + fraction;
    Some((time, parse_offset(tail)?))
}

fn parse_offset(tail: &[u8]) -> Option<Option<i64>> {
    let sign = match tail {
        [] => return Some(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (a, n) = digits(tail, 1);
    let (hours, minutes) = match (n, tail.get(1 + n..)?) {
        (2, []) => (a, 0),
        (4, []) => (a / 100, a % 100),
        (2, [b':', m @ ..]) if m.len() == 2 => {
            let (minutes, n) = digits(m, 0);
            if n != 2 {
                return None;
            }
            (a, minutes)
        }
        _ => return None,
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    Some(Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60) * SECOND))
}

/// Reads a spreadsheet's day number, with comma or point.
fn parse_serial(text: &[u8], since_1904: bool) -> Option<Moment> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        return None;
    }
    moment_of_serial(text.replace(',', ".").parse().ok()?, since_1904)
}

/// A spreadsheet's day number as a moment; whole numbers are civil days.
///
/// In the 1900 system day 60 is a 29 February that never was: refused, and the
/// days before it are one later than they look.
pub fn moment_of_serial(serial: f64, since_1904: bool) -> Option<Moment> {
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let whole = serial.floor();
    // Milliseconds: what the format resolves; rounding may carry into the next day.
    let ms = ((serial - whole) * 86_400_000.0).round() as i64;
    let whole = whole as i64;
    let days = if since_1904 {
        whole - 24_107
    } else {
        match whole {
            0 | 1 | 2_958_465 => return Some(Moment::None),
            60 => return None,
            2..=59 => whole - 25_568,
            _ => whole - 25_569,
        }
    };
    Some(match ms {
        0 => Moment::Day(days * DAY),
        _ => Moment::Civil(days * DAY + ms * 1000),
    })
}

/// What the clocks did to a civil moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Nothing.
    None,
    /// The moment never was (clocks went forward): read one hour later.
    Gap,
    /// The moment was twice (clocks went back): the first one is taken.
    Fold,
}

/// Reads civil moments in a zone, remembering the offset of every day met.
#[derive(Debug)]
pub struct ZoneClock {
    zone: TimeZone,
    /// Offset in seconds of each day from 1900 to 2100, or a marker.
    days: Vec<i32>,
}

const UNKNOWN: i32 = i32::MAX;
const CHANGES: i32 = i32::MIN;
const FIRST_DAY: i64 = -25_567;
const DAYS_KEPT: usize = 73_414;

impl ZoneClock {
    /// A clock of this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, days: vec![UNKNOWN; DAYS_KEPT] }
    }

    /// The instant of a civil moment (µs as if in UTC), and what the clocks did to it.
    #[inline]
    pub fn instant(&mut self, civil: i64) -> (i64, Shift) {
        let day = civil.div_euclid(DAY);
        let index = usize::try_from(day - FIRST_DAY).unwrap_or(usize::MAX);
        match self.days.get(index).copied() {
            Some(UNKNOWN) => {
                let offset = self.offset_of_day(day);
                if let Some(slot) = self.days.get_mut(index) {
                    *slot = offset;
                }
                if offset == CHANGES {
                    self.slow(civil)
                } else {
                    (civil - i64::from(offset) * SECOND, Shift::None)
                }
            }
            Some(CHANGES) | None => self.slow(civil),
            Some(offset) => (civil - i64::from(offset) * SECOND, Shift::None),
        }
    }

    /// The offset of a whole civil day, or [`CHANGES`] when it has two.
    fn offset_of_day(&self, day: i64) -> i32 {
        let around = |civil: i64| {
            let at = Timestamp::from_microsecond(civil).ok()?;
            Some((at, self.zone.to_offset(at).seconds()))
        };
        // From a day before to a day after, so that no offset of the zone can reach across.
        let (Some((from, low)), Some((until, high))) =
            (around((day - 1) * DAY), around((day + 2) * DAY))
        else {
            return CHANGES;
        };
        let changed = self.zone.following(from).next().is_some_and(|t| t.timestamp() <= until);
        if low == high && !changed { low } else { CHANGES }
    }

    /// Midnight, as if in UTC, of the civil day an instant falls on.
    pub fn civil_day(&self, instant: i64) -> i64 {
        let offset = Timestamp::from_microsecond(instant)
            .map_or(0, |at| i64::from(self.zone.to_offset(at).seconds()));
        instant.saturating_add(offset * SECOND).div_euclid(DAY).saturating_mul(DAY)
    }

    /// How much later the second reading of a moment that was twice is, given the first.
    pub fn fold_width(&self, first: i64) -> i64 {
        let Ok(at) = Timestamp::from_microsecond(first) else { return 0 };
        let before = self.zone.to_offset(at).seconds();
        let later = self.zone.following(at).next();
        later.map_or(0, |t| i64::from(before - t.offset().seconds()).max(0) * SECOND)
    }

    fn slow(&self, civil: i64) -> (i64, Shift) {
        let Some(datetime) = civil_of(civil) else { return (civil, Shift::None) };
        let ambiguous = self.zone.to_ambiguous_timestamp(datetime);
        let shift = match ambiguous.offset() {
            jiff::tz::AmbiguousOffset::Unambiguous { .. } => Shift::None,
            jiff::tz::AmbiguousOffset::Gap { .. } => Shift::Gap,
            jiff::tz::AmbiguousOffset::Fold { .. } => Shift::Fold,
        };
        match ambiguous.compatible() {
            Ok(instant) => (instant.as_microsecond(), shift),
            Err(_) => (civil, shift),
        }
    }
}

/// Civil date and time of µs counted as if in UTC.
pub fn civil_of(us: i64) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(Timestamp::from_microsecond(us).ok()?))
}

/// µs, as if in UTC, of a civil date and time.
pub fn us_of(civil: DateTime) -> Option<i64> {
    TimeZone::UTC.to_timestamp(civil).ok().map(Timestamp::as_microsecond)
}

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The value, `12.5` for `12,5 %`.
    pub value: f64,
    /// Whether a `%` followed.
    pub percent: bool,
}

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberProblem {
    /// No number this reader knows.
    Unreadable,
    /// `1.234`: a thousand or one and a bit? A person must say which mark is decimal.
    Ambiguous,
}

/// Reads a number cell; `Ok(None)` is missing, which is never 0.
///
/// Without `decimal`, a lone comma is decimal, `1.234` is ambiguous and any other
/// lone point is decimal.
pub fn parse_number(text: &str, decimal: Option<Decimal>) -> Result<Option<Number>, NumberProblem> {
    let bad = NumberProblem::Unreadable;
    let text = std::str::from_utf8(trim(text.as_bytes())).map_err(|_| bad)?;
    if is_missing(text.as_bytes()) {
        return Ok(None);
    }
    let mut body = text;
    let mut negative = false;
    let mut percent = false;
    if let Some(inner) = body.strip_prefix('(').and_then(|b| b.strip_suffix(')')) {
        negative = true;
        body = inner;
    }
    // Signs and units may stand on either side, in any order, once each.
    let mut signed = negative;
    let mut unit = false;
    loop {
        body = body.trim_matches(is_space);
        let mut changed = false;
        for sign in ['-', '\u{2212}', '+'] {
            let cut = body.strip_prefix(sign).or_else(|| {
                // A plus never trails.
                if sign == '+' { None } else { body.strip_suffix(sign) }
            });
            if let Some(rest) = cut
                && !signed
            {
                body = rest;
                signed = true;
                negative = sign != '+';
                changed = true;
            }
        }
        for word in ["€", "EUR", "%"] {
            if let Some(rest) = body.strip_suffix(word).or_else(|| body.strip_prefix(word))
                && !unit
            {
                body = rest;
                unit = true;
                percent = word == "%";
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => {
            let (m, e) = body.split_at(at);
            let e: i32 = e.get(1..).unwrap_or("").parse().map_err(|_| bad)?;
            if !(-300..=300).contains(&e) {
                return Err(bad);
            }
            (m, e)
        }
        None => (body, 0),
    };
    let plain = plain_decimal(mantissa, decimal)?;
    let mut value: f64 =
        if exponent == 0 { plain.parse() } else { format!("{plain}e{exponent}").parse() }
            .map_err(|_| bad)?;
    if !value.is_finite() {
        return Err(bad);
    }
    if negative && value != 0.0 {
        value = -value;
    }
    Ok(Some(Number { value, percent }))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Unsigned digits with at most one `.`, from French or English writing.
fn plain_decimal(text: &str, decimal: Option<Decimal>) -> Result<String, NumberProblem> {
    let bad = NumberProblem::Unreadable;
    let count = |mark: char| text.chars().filter(|c| *c == mark).count();
    let (points, commas) = (count('.'), count(','));
    // Which mark is decimal, if any; the other may only group.
    let mark = match (points, commas, decimal) {
        (0, 0, _) => None,
        (_, 1, None | Some(Decimal::Comma)) if points == 0 => Some(','),
        (_, 1, Some(Decimal::Comma)) => Some(','),
        (1, _, Some(Decimal::Point)) => Some('.'),
        (1, 0, None) => {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let leading = whole.trim_matches(is_space);
            if part.len() == 3 && (1..=3).contains(&leading.len()) && !leading.starts_with('0') {
                return Err(NumberProblem::Ambiguous);
            }
            Some('.')
        }
        (_, _, None) if points > 0 && commas > 0 => {
            let last = text.rfind(['.', ',']).and_then(|at| text[at..].chars().next());
            if last.is_some_and(|m| count(m) == 1) { last } else { return Err(bad) }
        }
        // Several of one mark: it groups.
        (_, 0, None | Some(Decimal::Comma)) | (0, _, None | Some(Decimal::Point)) => None,
        _ => return Err(bad),
    };
    let (whole, part) = match mark.and_then(|m| text.split_once(m)) {
        Some((whole, part)) => (whole, Some(part)),
        None => (text, None),
    };
    let mut plain = String::with_capacity(text.len());
    // Groups must be of three digits, all cut by the same mark.
    let group = whole.chars().find(|c| !c.is_ascii_digit());
    match group {
        None => plain.push_str(whole),
        Some(g) if is_space(g) || matches!(g, '.' | ',' | '\'' | '\u{2019}') => {
            if Some(g) == mark {
                return Err(bad);
            }
            for (i, piece) in whole.split(g).enumerate() {
                let right = if i == 0 { (1..=3).contains(&piece.len()) } else { piece.len() == 3 };
                if !right || !piece.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(bad);
                }
                plain.push_str(piece);
            }
        }
        Some(_) => return Err(bad),
    }
    if let Some(part) = part {
        if !part.bytes().all(|b| b.is_ascii_digit()) || (plain.is_empty() && part.is_empty()) {
            return Err(bad);
        }
        if plain.is_empty() {
            plain.push('0');
        }
        plain.push('.');
        plain.push_str(if part.is_empty() { "0" } else { part });
    }
    if plain.is_empty() {
        return Err(bad);
    }
    Ok(plain)
}

/// What a column of numbers says of its decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalGuess {
    /// No number carries a mark that matters.
    NoMark,
    /// One mark explains every number.
    Sure(Decimal),
    /// Only numbers such as `1.234`: a person must say.
    Ambiguous,
    /// No single mark explains the column.
    Mixed,
}

/// Reads the decimal mark off a column.
pub fn guess_decimal<'a>(cells: impl IntoIterator<Item = &'a str>) -> DecimalGuess {
    let (mut comma, mut point, mut ambiguous) = (false, false, false);
    for cell in cells {
        let with_comma = parse_number(cell, Some(Decimal::Comma));
        let with_point = parse_number(cell, Some(Decimal::Point));
        match (with_comma, with_point) {
            (Ok(a), Ok(b)) if a == b => {}
            (Ok(_), Ok(_)) => ambiguous = true,
            (Ok(_), Err(_)) => comma = true,
            (Err(_), Ok(_)) => point = true,
            (Err(_), Err(_)) => {}
        }
    }
    match (comma, point, ambiguous) {
        (true, true, _) => DecimalGuess::Mixed,
        (true, false, _) => DecimalGuess::Sure(Decimal::Comma),
        (false, true, _) => DecimalGuess::Sure(Decimal::Point),
        (false, false, true) => DecimalGuess::Ambiguous,
        (false, false, false) => DecimalGuess::NoMark,
    }
}

/// Reads a yes or a no; anything else is neither.
pub fn parse_bool(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(&["o", "oui", "vrai", "1", "x", "true", "yes", "y", "ja"]) {
        Some(true)
    } else if is(&["n", "non", "faux", "0", "false", "no", "nee"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether an identifier was turned into a number by a spreadsheet (`1,85051E+14`).
pub fn is_scientific(text: &[u8]) -> bool {
    let [first, mark, rest @ ..] = text else { return false };
    if !first.is_ascii_digit() || !matches!(mark, b'.' | b',') {
        return false;
    }
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    match rest.get(n..) {
        Some([b'E', b'+', power @ ..]) => {
            n > 0 && power.len() >= 2 && power.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Whether an identifier looks cut to fifteen significant digits: sixteen digits
/// or more, only zeros after the fifteenth. One such value may be true; a column
/// of them was damaged.
pub fn is_rounded(text: &[u8]) -> bool {
    text.len() >= 16
        && text.iter().all(u8::is_ascii_digit)
        && text.get(15..).is_some_and(|tail| tail.iter().all(|b| *b == b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{Dmy, Mdy, Serial1900, Serial1904, Ymd};

    fn us(text: &str) -> i64 {
        text.parse::<Timestamp>().map_or(i64::MIN, Timestamp::as_microsecond)
    }
    fn day(text: &str) -> Moment {
        Moment::Day(us(&format!("{text}T00:00:00Z")))
    }
    fn civil(text: &str) -> Moment {
        Moment::Civil(us(&format!("{text}Z")))
    }
    fn read(text: &str, order: DateOrder) -> Result<Moment, DateProblem> {
        parse_moment(text.as_bytes(), order, DEFAULT_PIVOT)
    }

    #[test]
    fn every_writing_of_a_date_is_read() {
        for (text, order, want) in [
            ("31/01/2025", Dmy, day("2025-01-31")),
            ("31/01/25", Dmy, day("2025-01-31")),
            ("31/01/72", Dmy, day("1972-01-31")),
            ("31.01.2025", Dmy, day("2025-01-31")),
            ("31-01-2025", Dmy, day("2025-01-31")),
            ("1-2-2025", Dmy, day("2025-02-01")),
            ("29/02/2024", Dmy, day("2024-02-29")),
            ("2025/01/31", Ymd, day("2025-01-31")),
            ("2025-01-31", Ymd, day("2025-01-31")),
            ("20250131", Ymd, day("2025-01-31")),
            ("2025-01-31T14:30", Ymd, civil("2025-01-31T14:30:00")),
            ("2012/01/30 06:24:00.000", Ymd, civil("2012-01-30T06:24:00")),
            ("31/01/2025 14h30", Dmy, civil("2025-01-31T14:30:00")),
            ("31/01/2025 14h", Dmy, civil("2025-01-31T14:00:00")),
            ("31/01/2025 24:00", Dmy, civil("2025-02-01T00:00:00")),
            ("31/01/2025 9:05:07,25", Dmy, civil("2025-01-31T09:05:07.25")),
            (" 31/01/2025\u{a0}", Dmy, day("2025-01-31")),
            ("2023-02-09 08:00:00+00:00", Ymd, Moment::Instant(us("2023-02-09T08:00:00Z"))),
            ("2011-01-01T12:37:00+02:00", Ymd, Moment::Instant(us("2011-01-01T10:37:00Z"))),
            ("2011-01-01T12:37:00-0330", Ymd, Moment::Instant(us("2011-01-01T16:07:00Z"))),
            (
                "2011-01-01 12:37:00.1234567Z",
                Ymd,
                Moment::Instant(us("2011-01-01T12:37:00.123456Z")),
            ),
            (
                "2011-01-01 12:37:00.123456789Z",
                Ymd,
                Moment::Instant(us("2011-01-01T12:37:00.123456Z")),
            ),
            ("1/31/2025 3:15 PM", Mdy, civil("2025-01-31T15:15:00")),
            ("45688", Serial1900, day("2025-01-31")),
            ("45688,5", Serial1900, civil("2025-01-31T12:00:00")),
            ("59", Serial1900, day("1900-02-28")),
            ("61", Serial1900, day("1900-03-01")),
            ("44226", Serial1904, day("2025-01-31")),
            ("01/01/1900", Dmy, Moment::None),
            ("31/12/9999 23:59:59", Dmy, Moment::None),
            ("9999-12-31", Ymd, Moment::None),
            ("00/00/0000", Dmy, Moment::None),
            ("0000-00-00 00:00:00", Ymd, Moment::None),
            ("NULL", Ymd, Moment::None),
            ("", Dmy, Moment::None),
        ] {
            assert_eq!(read(text, order), Ok(want), "{text:?} {order:?}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused_with_its_order_when_it_has_one() {
        assert_eq!(read("12/31/2025", Dmy), Err(DateProblem::Other(Mdy)));
        assert_eq!(read("2025-01-31", Dmy), Err(DateProblem::Other(Ymd)));
        assert_eq!(read("31/01/2025", Ymd), Err(DateProblem::Other(Dmy)));
        for bad in [
            "29/02/2023",
            "31/04/2025",
            "32/01/2025",
            "00/01/2025",
            "31/01/202",
            "31/01-2025",
            "31/01/2025 25:00",
            "31/01/2025 12:60",
            "31/01/2025 12:30 quelque",
            "hier",
            "31/01/2025T",
            "31/01/2025 12:3",
            "١٢/٠١/٢٠٢٥",
            "31/01/2025 12:30+25:00",
            "1/1/1/1",
        ] {
            assert_eq!(read(bad, Dmy), Err(DateProblem::Unreadable), "{bad:?}");
        }
        assert_eq!(read("60", Serial1900), Err(DateProblem::Unreadable));
    }

    #[test]
    fn days_agree_with_the_calendar_library() {
        let mut date = jiff::civil::date(1890, 1, 1);
        while date < jiff::civil::date(2110, 1, 1) {
            let ours = days_of(date.year() as u32, date.month() as u32, date.day() as u32);
            let theirs = us_of(date.at(0, 0, 0, 0)).map(|u| u / DAY);
            assert_eq!(ours, theirs, "{date}");
            date = date.tomorrow().unwrap_or(jiff::civil::Date::MAX);
        }
    }

    #[test]
    fn clock_changes_are_read_by_a_stated_rule() {
        let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let mut clock = ZoneClock::new(zone.clone());
        let mut read = |text: &str| clock.instant(us(&format!("{text}Z")));
        assert_eq!(read("2025-03-30T02:30:00"), (us("2025-03-30T01:30:00Z"), Shift::Gap));
        assert_eq!(read("2025-10-26T02:30:00"), (us("2025-10-26T00:30:00Z"), Shift::Fold));
        assert_eq!(read("2025-07-01T12:00:00"), (us("2025-07-01T10:00:00Z"), Shift::None));
        assert_eq!(read("1789-07-14T12:00:00").1, Shift::None);
        // Every quarter of an hour of a year agrees with the library.
        let mut at = us("2024-12-30T00:00:00Z");
        while at < us("2026-01-03T00:00:00Z") {
            let want = civil_of(at)
                .and_then(|c| zone.to_ambiguous_timestamp(c).compatible().ok())
                .map(Timestamp::as_microsecond);
            assert_eq!(Some(clock.instant(at).0), want);
            at += 900 * SECOND;
        }
    }

    #[test]
    fn numbers_of_french_exports_are_read() {
        use Decimal::{Comma, Point};
        for (text, decimal, want) in [
            ("1 234,5", None, 1234.5),
            ("1\u{202f}234\u{a0}€", None, 1234.0),
            ("1\u{a0}234\u{a0}567,89", None, 1_234_567.89),
            ("1.234,5", None, 1234.5),
            ("1.234.567", None, 1_234_567.0),
            ("1,234.5", None, 1234.5),
            ("1.234", Some(Comma), 1234.0),
            ("1.234", Some(Point), 1.234),
            ("0.234", None, 0.234),
            ("12.5", None, 12.5),
            ("12,5 %", None, 12.5),
            ("12-", None, -12.0),
            ("(12,5)", None, -12.5),
            ("-12 €", None, -12.0),
            ("\u{2212}3", None, -3.0),
            ("+3", None, 3.0),
            ("1e3", None, 1000.0),
            (",5", None, 0.5),
            ("1'234", None, 1234.0),
        ] {
            let got = parse_number(text, decimal).ok().flatten().map(|n| n.value);
            assert_eq!(got, Some(want), "{text:?}");
        }
        assert_eq!(parse_number("1.234", None), Err(NumberProblem::Ambiguous));
        for missing in ["", ".", "NULL", "NC", "-", " "] {
            assert_eq!(parse_number(missing, None), Ok(None), "missing is not zero: {missing:?}");
        }
        for bad in [
            "1 23",
            "12 34",
            "1.2.3",
            "--3",
            "3--",
            "1,2,3",
            "a",
            "1e999",
            "1,234,5.6",
            "€",
            "(",
            "٣",
        ] {
            assert_eq!(parse_number(bad, None), Err(NumberProblem::Unreadable), "{bad:?}");
        }
        assert_eq!(parse_number("12.5", Some(Comma)), Err(NumberProblem::Unreadable));
        assert!(parse_number("12 %", None).is_ok_and(|n| n.is_some_and(|n| n.percent)));
    }

    #[test]
    fn the_decimal_mark_is_read_off_a_column_or_asked() {
        assert_eq!(guess_decimal(["1.234", "2.500"]), DecimalGuess::Ambiguous);
        assert_eq!(guess_decimal(["1.234", "2,5"]), DecimalGuess::Sure(Decimal::Comma));
        assert_eq!(guess_decimal(["1.234", "2.50"]), DecimalGuess::Sure(Decimal::Point));
        assert_eq!(guess_decimal(["12", "1 234"]), DecimalGuess::NoMark);
        assert_eq!(guess_decimal(["1.5", "1,5"]), DecimalGuess::Mixed);
    }

    #[test]
    fn yes_and_no_have_many_writings() {
        for yes in ["O", "Oui", "VRAI", "1", "X", "x"] {
            assert_eq!(parse_bool(yes), Some(true));
        }
        for no in ["N", "non", "FAUX", "0"] {
            assert_eq!(parse_bool(no), Some(false));
        }
        assert_eq!(parse_bool(""), None);
    }

    #[test]
    fn damaged_identifiers_are_known_true_ones_are_left() {
        for damaged in ["1,85051E+14", "1.85E+14", "9.0E+100"] {
            assert!(is_scientific(damaged.as_bytes()), "{damaged}");
        }
        for fine in ["1E5", "1E+14", "1.5E14", "A1,5E+14", "10861.0", "NA", "1.E+14", "1.5E+1"] {
            assert!(!is_scientific(fine.as_bytes()), "{fine}");
        }
        assert!(is_rounded(b"123456789012345000"));
        assert!(!is_rounded(b"123456789012345001"));
        assert!(!is_rounded(b"123456789012000"));
    }
}
