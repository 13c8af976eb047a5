//! National identity numbers (NIR): found wherever they hide, replaced at the door.
//!
//! - Computes: whether a text is or holds a NIR, thirteen characters or fifteen with its key.
//! - Units: none.
//! - Shapes: text in; the same text, or a copy whose numbers are replaced, out.
//! - Errors: none; strict mode is the caller's, who is told what was found.
//! - Source: decree 2019-341; key = 97 − n mod 97, Corsica 2A read 19 and 2B read 18.

use std::{borrow::Cow, ops::Range};

use crate::identity::Pseudonymiser;

/// Shortest text that can hold a NIR.
const SHORTEST: usize = 13;

/// A NIR seen in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Bytes it covers, separators included.
    pub at: Range<usize>,
    /// Its thirteen or fifteen characters.
    pub compact: String,
    /// Its key is there and right.
    pub keyed: bool,
}

/// Whether thirteen characters have the shape of a NIR; `strict` wants a real month.
fn plausible(body: &[u8], strict: bool) -> bool {
    let Some(&[sex, _, _, m1, m2, d1, d2, c1, c2, c3, o1, o2, o3]) = body.first_chunk::<13>()
    else {
        return false;
    };
    let digit = |b: u8| b.is_ascii_digit();
    if ![m1, m2, d1, c1, c2, c3, o1, o2, o3].into_iter().all(digit) {
        return false;
    }
    let number = |a: u8, b: u8| u32::from(a - b'0') * 10 + u32::from(b - b'0');
    let month = number(m1, m2);
    let month_fits = if strict {
        (1..=12).contains(&month)
    } else {
        matches!(month, 1..=12 | 20..=42 | 50..=99)
    };
    let corsica = d1 == b'2' && matches!(d2, b'A' | b'B' | b'a' | b'b');
    let department_fits = corsica || (digit(d2) && number(d1, d2) != 0);
    matches!(sex, b'1'..=b'4' | b'7' | b'8')
        && month_fits
        && department_fits
        && [c1, c2, c3] != *b"000"
        && [o1, o2, o3] != *b"000"
}

/// Key of thirteen characters.
fn key_of(body: &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for (i, b) in body.iter().take(13).enumerate() {
        let value = match (i, b) {
            (_, b'0'..=b'9') => u64::from(b - b'0'),
            // 2A is read 19 and 2B is read 18: the digit before is lowered by one.
            (6, b'A' | b'a') => {
                n = n.saturating_sub(1);
                9
            }
            (6, b'B' | b'b') => {
                n = n.saturating_sub(1);
                8
            }
            _ => return None,
        };
        n = n * 10 + value;
    }
    Some(97 - n % 97)
}

/// Whether fifteen characters without separators are a NIR with its right key.
pub fn is_keyed(text: &str) -> bool {
    let text = text.as_bytes();
    let [.., k1, k2] = text else { return false };
    text.len() == 15
        && k1.is_ascii_digit()
        && k2.is_ascii_digit()
        && plausible(text, false)
        && key_of(text) == Some(u64::from(k1 - b'0') * 10 + u64::from(k2 - b'0'))
}

/// Whether thirteen characters without separators look like a NIR without its key.
///
/// One such value proves nothing: a column of them does.
pub fn is_body(text: &str) -> bool {
    text.len() == 13 && plausible(text.as_bytes(), true)
}

/// First NIR of a text: fifteen characters with the right key, grouped or not;
/// thirteen when grouped as people write them, or bare when `bare` says so.
pub fn find(text: &str, bare: bool) -> Option<Found> {
    if text.len() < SHORTEST {
        return None;
    }
    let bytes = text.as_bytes();
    // Twelve digits at least, Corsica included: most texts stop here.
    if bytes.iter().filter(|b| b.is_ascii_digit()).count() < 12 {
        return None;
    }
    let mut at = 0;
    while at + SHORTEST <= bytes.len() {
        let previous = at.checked_sub(1).and_then(|i| bytes.get(i));
        let starts = matches!(bytes.get(at), Some(b'1'..=b'4' | b'7' | b'8'))
            && !previous.is_some_and(u8::is_ascii_alphanumeric);
        if starts && let Some(found) = at_start(text, at, bare) {
            return Some(found);
        }
        at += 1;
    }
    None
}

