//! Numbers as people read them, in French and in English.
//!
//! - Computes: the words for counts, shares and durations.
//! - Units: seconds and shares in; units are always written, held to their number
//!   by a space that does not break.
//! - Shapes: a number and a language in, a text out.
//! - Errors: none; what is no number is "—".
//! - Source: the typographic rules of the Imprimerie nationale for French (narrow
//!   space between thousands, decimal comma), and English usage.

use eclusier_core::lang::Lang;

/// What stands where there is no figure.
pub const NONE: &str = "—";
/// A space that does not break, and a narrow one.
const HARD: char = '\u{a0}';
const NARROW: char = '\u{202f}';

/// A number with at most so many decimals; from ten millions on, in millions or more.
pub fn number(value: f64, decimals: usize, lang: Lang) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let size = value.abs();
    let scales = [
        (1e15, 1e15, "×10¹⁵", "×10¹⁵"),
        (1e12, 1e12, "×10¹²", "tn"),
        (1e9, 1e9, "Md", "bn"),
        (1e7, 1e6, "M", "M"),
    ];
    if size >= 1e18 {
        let text = format!("{value:.1e}");
        return if lang == Lang::Fr { text.replace('.', ",") } else { text };
    }
    for (from, unit, fr, en) in scales {
        if size >= from {
            return format!("{}{HARD}{}", plain(value / unit, 1, lang), lang.pick(fr, en));
        }
    }
    plain(value, decimals, lang)
}

/// A count of things.
pub fn count(value: u64, lang: Lang) -> String {
    number(value as f64, 0, lang)
}

/// A number of some size: two or three figures that matter, no zero at the end.
pub fn measure(value: f64, lang: Lang) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 0.995 => 1,
        _ => 2,
    };
    let text = number(value, decimals, lang);
    let point = lang.pick(",", ".");
    match text.split_once(point) {
        Some((whole, part)) if value.abs() < 99.95 => match part.trim_end_matches('0') {
            "" => whole.to_owned(),
            part => format!("{whole}{point}{part}"),
        },
        _ => text,
    }
}

/// A text whose pseudonyms (runs of 20 hexadecimal digits and more) keep their eight first
/// digits, as the screens write them.
pub fn brief(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        let pseudonym = word.len() >= 20
            && word.bytes().all(|b| b.is_ascii_hexdigit())
            && word.bytes().any(|b| b.is_ascii_digit());
        match word.get(..8).filter(|_| pseudonym) {
            Some(head) => {
                out.push_str(head);
                out.push('…');
                out.push_str(part.get(word.len()..).unwrap_or_default());
            }
            None => out.push_str(part),
        }
    }
    out
}

/// A share in percent.
pub fn percent(share: f64, lang: Lang) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    let value = share * 100.0;
    let decimals = usize::from(value.abs() < 9.95 && value != 0.0);
    let space = lang.pick("\u{202f}", "");
    format!("{}{space}%", number(value, decimals, lang))
}

/// A duration; from one day of `day_s` seconds on, in such days.
pub fn duration(seconds: f64, day_s: Option<f64>, lang: Lang) -> String {
    if !seconds.is_finite() {
        return NONE.to_owned();
    }
    let day = day_s.filter(|d| d.is_finite() && *d > 0.0).unwrap_or(86_400.0);
    let size = seconds.abs();
    if size >= day {
        let days = lang.pick("j", "d");
        let value = seconds / day;
        let decimals = usize::from(value.abs() < 99.95);
        return format!("{}{HARD}{days}", number(value, decimals, lang));
    }
    let minutes = (size / 60.0).round();
    if size < 59.5 {
        return format!("{}{HARD}s", number(seconds.round() + 0.0, 0, lang));
    }
    let sign = if seconds < 0.0 { "−" } else { "" };
    if minutes < 60.0 {
        return format!("{sign}{minutes:.0}{HARD}min");
    }
    let (hours, rest) = ((minutes / 60.0).floor(), minutes % 60.0);
    match rest < 1.0 {
        true => format!("{sign}{hours:.0}{HARD}h"),
        false => format!("{sign}{hours:.0}{HARD}h{HARD}{rest:02.0}"),
    }
}

fn plain(value: f64, decimals: usize, lang: Lang) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    let mut out = String::with_capacity(text.len() + 8);
    if value < 0.0 && !zero {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        // Four figures stand together no better than five.
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(if lang == Lang::Fr { NARROW } else { ',' });
        }
        out.push(digit);
    }
    if !part.is_empty() {
        out.push(if lang == Lang::Fr { ',' } else { '.' });
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let fr = |v, d| number(v, d, Lang::Fr);
        assert_eq!(fr(1234567.0, 0), "1\u{202f}234\u{202f}567");
        assert_eq!(fr(-0.04, 1), "0,0");
        assert_eq!(fr(12_345_678.0, 0), "12,3\u{a0}M");
        assert_eq!(fr(3.2e9, 0), "3,2\u{a0}Md");
        assert_eq!(fr(f64::NAN, 0), "—");
        assert_eq!(number(1234.5, 1, Lang::En), "1,234.5");
        assert_eq!(measure(0.0, Lang::Fr), "0");
        assert_eq!(measure(34.26, Lang::Fr), "34,3");
        assert_eq!(measure(1.234, Lang::En), "1.2");
        assert_eq!(measure(7.0, Lang::Fr), "7");
        assert_eq!(measure(0.4, Lang::Fr), "0,4");
        assert_eq!(measure(1234.0, Lang::En), "1,234");
        assert_eq!(percent(0.925, Lang::Fr), "92\u{202f}%");
        assert_eq!(percent(0.032, Lang::En), "3.2%");
    }

    #[test]
    fn hashes_are_cut_and_words_are_not() {
        assert_eq!(brief("Envoi 0123456789abcdef0123456789abcdef ok"), "Envoi 01234567… ok");
        assert_eq!(brief("0123456789ABCDEF01234567"), "01234567…");
        assert_eq!(brief("0123456789abcdef012"), "0123456789abcdef012");
        assert_eq!(brief("Vérification décidée"), "Vérification décidée");
        assert_eq!(brief("deadbeefdeadbeefdeadbeef"), "deadbeefdeadbeefdeadbeef");
        assert_eq!(brief(""), "");
    }

    #[test]
    fn durations_take_the_unit_that_speaks() {
        let fr = |s| duration(s, Some(7.0 * 3600.0), Lang::Fr);
        assert_eq!(fr(0.0), "0\u{a0}s");
        assert_eq!(fr(45.0), "45\u{a0}s");
        assert_eq!(fr(59.7), "1\u{a0}min");
        assert_eq!(fr(3599.0), "1\u{a0}h");
        assert_eq!(fr(12_000.0), "3\u{a0}h\u{a0}20");
        assert_eq!(fr(7.0 * 3600.0 * 4.2), "4,2\u{a0}j");
        assert_eq!(fr(f64::INFINITY), "—");
        assert_eq!(duration(86_400.0 * 400.0, None, Lang::En), "400\u{a0}d");
        assert_eq!(duration(-600.0, None, Lang::En), "−10\u{a0}min");
    }
}
