//! Public logs in text: autodetection alone gives the counts measured independently.

use std::collections::HashSet;
use std::fmt::Write;

use eclusier_ingest::{Format, Hints, Kind, inspect, read_events};

use crate::common::{run_with, shared, us};

/// File, activities to leave out, then cases, events, activities, resources, first, last.
type Profile = (&'static str, &'static [&'static str], [u64; 4], [&'static str; 2]);

const PROFILES: &[Profile] = &[
    (
        "log-academic-credentials/AcademicCredentials.csv.gz",
        &[],
        [954, 4928, 16, 559],
        ["2016-02-01T11:23:52Z", "2016-06-30T22:13:33Z"],
    ),
    (
        "log-academic-credentials/AcademicCredentials_test.csv.gz",
        &[],
        [398, 1788, 16, 281],
        ["2016-04-15T23:47:55Z", "2016-06-30T22:13:33Z"],
    ),
    (
        "log-academic-credentials/AcademicCredentials_train.csv.gz",
        &[],
        [398, 1945, 16, 306],
        ["2016-02-01T11:23:52Z", "2016-04-14T21:07:51Z"],
    ),
    (
        "log-academic-credentials/ConsultaDataMining201618.csv.gz",
        &["Start", "End"],
        [954, 4962, 16, 559],
        ["2016-02-01T11:23:52Z", "2016-06-30T22:13:33Z"],
    ),
    (
        "log-bpic2012-w/BPIC_2012_W.csv.gz",
        &[],
        [8616, 59302, 6, 57],
        ["2011-10-01T09:08:36.7Z", "2012-03-14T15:04:54.681Z"],
    ),
    (
        "log-bpic2012-w/BPIC_2012_W_test.csv.gz",
        &[],
        [2976, 18568, 6, 53],
        ["2012-01-07T09:04:12.635Z", "2012-03-08T19:56:44.326Z"],
    ),
    (
        "log-bpic2012-w/BPIC_2012_W_train.csv.gz",
        &[],
        [3030, 16338, 6, 47],
        ["2011-10-17T08:03:05.103Z", "2011-12-15T19:58:36.212Z"],
    ),
    (
        "log-loan-app/LoanApp.csv.gz",
        &[],
        [1000, 7492, 12, 19],
        ["2023-02-09T08:00:00Z", "2023-05-09T08:31:13.935Z"],
    ),
    (
        "log-loan-app/agentsimulator_test.csv.gz",
        &[],
        [200, 1490, 12, 19],
        ["2023-04-20T08:00:00Z", "2023-05-09T08:31:13.935Z"],
    ),
    (
        "log-loan-app/agentsimulator_train.csv.gz",
        &[],
        [797, 5976, 12, 19],
        ["2023-02-09T08:00:00Z", "2023-04-20T08:27:06.956Z"],
    ),
    (
        "log-production/Production.csv.gz",
        &["Start", "End"],
        [225, 4503, 24, 46],
        ["2012-01-02T07:00:00Z", "2012-03-31T13:45:00Z"],
    ),
    (
        "log-purchasing-example/PurchasingExample.csv.gz",
        &[],
        [608, 9119, 21, 27],
        ["2011-01-01T05:00:00Z", "2011-10-14T20:31:00Z"],
    ),
    (
        "log-road-traffic-fines/road_traffic_fines.csv.gz",
        &[],
        [150_370, 561_470, 11, 148],
        ["2000-01-01T00:00:00Z", "2013-06-18T00:00:00Z"],
    ),
    (
        "sim-ground-truth-loan-application/Loan_Application.csv.gz",
        &[],
        [1000, 11_805, 17, 47],
        ["2023-01-02T09:15:00Z", "2023-02-17T15:13:29.6Z"],
    ),
    (
        "sim-ground-truth-loan-application/Loan_Application_1_timer.csv.gz",
        &[],
        [1000, 11_760, 17, 47],
        ["2023-01-02T09:15:00Z", "2023-02-17T09:19:52.46Z"],
    ),
    (
        "sim-ground-truth-loan-application/Loan_Application_3_timers.csv.gz",
        &[],
        [1000, 11_626, 17, 47],
        ["2023-01-02T09:15:00Z", "2023-02-20T13:36:32.95Z"],
    ),
    (
        "sim-ground-truth-loan-application/Loan_Application_5_timers.csv.gz",
        &[],
        [1000, 10_968, 17, 47],
        ["2023-01-02T09:15:00Z", "2023-02-17T14:13:35.75Z"],
    ),
    (
        "sim-ground-truth-loan-application/Loan_Application_5_timers_after.csv.gz",
        &[],
        [1000, 11_807, 17, 47],
        ["2023-01-02T09:15:00Z", "2023-02-22T09:15:54.666046Z"],
    ),
];