fn at_start(text: &str, start: usize, bare: bool) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut compact = Vec::with_capacity(15);
    // Where a separator was met, counted in characters before it.
    let mut cuts = Vec::new();
    let mut at = start;
    let mut ends = [0; 16];
    while compact.len() < 15 {
        let Some(&b) = bytes.get(at) else { break };
        let corsica = compact.len() == 6
            && compact.last() == Some(&b'2')
            && matches!(b, b'A' | b'B' | b'a' | b'b');
        if b.is_ascii_digit() || corsica {
            compact.push(b);
            at += 1;
            if let Some(end) = ends.get_mut(compact.len()) {
                *end = at;
            }
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let gap = match rest {
            [b' ' | b'.' | b'-' | b'_' | b'/', ..] => 1,
            [0xc2, 0xa0, ..] => 2,
            [0xe2, 0x80, 0xaf | 0x89, ..] => 3,
            _ => break,
        };
        // One separator between two characters, never two.
        if cuts.last() == Some(&compact.len()) {
            break;
        }
        cuts.push(compact.len());
        at += gap;
    }
    let alone = |end: usize| !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    let word = |n: usize| compact.get(..n).and_then(|c| String::from_utf8(c.to_vec()).ok());
    // Two blocks of digits, such as an order and its line (`4508055965_00110`), are a composite number:
    // a person writes a NIR whole, by groups, or with only its sex or its key apart.
    let composite = match cuts.as_slice() {
        [only] => !matches!(only, 1 | 13),
        _ => false,
    };
    if compact.len() == 15
        && !composite
        && let Some(whole) = word(15)
        && alone(ends[15])
        && is_keyed(&whole)
    {
        return Some(Found { at: start..ends[15], compact: whole, keyed: true });
    }
    if compact.len() >= 13 && alone(ends[13]) {
        let inside: Vec<usize> = cuts.iter().copied().filter(|c| *c < 13).collect();
        let grouped = inside == [1, 3, 5, 7, 10];
        let body = word(13)?;
        // A fourteenth digit right behind would make it another number.
        let cut_after = compact.len() == 13 || cuts.contains(&13);
        let fits = (grouped && plausible(body.as_bytes(), false))
            || (bare && inside.is_empty() && compact.len() == 13 && is_body(&body));
        if fits && cut_after {
            return Some(Found { at: start..ends[13], compact: body, keyed: false });
        }
    }
    None
}

/// Replaces every NIR of a text by the local number of the person it names.
pub fn replace<'t>(text: &'t str, bare: bool, people: &Pseudonymiser) -> Cow<'t, str> {
    let Some(mut found) = find(text, bare) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    loop {
        out.push_str(rest.get(..found.at.start).unwrap_or(""));
        // The key adds nothing: the same person has the same number with and without it.
        out.push_str(&people.case(found.compact.get(..13).unwrap_or(&found.compact)));
        rest = rest.get(found.at.end..).unwrap_or("");
        match find(rest, bare) {
            Some(next) => found = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Same shape, nothing readable: letters become `x`, digits `9`.
pub fn mask(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c if c.is_numeric() => '9',
            c => c,
        })
        .collect()
}

