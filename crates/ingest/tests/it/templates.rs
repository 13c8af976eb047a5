//! The templates come back through the readers as they are given out.

use eclusier_core::{Lang, org::AbsenceCause};
use eclusier_eventlog::MovementKind as K;
use eclusier_ingest::{
    Code, Finding, Mapping, absences::read_absences, counts::read_counts, read_events,
    staff::read_staff, templates,
};
use jiff::civil::date;

use crate::{
    common::{file_of, run_with, us},
    counts::with_context,
};

/// A file given out by us must not be criticised by us.
fn nothing_to_mend(findings: &[Finding]) {
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn the_template_of_counts_imports_as_it_is() {
    let mut kinds = Vec::new();
    for lang in [Lang::Fr, Lang::En] {
        let file = file_of(&templates::counts(lang).unwrap());
        let (report, refused) =
            with_context(|ctx| read_counts(file.path(), &Mapping::default(), ctx));
        let report = report.unwrap();
        assert_eq!((report.rows_read, report.accepted, refused.rows.len()), (3, 3, 0));
        nothing_to_mend(&report.findings);
        assert_eq!(report.kinds_present, K::ALL);
        assert_eq!((report.first, report.last), (Some(date(2025, 1, 6)), Some(date(2025, 1, 7))));
        assert!(report.cannot.len() == 1, "{:?}", report.cannot);
        let first = &report.movements[0];
        assert!(first.dimensions.product.is_some() && first.dimensions.unit.is_some());
        kinds.push(report.movements.iter().map(|m| (m.day, m.kind, m.count)).collect::<Vec<_>>());
    }
    assert_eq!(kinds[0], kinds[1], "both languages say the same");
}

#[test]
fn the_template_of_events_imports_as_it_is() {
    for lang in [Lang::Fr, Lang::En] {
        let file = file_of(&templates::events(lang).unwrap());
        let out = run_with(
            "Europe/Paris",
            |_| (),
            |ctx, sink| read_events(file.path(), &Mapping::default(), ctx, sink),
        );
        let report = out.report();
        assert_eq!((report.rows_read, report.accepted, report.quarantined), (3, 3, 0));
        nothing_to_mend(&report.findings);
        let rows = out.kept.rows();
        assert_eq!(rows[0].start, Some(us("2025-01-06T08:00:00Z")));
        assert_eq!(rows[0].time, us("2025-01-06T08:10:00Z"));
        assert!(
            rows.iter().all(|r| r.resource.is_some()
                && r.unit.is_some()
                && r.product.is_some()
                && r.channel.is_some()),
            "{rows:?}"
        );
        assert_eq!(report.activities, 2);
    }
}

#[test]
fn the_template_of_staff_imports_as_it_is() {
    for lang in [Lang::Fr, Lang::En] {
        let file = file_of(&templates::staff(lang).unwrap());
        let (report, refused) =
            with_context(|ctx| read_staff(file.path(), &Mapping::default(), ctx));
        let report = report.unwrap();
        assert_eq!((report.rows_read, report.accepted, refused.rows.len()), (3, 3, 0));
        nothing_to_mend(&report.findings);
        let last = &report.rows[2];
        assert_eq!((last.contract_share, last.weekly_hours), (Some(0.5), Some(18.0)));
        assert_eq!((last.from, last.to), (Some(date(2025, 1, 6)), Some(date(2025, 1, 31))));
        assert!(last.org.is_some() && last.unit.is_some());
        assert_eq!(report.rows[0].skills.len(), 2);
    }
}

#[test]
fn the_template_of_absences_imports_as_it_is() {
    for lang in [Lang::Fr, Lang::En] {
        let file = file_of(&templates::absences(lang).unwrap());
        let (report, refused) =
            with_context(|ctx| read_absences(file.path(), &Mapping::default(), ctx));
        let report = report.unwrap();
        assert_eq!((report.rows_read, report.accepted, refused.rows.len()), (3, 3, 0));
        nothing_to_mend(&report.findings);
        let half = &report.rows[1];
        assert_eq!((half.from, half.to, half.from_noon), (half.to, date(2025, 1, 7), true));
        let causes: Vec<AbsenceCause> = report.rows.iter().map(|r| r.cause).collect();
        assert_eq!(causes, [AbsenceCause::Leave, AbsenceCause::Recovery, AbsenceCause::Training]);
    }
}

#[test]
fn example_rows_left_beside_real_ones_are_dropped_and_said() {
    use calamine::{Reader as _, Xlsx, open_workbook_from_rs};
    // The same rows as the template, with one real line below.
    let bytes = templates::counts(Lang::Fr).unwrap();
    let mut book: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let header: Vec<String> = book
        .worksheet_range("Comptages")
        .unwrap()
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut text = header.join(";");
    text += "\n06/01/2025;EXEMPLE Retraite;;;120\n08/01/2025;Retraite;;;7\n";
    let file = file_of(text.as_bytes());
    let (report, _) = with_context(|ctx| read_counts(file.path(), &Mapping::default(), ctx));
    let report = report.unwrap();
    assert_eq!(report.movements.len(), 1);
    assert_eq!(report.movements[0].count, 7);
    assert!(report.findings.iter().any(|f| f.code == Code::ExampleRowsSkipped));
}

#[test]
fn a_template_is_the_same_every_time() {
    for make in [templates::counts, templates::events, templates::staff, templates::absences] {
        let first = make(Lang::Fr).unwrap();
        assert_eq!(first, make(Lang::Fr).unwrap());
        assert_ne!(first, make(Lang::En).unwrap());
    }
}
