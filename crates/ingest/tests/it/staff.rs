//! Staff lists: people become pseudonyms, names never enter.

use eclusier_ingest::{
    Code, Context, IngestError, Mapping, Pseudonymiser,
    staff::{StaffReport, read_staff},
};
use jiff::civil::date;

use crate::{
    common::{Refused, file_of},
    counts::with_context,
};

fn read_with(
    text: &str,
    mapping: &Mapping,
    tune: impl FnOnce(&mut Context<'_>),
) -> (Result<StaffReport, IngestError>, Refused) {
    let file = file_of(text.as_bytes());
    with_context(|ctx| {
        tune(ctx);
        read_staff(file.path(), mapping, ctx)
    })
}

fn read(text: &str) -> (Result<StaffReport, IngestError>, Refused) {
    read_with(text, &Mapping::default(), |_| ())
}

#[test]
fn people_become_the_pseudonyms_of_the_logs_and_names_stay_out() {
    let (report, _) = read(
        "Matricule;Nom;Prénom;Service;Quotité;Heures hebdomadaires;Compétences;Du;Au\n00123;DURAND;Zoé;Équipe A;80 %;28,8;\"RSA ; PF\";01/01/2025;\n00124;PETIT;Jo;Équipe B;1;36;;2025-02-01;31/12/9999\n",
    );
    let report = report.unwrap();
    let mut people = Pseudonymiser::new(&[7; 32]).unwrap();
    let first = &report.rows[0];
    assert_eq!(first.person, people.person("00123"));
    assert_eq!((first.contract_share, first.weekly_hours), (Some(0.8), Some(28.8)));
    let skills: Vec<&str> = first.skills.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(skills, ["RSA", "PF"]);
    assert_eq!((first.from, first.to), (Some(date(2025, 1, 1)), None));
    assert_eq!(report.rows[1].from, Some(date(2025, 2, 1)));
    assert_eq!(report.rows[1].to, None, "31/12/9999 means none");
    assert_eq!((report.accepted, report.people), (2, 2));
    let all = format!("{report:?}");
    assert!(!all.contains("DURAND") && !all.contains("Zoé") && !all.contains("00123"), "{all}");
    assert!(report.findings.iter().any(|f| f.code == Code::ColumnIgnored));
}

#[test]
fn bad_rows_are_quarantined_without_their_person() {
    let (report, refused) = read(
        "Matricule;Nom;Service;Quotité;Heures;Du;Au\nA1;X;S;2,5;36;;\n;X;S;1;36;;\n1,85E+14;X;S;1;36;;\nA2;X;S;abc;36;;\nA3;X;S;1;99;;\nA4;X;S;1;36;01/02/2025;01/01/2025\nA5;X;S;1;36;02/31/2025;\nA6;X;S;1;36;;;trop\nNA;X;S;1;36;;\n",
    );
    let report = report.unwrap();
    let reasons: Vec<(u64, Code)> = refused.rows.iter().map(|r| (r.0, r.2)).collect();
    assert_eq!(
        reasons,
        [
            (3, Code::MissingPerson),
            (4, Code::DamagedIdentifier),
            (5, Code::BadNumber),
            (6, Code::BadNumber),
            (7, Code::EndBeforeStart),
            (8, Code::BadDate),
            (9, Code::ColumnCount),
        ]
    );
    assert_eq!((report.rows_read, report.accepted, report.quarantined), (9, 2, 7));
    assert_eq!(report.rows[0].contract_share, Some(0.025), "2,5 out of 100");
    assert!(refused.rows.iter().all(|r| r.3[0].is_empty() && r.3[1].is_empty()));
}

#[test]
fn the_column_of_people_is_asked_when_unknown() {
    let (report, _) = read("Service;Quotité\nA;1\n");
    assert!(matches!(report, Err(IngestError::Choice { code: Code::ChooseColumn, .. })));
    let mapping = Mapping::from_column_args("person=Code XY").unwrap();
    let (report, _) = read_with("Code XY;Service\nA;1\n", &mapping, |_| ());
    assert_eq!(report.unwrap().people, 1);
}

#[test]
fn national_numbers_are_replaced_or_refused() {
    // 97 − n mod 97 of an invented number.
    let body = 1_850_599_001_001u64;
    let nir = format!("{body}{:02}", 97 - body % 97);
    let text = format!("Agent;Service\n{nir};A\n");
    let (report, _) = read(&text);
    let report = report.unwrap();
    assert!(!format!("{report:?}").contains(&nir));
    assert!(report.findings.iter().any(|f| f.code == Code::NirReplaced));
    let (strict, _) = read_with(&text, &Mapping::default(), |ctx| ctx.strict_nir = true);
    assert!(matches!(strict, Err(IngestError::Refused { code: Code::NirRefused, .. })));
}

#[test]
fn overlapping_periods_are_kept_and_said() {
    let (report, _) = read(
        "Matricule;Unité;Du;Au\nA;1;01/01/2025;31/03/2025\nA;2;01/04/2025;\nA;3;01/06/2025;\nB;1;;\n",
    );
    let report = report.unwrap();
    assert_eq!((report.accepted, report.people), (4, 2));
    assert_eq!(report.findings.iter().find(|f| f.code == Code::RepeatedRows).unwrap().count, 1);
}

#[test]
fn names_are_kept_only_when_a_person_asks() {
    let text =
        "Matricule;Nom;Prénom;Courriel;Téléphone;Service\nA1;Petit;Zoé;z@exemple.fr;0102;S\n";
    let (silent, _) = read(text);
    let row = &silent.unwrap().rows[0];
    assert_eq!((&row.family, &row.given, &row.email), (&None, &None, &None));
    let mut mapping = Mapping::default();
    mapping.staff.names = true;
    let (report, _) = read_with(text, &mapping, |_| ());
    let report = report.unwrap();
    let row = &report.rows[0];
    assert_eq!(row.family.as_deref(), Some("Petit"));
    assert_eq!((row.given.as_deref(), row.email.as_deref()), (Some("Zoé"), Some("z@exemple.fr")));
    assert!(!format!("{report:?}").contains("0102"), "a telephone number is never kept");
    // One column named by hand keeps that one.
    let mapping = Mapping::from_column_args("family=Nom").unwrap();
    let (report, _) = read_with(text, &mapping, |_| ());
    let row = &report.unwrap().rows[0];
    assert_eq!((row.family.as_deref(), &row.given), (Some("Petit"), &None));
}

#[test]
fn skills_come_long_wide_or_as_a_list() {
    let (report, refused) = read(
        "Matricule;Compétence;Théorie;Pratique;Intensité;Habilité\nA;RSA;4;2;30 %;oui\nA;PF;1;;;non\nB;RSA;5;1;;\nC;RSA;1;1;;peut-être\n",
    );
    let report = report.unwrap();
    let skill = &report.rows[0].skills[0];
    assert_eq!((skill.name.as_str(), skill.theory, skill.practice), ("RSA", Some(4), Some(2)));
    assert_eq!((skill.intensity, skill.authorised), (Some(0.3), Some(true)));
    let skill = &report.rows[1].skills[0];
    assert_eq!((skill.practice, skill.intensity, skill.authorised), (None, None, Some(false)));
    let codes: Vec<Code> = refused.rows.iter().map(|r| r.2).collect();
    assert_eq!(codes, [Code::BadNumber, Code::UnknownCode]);

    let (report, _) =
        read("Matricule;Compétence RSA;Compétence : Prime d’activité;Niveau PF\nA;3;0;\nB;1;4;2\n");
    let report = report.unwrap();
    let levels = |row: usize| -> Vec<(String, Option<u8>, Option<bool>)> {
        let skills = report.rows[row].skills.iter();
        skills.map(|s| (s.name.clone(), s.theory, s.authorised)).collect()
    };
    let named = |name: &str, level, alone| (name.to_owned(), Some(level), Some(alone));
    assert_eq!(levels(0), [named("RSA", 3, true), named("Prime d’activité", 0, false)]);
    assert_eq!(
        levels(1),
        [named("RSA", 1, false), named("Prime d’activité", 4, true), named("PF", 2, false)]
    );
}

#[test]
fn a_service_and_a_team_are_two_levels_and_weekdays_are_read_as_written() {
    let (report, _) = read(
        "Matricule;Organisme;Service;Équipe;Jours travaillés\nA;Caisse;Prestations;Équipe 1;lun mar jeu ven\nB;Caisse;Prestations;;1-5\nC;Caisse;Prestations;Équipe 2;L, Ma, J\n",
    );
    let report = report.unwrap();
    let first = &report.rows[0];
    assert_eq!(
        (first.service.as_deref(), first.unit.as_deref()),
        (Some("Prestations"), Some("Équipe 1"))
    );
    let days: Vec<Option<Vec<u8>>> = report.rows.iter().map(|r| r.weekdays.clone()).collect();
    assert_eq!(days, [Some(vec![1, 2, 4, 5]), Some(vec![1, 2, 3, 4, 5]), Some(vec![1, 2, 4])]);
    assert!(!report.services);
    let (alone, _) = read("Matricule;Service\nA;Prestations\n");
    let alone = alone.unwrap();
    assert!(alone.services);
    assert_eq!(alone.rows[0].unit.as_deref(), Some("Prestations"));
}

#[test]
fn an_identifier_the_program_gave_is_told_apart() {
    let (report, _) =
        read("Identifiant;Équipe\n0198F2B4-77AA-7c10-9d0e-000000000001;A\np-abcdefghijkmnpqr;A\n");
    let report = report.unwrap();
    assert_eq!(report.rows[0].own.as_deref(), Some("0198f2b4-77aa-7c10-9d0e-000000000001"));
    assert_eq!(
        report.rows[1].own, None,
        "a pseudonym typed by hand is an identifier like any other"
    );
}
