//! Parquet: every type of date and identifier, detection, damage.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
    types::{Int32Type, Int64Type},
};
use eclusier_ingest::{Code, Format, Hints, Mapping, read};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use proptest::prelude::*;

use crate::common::{Outcome, file_of, read_path, run_with, us};

fn file(columns: Vec<(&str, ArrayRef)>, group: usize) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
            .unwrap();
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .set_compression(parquet::basic::Compression::ZSTD(Default::default()))
        .build();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn read_paris(bytes: &[u8], mapping: &Mapping) -> Outcome {
    let file = file_of(bytes);
    run_with("Europe/Paris", |_| (), |ctx, sink| read::read_events(file.path(), mapping, ctx, sink))
}

const NOON: i64 = 1_720_000_800; // 2024-07-03T10:00:00Z

fn mapping(time: &str) -> Mapping {
    Mapping::from_column_args(&format!("case=case_id,activity=activity,end={time}")).unwrap()
}

#[test]
fn every_kind_of_date_is_read_as_it_was_meant() {
    let table = file(
        vec![
            ("case_id", Arc::new(Int64Array::from(vec![7, 1_234_567_890_123_456_789]))),
            ("activity", Arc::new(DictionaryArray::<Int32Type>::from_iter(["A", "B"]))),
            (
                "utc_ns",
                Arc::new(
                    TimestampNanosecondArray::from(vec![NOON * 1_000_000_000 + 123_456_789; 2])
                        .with_timezone("UTC"),
                ),
            ),
            (
                "zoned_ms",
                Arc::new(
                    TimestampMillisecondArray::from(vec![NOON * 1_000; 2]).with_timezone("+02:00"),
                ),
            ),
            ("local_s", Arc::new(TimestampSecondArray::from(vec![NOON; 2]))),
            ("day", Arc::new(Date32Array::from(vec![19_907; 2]))),
            ("text", texts(&["2024-07-03T12:00:00+02:00", "2024-07-03T12:00:00+02:00"])),
        ],
        1,
    );
    let at = |column: &str| {
        let outcome = read_paris(&table, &mapping(column));
        let report = outcome.report();
        assert_eq!((report.accepted, report.quarantined), (2, 0), "{column}");
        let rows = outcome.kept.rows();
        let cases: Vec<_> = rows.iter().map(|r| r.case.as_str()).collect();
        assert_eq!(cases, ["7", "1234567890123456789"], "{column}: identifiers are exact texts");
        (rows[0].time, rows[0].precision)
    };
    assert_eq!(at("utc_ns"), (us("2024-07-03T10:00:00.123456Z"), 0));
    assert_eq!(at("zoned_ms"), (us("2024-07-03T10:00:00Z"), 0));
    // 10:00 on the wall of Paris in summer.
    assert_eq!(at("local_s"), (us("2024-07-03T08:00:00Z"), 0));
    assert_eq!(at("day"), (us("2024-07-03T00:00:00Z"), 1));
    assert_eq!(at("text"), (us("2024-07-03T10:00:00Z"), 0));
}

#[test]
fn columns_are_detected_and_missing_values_quarantined() {
    let time = TimestampMillisecondArray::from(vec![Some(0), None, Some(2_000), Some(3_000)])
        .with_timezone("UTC");
    let table = file(
        vec![
            (
                "case_id",
                Arc::new(StringArray::from(vec![Some("001"), Some("001"), None, Some("NA")])),
            ),
            ("activity", texts(&["A", "B", "A", "B"])),
            ("timestamp", Arc::new(time)),
            ("resource", texts(&["DUPONT", "DUPONT", "MARTIN", "MARTIN"])),
            ("amount", Arc::new(Float64Array::from(vec![1.5; 4]))),
            ("flag", Arc::new(BooleanArray::from(vec![true; 4]))),
            (
                "tags",
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(vec![
                    Some(vec![Some(
                        1
                    )]);
                    4
                ])),
            ),
        ],
        2,
    );
    let path = file_of(&table);
    assert_eq!(read::format_of(path.path(), "t", Default::default()).unwrap(), Format::Parquet);
    let preview = read::inspect(path.path(), "t.parquet", &Hints::default()).unwrap();
    assert_eq!(preview.format, Format::Parquet);
    assert!(preview.questions.is_empty(), "{:?}", preview.questions);
    assert_eq!(preview.mapping.columns.case.as_deref(), Some("case_id"));
    assert_eq!(preview.mapping.columns.time.as_deref(), Some("timestamp"));
    let outcome = read_path(read::read_events, path.path(), &Mapping::default());
    let report = outcome.report();
    assert_eq!((report.accepted, report.quarantined, report.resources), (2, 2, 2));
    let codes: Vec<_> = outcome.refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(codes, [(2, Code::MissingTime), (3, Code::MissingCase)]);
    assert!(!format!("{:?}", outcome.refused.rows).contains("MARTIN"));
    assert!(report.notes.iter().any(|[fr, _]| fr.contains("tags")), "{:?}", report.notes);
    assert_eq!(outcome.kept.rows()[1].case, "NA");
}

fn usual() -> Vec<u8> {
    let n = 600i64;
    let time = TimestampMillisecondArray::from_iter_values((0..n).map(|i| i * 60_000))
        .with_timezone("UTC");
    file(
        vec![
            (
                "case_id",
                Arc::new(StringArray::from_iter_values((0..n).map(|i| format!("c{}", i / 7)))),
            ),
            (
                "activity",
                Arc::new(StringArray::from_iter_values((0..n).map(|i| format!("a{}", i % 5)))),
            ),
            ("timestamp", Arc::new(time)),
        ],
        100,
    )
}

#[test]
fn what_is_cut_or_damaged_is_refused() {
    let whole = usual();
    let outcome = read_path(read::read_events, file_of(&whole).path(), &mapping("timestamp"));
    assert_eq!(outcome.report().accepted, 600);
    let said = Mapping { format: Some(Format::Parquet), ..mapping("timestamp") };
    for cut in (0..whole.len()).step_by(101) {
        let outcome = read_path(read::read_events, file_of(&whole[..cut]).path(), &said);
        assert_eq!(outcome.code(), Code::Malformed, "cut at {cut}");
    }
    let mut footer = whole.clone();
    let n = footer.len();
    footer[n - 8..n - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        read_path(read::read_events, file_of(&footer).path(), &said).code(),
        Code::Malformed
    );
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let table = file(vec![("case_id", texts(&vec!["x".repeat(4_096).as_str(); 20_000]))], 20_000);
    let path = file_of(&table);
    let outcome = run_with(
        "UTC",
        |ctx| {
            ctx.limits.expanded_bytes = 1;
            ctx.limits.expansion_ratio = 1;
        },
        |ctx, sink| read::read_events(path.path(), &mapping("t"), ctx, sink),
    );
    assert_eq!(outcome.code(), Code::TooExpanded);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn damage_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = usual();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let said = Mapping { format: Some(Format::Parquet), ..mapping("timestamp") };
        let outcome = read_path(read::read_events, file_of(&bytes).path(), &said);
        if let Ok(report) = outcome.report {
            prop_assert_eq!(report.accepted + report.quarantined + report.ignored, report.rows_read);
        }
    }
}
