//! Rules are tried before they are stored, and change the figures once they are.

use eclusier_app::{Figure, exports::ExportFormat, figures::ClosingKind};
use eclusier_core::{
    Lang, ProcessRules,
    config::{
        Campaign, Closure, DayCounter, Event, EventKind, Exclusion, Target, TimeBasis, UnitTime,
    },
};

use crate::common::*;

fn value(figures: &[Figure], id: &str) -> Option<f64> {
    figures.iter().find(|f| f.id == id).and_then(|f| f.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_stores_nothing_and_storing_does_what_it_said() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 60)), "pensions").await;
    let pensions = process("pensions");
    let learned = bench.app.config(&pensions).await.unwrap();
    assert_eq!(learned.closing, ClosingKind::Learned);
    assert!(learned.versions.is_empty());
    let [fr, en] = &learned.words;
    assert!(fr.contains("Décision") && en.contains("Décision"), "{fr} / {en}");
    assert_ne!(fr, en);
    let before = bench.state("pensions").await;
    let figures = bench.app.indicators(&of("pensions"), &[]).await.unwrap();
    assert_eq!(value(&figures, "overdue"), None);

    let preview = bench.app.preview_config(&pensions, None, rules()).await.unwrap();
    assert!(preview.problems.is_empty());
    assert_eq!(preview.closing, ClosingKind::Configured);
    assert_eq!(preview.before, figures);
    // Twelve cases of sixty are never decided; all are past five worked days but the last ones.
    assert_eq!(value(&preview.after, "stock"), Some(12.0));
    assert!(value(&preview.after, "overdue").is_some_and(|n| n > 0.0));
    assert_eq!(bench.state("pensions").await, before);
    assert!(bench.app.config(&pensions).await.unwrap().versions.is_empty());

    bench.app.put_config(&pensions, None, &rules()).await.unwrap();
    let stored = bench.app.indicators(&of("pensions"), &[]).await.unwrap();
    assert_eq!(
        stored.iter().map(|f| (&f.id, f.value)).collect::<Vec<_>>(),
        preview.after.iter().map(|f| (&f.id, f.value)).collect::<Vec<_>>()
    );
    let view = bench.app.config(&pensions).await.unwrap();
    assert_eq!((view.closing, view.versions.len()), (ClosingKind::Configured, 1));
    assert_eq!(view.label, "Pensions");
    let decision = view.activities.iter().find(|a| a.name == "Décision").unwrap();
    assert_eq!(
        (decision.role, decision.events, decision.cases, decision.ends),
        ("settled", 48, 48, 48)
    );
    // Another program sees the rules at its next question.
    let other = bench.another().await;
    assert_eq!(value(&other.indicators(&of("pensions"), &[]).await.unwrap(), "stock"), Some(12.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_with_a_problem_are_never_stored() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 10)), "pensions").await;
    let bad = ProcessRules { zone: "Europe/Nulle-Part".into(), ..rules() };
    let preview = bench.app.preview_config(&process("pensions"), None, bad.clone()).await.unwrap();
    assert!(!preview.problems.is_empty());
    assert_eq!(preview.before, preview.after);
    let refused = bench.app.put_config(&process("pensions"), None, &bad).await.unwrap_err();
    assert_eq!(refused.kind(), "invalid");
    assert!(bench.app.config(&process("pensions")).await.unwrap().versions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_hold_from_their_day() {
    let bench = Bench::new().await;
    let lines = [month("A", 1, 40), month("B", 3, 40)].concat();
    bench.store("a.csv", &csv(&lines), "pensions").await;
    let pensions = process("pensions");
    bench.app.put_config(&pensions, None, &rules()).await.unwrap();
    let mut stricter = rules();
    stricter.states.settled = vec!["Instruction".into(), "Décision".into()];
    let from = day("2025-03-01");
    let preview = bench.app.preview_config(&pensions, Some(from), stricter.clone()).await.unwrap();
    // The eight undecided cases of January stay open; those of March close at their instruction.
    assert_eq!(value(&preview.before, "stock"), Some(16.0));
    assert_eq!(value(&preview.after, "stock"), Some(8.0));
    bench.app.put_config(&pensions, Some(from), &stricter).await.unwrap();
    let figures = bench.app.indicators(&of("pensions"), &["stock".into()]).await.unwrap();
    assert_eq!(value(&figures, "stock"), Some(8.0));
    // January as it stood does not move.
    let mut january = of("pensions");
    january.as_of = Some(day("2025-01-31"));
    let figures = bench.app.indicators(&january, &["stock".into()]).await.unwrap();
    assert_eq!(value(&figures, "stock"), Some(8.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_mapping_is_proposed_for_the_same_header() {
    let bench = Bench::new().await;
    let text = csv(&month("A", 1, 10));
    let (id, path) = bench.app.new_upload("../../export 2025-01.csv").unwrap();
    std::fs::write(path, &text).unwrap();
    let view = bench.app.inspect(&id, None, None).await.unwrap();
    assert_eq!((view.name.as_str(), view.process.as_str()), ("export 2025-01.csv", "export"));
    assert!(view.known_mapping.is_none());
    bench.app.save_mapping_of_upload(&id, "outil", &process("pensions"), None).await.unwrap();
    let file = bench.file("autre.csv", csv(&month("Z", 5, 3)));
    let (found, mapping) = bench.app.inbox_mapping(&file).await.unwrap().unwrap();
    assert_eq!(found, process("pensions"));
    assert_eq!(mapping, view.preview.mapping);
    assert_eq!(
        bench.app.inspect(&id, None, None).await.unwrap().known_mapping.as_deref(),
        Some("outil")
    );
    let other = bench.file("inconnu.csv", "x;y;z\r\n1;2;3\r\n");
    assert!(bench.app.inbox_mapping(&other).await.unwrap().is_none());
    bench.app.delete_mapping("outil").await.unwrap();
    assert!(bench.app.inbox_mapping(&file).await.unwrap().is_none());
    assert_eq!(bench.app.delete_mapping("outil").await.unwrap_err().kind(), "not-found");
    bench.app.drop_upload(&id).unwrap();
    for bad in [id.as_str(), "../lake", "..", ""] {
        assert_eq!(bench.app.upload(bad).unwrap_err().kind(), "not-found", "{bad}");
    }
}

/// Something in every section, with what spreadsheets like to spoil.
fn full() -> ProcessRules {
    let window = |product: Option<&str>, reason: &str| Exclusion {
        from: day("2025-03-10"),
        to: day("2025-03-12"),
        product: product.map(str::to_owned),
        reason: reason.into(),
    };
    let mut rules = rules();
    rules.target = vec![
        Target {
            product: None,
            days: 15,
            counter: DayCounter::Worked,
            share: Some(0.855),
            stock: Some(1_200),
        },
        Target {
            product: Some("=RSA".into()),
            days: 10,
            counter: DayCounter::Calendar,
            share: None,
            stock: None,
        },
    ];
    rules.alert.tense_points = 0.015;
    rules.exclusion = vec![window(Some("Quittances; loyer"), "Campagne\"de\" quittances")];
    rules.neutralised = vec![window(None, "Migration de l’outil")];
    rules.closure =
        vec![Closure { date: day("2025-05-30"), half: true, reason: "Pont, 1er jour".into() }];
    rules.campaign = vec![Campaign {
        name: "Rentrée".into(),
        from: day("2025-08-25"),
        to: day("2025-10-10"),
        product: None,
        expected: Some(12_500),
        like_last_time: true,
    }];
    rules.event = vec![
        Event {
            name: "Grève nationale".into(),
            kind: EventKind::Strike,
            from: day("2025-10-02"),
            to: Some(day("2025-10-02")),
            product: None,
            effect: Some(-0.3),
        },
        Event {
            name: "Décret; dépôt en ligne".into(),
            kind: EventKind::Rule,
            from: day("2025-11-01"),
            to: None,
            product: Some("RSA".into()),
            effect: None,
        },
    ];
    rules.unit_time = vec![
        UnitTime {
            product: Some("RSA".into()),
            activity: None,
            minutes: 24.5,
            basis: TimeBasis::Measured,
        },
        UnitTime {
            product: None,
            activity: Some("Décision".into()),
            minutes: 1_200.0,
            basis: TimeBasis::Declared,
        },
    ];
    rules
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_of_rules_says_what_it_was_written_from() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 10)), "pensions").await;
    let pensions = process("pensions");
    assert!(full().check().is_empty());
    bench.app.put_config(&pensions, None, &full()).await.unwrap();
    let ways = [
        (ExportFormat::Xlsx, "rules.xlsx"),
        (ExportFormat::FrenchCsv, "rules.csv"),
        (ExportFormat::IsoCsv, "rules.csv"),
    ];
    for (format, name) in ways {
        for lang in [Lang::Fr, Lang::En] {
            let bytes = bench.app.config_file(&pensions, format, lang).await.unwrap();
            let sheet =
                bench.app.read_config(&pensions, &bench.file(name, &bytes), name).await.unwrap();
            assert_eq!(sheet.problems, [], "{name} {lang:?}");
            assert_eq!(sheet.rules, full(), "{name} {lang:?}");
            let counts: Vec<u64> = sheet.sections.iter().map(|(_, count)| *count).collect();
            assert_eq!(counts, [2, 4, 1, 1, 1, 1, 2, 2]);
        }
    }
    // Nothing but an export was recorded, and no version was stored.
    assert_eq!(bench.app.config(&pensions).await.unwrap().versions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_replaces_its_sections_only_and_names_its_bad_lines() {
    let bench = Bench::new().await;
    bench.store("a.csv", &csv(&month("A", 1, 10)), "pensions").await;
    let pensions = process("pensions");
    bench.app.put_config(&pensions, None, &full()).await.unwrap();
    let text = "Rubrique;Produit;Libellé;Du;Au;Délai;Part;Minutes\r\n\
                Cibles;;;;;20;90 %;\r\n\
                Seuil;;Critique : part en retard;;;;0,3;\r\n";
    let sheet =
        bench.app.read_config(&pensions, &bench.file("s.csv", text), "s.csv").await.unwrap();
    assert_eq!(sheet.problems, []);
    let mut wanted = full();
    wanted.target = vec![Target {
        product: None,
        days: 20,
        counter: DayCounter::Worked,
        share: Some(0.9),
        stock: None,
    }];
    wanted.alert.critical_late_share = 0.3;
    assert_eq!(sheet.rules, wanted);

    let text = "Rubrique;Produit;Libellé;Du;Au;Délai;Part;Minutes\r\n\
                Cible;RSA;;;;vingt;;\r\n\
                Campagne;;Rentrée;01/09/2025;01/08/2025;;;\r\n\
                Temps unitaire;RSA;;;;;;-3\r\n\
                Objectif;;;;;1;;\r\n\
                Fenêtre exclue;;;01/09/2025;;;;\r\n\
                Cible;PAJE;;;;30;150;\r\n\
                Cible;AAH;;;;30;;\r\n\
                Événement;;Grève;02/10/2025;01/10/2025;;;\r\n";
    let sheet =
        bench.app.read_config(&pensions, &bench.file("s.csv", text), "s.csv").await.unwrap();
    let keys: Vec<&str> = sheet.problems.iter().map(|p| p.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "l. 2, Délai",
            "l. 3, Au",
            "l. 5, Rubrique",
            "l. 6, Libellé",
            "l. 7, Part",
            "l. 9, Au",
            "unit_time[0].minutes"
        ]
    );
    // The good line is there all the same.
    assert_eq!(sheet.rules.target.len(), 1);

    let none = bench.file("n.csv", "Produit;Délai\r\nRSA;10\r\n");
    assert_eq!(
        bench.app.read_config(&pensions, &none, "n.csv").await.unwrap_err().kind(),
        "refused"
    );
}