/// The text with its NIRs masked, for previews.
pub fn masked(text: &str) -> Cow<'_, str> {
    let Some(mut found) = find(text, true) else { return Cow::Borrowed(text) };
    let mut out = String::new();
    let mut rest = text;
    loop {
        out.push_str(rest.get(..found.at.start).unwrap_or(""));
        out.push_str(&mask(rest.get(found.at.clone()).unwrap_or("")));
        rest = rest.get(found.at.end..).unwrap_or("");
        match find(rest, true) {
            Some(next) => found = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The start of a text, as a message may quote it: a cell that is not what its column
/// holds may hold anyone, so words keep only their shape; the `T` of a date stays.
pub(crate) fn quoted(text: &str) -> String {
    let text: Vec<char> = masked(text).chars().take(40).collect();
    let letter =
        |i: Option<usize>| i.and_then(|i| text.get(i)).is_some_and(|c: &char| c.is_alphabetic());
    let shape = |(i, &c): (usize, &char)| match c {
        c if !c.is_alphabetic() || !(letter(i.checked_sub(1)) || letter(Some(i + 1))) => c,
        c if c.is_uppercase() => 'X',
        _ => 'x',
    };
    text.iter().enumerate().map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An invented number with its key computed the long way.
    fn invented(body: &str) -> String {
        let n: u64 = body.replace("2A", "19").replace("2B", "18").parse().unwrap_or(0);
        format!("{body}{:02}", 97 - n % 97)
    }

    #[test]
    fn a_number_with_its_key_is_found_grouped_or_not() {
        for body in ["1850578006084", "255082A012345", "255082B012345", "7991299101001"] {
            let whole = invented(body);
            assert!(is_keyed(&whole), "{whole}");
            let wrong = if whole.ends_with("01") { "02" } else { "01" };
            assert!(!is_keyed(&format!("{body}{wrong}")));
            let b = body;
            let grouped = format!(
                "Vu M. X, NIR {} {} {} {} {} {} {}, rappeler",
                &b[..1],
                &b[1..3],
                &b[3..5],
                &b[5..7],
                &b[7..10],
                &b[10..13],
                &whole[13..]
            );
            assert_eq!(find(&grouped, false).map(|f| f.compact), Some(whole.clone()), "{grouped}");
            for cut in [1, 13] {
                let apart = format!("{}_{}", &whole[..cut], &whole[cut..]);
                assert_eq!(find(&apart, false).map(|f| f.compact), Some(whole.clone()), "{apart}");
            }
        }
    }

    #[test]
    fn other_long_numbers_are_left_alone() {
        for fine in [
            "2025-01-31T14:30:00.000",
            "31/01/2025 14:30:00",
            "1700000000000",
            "123456789012345",
            "06 12 34 56 78 01 23",
            "DOSSIER-2024-000123456",
            "A1850578006084",
            "18505780060841234",
            // Orders and their lines: fifteen digits whose key is right by chance.
            "4508055965_00110",
            "4507006942_00120",
            "4508063152-00230",
        ] {
            assert_eq!(find(fine, false), None, "{fine}");
        }
        // Thirteen bare digits are one only when the column says so.
        assert_eq!(find("1850578006084", false), None);
        assert!(find("1850578006084", true).is_some());
    }

    #[test]
    fn replaced_numbers_leave_no_digit_behind() {
        let people = Pseudonymiser::new(&[7; 32]).unwrap_or_else(|e| panic!("{e}"));
        let whole = invented("1850578006084");
        let text = format!("« {whole} » et 1 85 05 78 006 084.");
        let clean = replace(&text, false, &people);
        assert!(!clean.contains("85") || !clean.contains("78006"), "{clean}");
        let names: Vec<&str> = clean.split_whitespace().filter(|w| w.starts_with("n-")).collect();
        assert_eq!(names.len(), 2);
        assert_eq!(names[0], names[1].trim_end_matches('.'), "one person, one number");
        assert!(matches!(replace("rien ici", true, &people), Cow::Borrowed(_)));
        assert_eq!(masked(&whole), "999999999999999");
        assert_eq!(quoted(&format!("Durand, {whole}")), "Xxxxxx, 999999999999999");
        assert_eq!(quoted("2025-02-31T10:00:00Z"), "2025-02-31T10:00:00Z");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}", bare: bool) {
            find(&text, bare);
        }
        #[test]
        fn every_keyed_number_is_found(sex in prop::sample::select(vec![1u8, 2, 7, 8]), yy in 0u8..100, mm in 1u8..13,
            dd in 1u8..96, cc in 1u16..991, oo in 1u16..1000, before in "[a-z ]{0,5} ", after in "[ ,;.][a-z ]{0,5}") {
            let whole = invented(&format!("{sex}{yy:02}{mm:02}{dd:02}{cc:03}{oo:03}"));
            prop_assert_eq!(find(&format!("{before}{whole}{after}"), false).map(|f| f.compact), Some(whole));
        }
    }
}
