//! Mappings, settings and control totals.

use eclusier_registry::{Body, RegistryError, SavedMapping};
use jiff::civil::date;

use crate::{at, bench, process, run};

fn mapping(name: &str, toml: &str, second: i64) -> SavedMapping {
    SavedMapping {
        name: name.into(),
        process: process("rsa"),
        toml: toml.into(),
        header: Some("h1".into()),
        file_pattern: Some("rsa_*.csv".into()),
        by: "anne".into(),
        at: at(second),
    }
}

#[test]
fn a_mapping_is_found_by_the_header_of_a_file() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let old = mapping("Élan", "a = 1", 1);
        let new = mapping("archives", "b = 1", 2);
        let deaf = SavedMapping { header: None, ..mapping("sans en-tête", "c = 1", 3) };
        for m in [&old, &new, &deaf] {
            r.save_mapping(m).await.unwrap();
        }
        assert_eq!(r.mappings_for_header("h1").await.unwrap(), [new.clone(), old.clone()]);
        assert!(r.mappings_for_header("h2").await.unwrap().is_empty());
        let names: Vec<_> = r.mappings().await.unwrap().into_iter().map(|m| m.name).collect();
        assert_eq!(names, ["archives", "sans en-tête", "Élan"]);
        let corrected = mapping("Élan", "a = 2", 4);
        r.save_mapping(&corrected).await.unwrap();
        assert_eq!(r.mapping("Élan").await.unwrap(), Some(corrected.clone()));
        assert_eq!(r.mappings_for_header("h1").await.unwrap(), [corrected, new]);
        assert!(r.delete_mapping("Élan", "anne", at(5)).await.unwrap());
        assert!(!r.delete_mapping("Élan", "anne", at(6)).await.unwrap());
        assert_eq!(r.mapping("Élan").await.unwrap(), None);
        assert_eq!(r.verify_audit().await.unwrap().entries, 5);
    });
}

#[test]
fn settings_have_defaults_until_saved() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        assert_eq!(r.body().await.unwrap(), Body::default());
        let body = Body { name: "Caf de l’Ain".into(), ..Body::default() };
        r.put_body(&body, "anne", at(1)).await.unwrap();
        r.put_body(&body, "anne", at(2)).await.unwrap();
        assert_eq!(r.body().await.unwrap(), body);
        assert_eq!(r.verify_audit().await.unwrap().entries, 1, "the same again is no change");
        assert_eq!(r.setting("zone/rsa").await.unwrap(), None);
        let bad = r.put_setting("zone/rsa", "Europe/Paris", "anne", at(3)).await;
        assert!(matches!(bad, Err(RegistryError::Json { .. })));
        r.put_setting("zone/rsa", "\"Europe/Paris\"", "anne", at(3)).await.unwrap();
        assert_eq!(r.setting("zone/rsa").await.unwrap().as_deref(), Some("\"Europe/Paris\""));
    });
}

#[test]
fn control_totals_are_corrected_not_added() {
    run(async {
        let bench = bench().await;
        let r = &bench.registry;
        let p = process("rsa");
        r.put_control_total(&p, date(2025, 3, 31), 120, "anne", at(1)).await.unwrap();
        r.put_control_total(&p, date(2025, 2, 28), -5, "anne", at(2)).await.unwrap();
        r.put_control_total(&p, date(2025, 3, 31), 125, "bob", at(3)).await.unwrap();
        let totals = r.control_totals(&p).await.unwrap();
        let told: Vec<_> = totals.iter().map(|t| (t.date, t.stock, t.by.as_str())).collect();
        assert_eq!(told, [(date(2025, 2, 28), -5, "anne"), (date(2025, 3, 31), 125, "bob")]);
        assert!(r.control_totals(&process("aah")).await.unwrap().is_empty());
        assert!(r.delete_control_total(&p, date(2025, 2, 28), "bob", at(4)).await.unwrap());
        assert!(!r.delete_control_total(&p, date(2025, 2, 28), "bob", at(5)).await.unwrap());
        assert_eq!(r.control_totals(&p).await.unwrap().len(), 1);
    });
}