#[test]
fn public_logs_are_read_by_autodetection_alone() {
    for (file, ignored, [cases, events, activities, resources], [first, last]) in PROFILES {
        let Some(path) = shared(file) else { return };
        let preview = inspect(&path, file, &Hints::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(preview.questions, [], "{file}");
        assert_eq!((preview.format, preview.kind), (Format::Csv, Kind::Events), "{file}");
        let outcome = run_with(
            "UTC",
            |ctx| ctx.ignore_activities = ignored.iter().map(|a| (*a).to_owned()).collect(),
            |ctx, sink| read_events(&path, &preview.mapping, ctx, sink),
        );
        let report = outcome.report();
        let distinct: HashSet<String> = outcome
            .kept
            .batches
            .iter()
            .flat_map(|b| {
                let column = b.column_by_name("case").unwrap().as_any();
                let column = column.downcast_ref::<arrow_array::StringArray>().unwrap();
                column.iter().flatten().map(str::to_owned).collect::<HashSet<_>>()
            })
            .collect();
        let got = [distinct.len() as u64, report.accepted, report.activities, report.resources];
        assert_eq!(got, [*cases, *events, *activities, *resources], "{file}");
        assert_eq!((report.first, report.last), (Some(us(first)), Some(us(last))), "{file}");
        assert_eq!(report.quarantined, 0, "{file}");
        // One finding per code and column: several names are one remark.
        let mut said = HashSet::new();
        for f in report.findings.iter().filter(|f| f.line.is_none()) {
            assert!(said.insert((f.code, f.column.clone())), "{file}: {f:?} is said twice");
        }
        assert_eq!(report.rows_read, report.accepted + report.ignored, "{file}");
    }
}

/// A reading without any mapping gives what a confirmed preview gives.
#[test]
fn a_file_read_without_a_mapping_is_read_as_its_preview_says() {
    let file = "log-production/Production.csv.gz";
    let Some(path) = shared(file) else { return };
    let preview = inspect(&path, file, &Hints::default()).unwrap();
    let read = |mapping: &eclusier_ingest::Mapping| {
        run_with("UTC", |_| (), |ctx, sink| read_events(&path, mapping, ctx, sink))
    };
    let (a, b) = (read(&preview.mapping), read(&eclusier_ingest::Mapping::default()));
    assert_eq!(a.kept.rows(), b.kept.rows());
    assert_eq!(a.report(), b.report());
}

#[test]
fn previews_of_public_logs_are_as_reviewed() {
    let mut text = String::new();
    for (file, ..) in PROFILES.iter().filter(|p| !p.0.contains("timer") && !p.0.contains("_t")) {
        let Some(path) = shared(file) else { return };
        let preview = inspect(&path, file, &Hints::default()).unwrap();
        writeln!(
            text,
            "{file}: {} {:?} {:?} header {:?} dates {:?}",
            preview.format.as_str(),
            preview.encoding,
            preview.separator,
            preview.header_row,
            preview.mapping.date_order
        )
        .unwrap();
        for column in &preview.columns {
            let role = column.role.as_deref().unwrap_or("-");
            writeln!(
                text,
                "  {role:<9} {:.2} {:?} {}",
                column.confidence, column.holds, column.name
            )
            .unwrap();
        }
        for warning in &preview.warnings {
            writeln!(text, "  ! {:?} {}", warning.code, warning.en).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
