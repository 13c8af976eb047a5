//! Conversions between the values of the program and the columns.

use eclusier_core::{Period, ProcessId};
use jiff::{Timestamp, civil::Date};
use sha2::{Digest, Sha256};

use crate::RegistryError;

/// Microseconds since 1970 UTC; finer digits are dropped.
pub(crate) fn to_us(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The instant as the database gives it back: whole microseconds.
pub(crate) fn whole_us(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

pub(crate) fn to_timestamp(field: &'static str, us: i64) -> Result<Timestamp, RegistryError> {
    Timestamp::from_microsecond(us).map_err(|_| wrong(field, us))
}

/// SQLite and PostgreSQL have no unsigned integers: beyond 2^63 a count is refused, not wrapped.
pub(crate) fn to_count(field: &'static str, count: u64) -> Result<i64, RegistryError> {
    i64::try_from(count).map_err(|_| wrong(field, count))
}

pub(crate) fn from_count(field: &'static str, count: i64) -> Result<u64, RegistryError> {
    u64::try_from(count).map_err(|_| wrong(field, count))
}

pub(crate) fn to_date(field: &'static str, text: &str) -> Result<Date, RegistryError> {
    text.parse().map_err(|_| wrong(field, text))
}

pub(crate) fn to_period(
    field: &'static str,
    from: &str,
    to: &str,
) -> Result<Period, RegistryError> {
    Period::new(to_date(field, from)?, to_date(field, to)?)
        .map_err(|_| wrong(field, format!("{from}..{to}")))
}

pub(crate) fn to_process(field: &'static str, text: String) -> Result<ProcessId, RegistryError> {
    ProcessId::new(text.clone()).map_err(|_| wrong(field, text))
}

pub(crate) fn wrong(field: &'static str, value: impl ToString) -> RegistryError {
    RegistryError::Value { field, value: value.to_string() }
}

/// Refuses text that is not JSON, before it is stored for ever.
pub(crate) fn check_json(what: &'static str, text: &str) -> Result<(), RegistryError> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| ())
        .map_err(|source| RegistryError::Json { what, source })
}

/// A text of a file as both databases can hold it: PostgreSQL has no null character. The order
/// of texts is kept, and what comes back is what went in.
pub(crate) fn without_null(text: &str) -> String {
    if !text.contains(['\0', '\u{1}']) {
        return text.to_owned();
    }
    text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}")
}

/// The text as it was before [`without_null`].
pub(crate) fn with_null(text: &str) -> String {
    if !text.contains('\u{1}') {
        return text.to_owned();
    }
    text.replace("\u{1}\u{1}", "\0").replace("\u{1}\u{2}", "\u{1}")
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_without_null_sorts_and_comes_back(a in "[\0\u{1}\u{2}ab]{0,8}", b in "[\0\u{1}\u{2}ab]{0,8}") {
            let (x, y) = (without_null(&a), without_null(&b));
            prop_assert!(!x.contains('\0'));
            prop_assert_eq!(with_null(&x), a.clone());
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
