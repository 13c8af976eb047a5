//! Staff lists and absences: what a file says becomes dated facts, once.

use std::collections::BTreeMap;

use eclusier_app::{
    Access, App, AppError, Lang, Permission,
    exports::ExportFormat,
    imports::ImportStatus,
    people::PeopleWanted,
    staff::{StaffImport, StaffKind, StaffOptions},
};
use eclusier_core::{
    NodeId, Organisation,
    org::{AbsenceCause, Fact, NodeKind, Person, Validity},
    rights::{Grant, Subject},
};
use jiff::civil::Date;

use crate::common::{Bench, day};

const STAFF: &str = "Matricule;Nom;Prénom;Courriel;Organisme;Service;Équipe;Quotité;Heures;Jours travaillés;Compétences;Du;Au\r\n\
    A1;Petit;Zoé;zoe@exemple.fr;Caisse A;Prestations;Équipe 1;1;36;;RSA, PF;01/01/2025;\r\n\
    A2;Durand;Jo;;Caisse A;Prestations;Équipe 1;80 %;28,8;lun mar jeu ven;;01/03/2025;\r\n\
    A3;Faure;Ali;;Caisse A;Prestations;;1;36;;;01/01/2025;30/06/2025\r\n";

fn options(path: std::path::PathBuf, kind: StaffKind) -> StaffOptions {
    StaffOptions::new(path, kind)
}

async fn import(bench: &Bench, app: &App, name: &str, text: impl AsRef<[u8]>) -> StaffImport {
    let kind = match name.starts_with("abs") {
        true => StaffKind::Absences,
        false => StaffKind::Staff,
    };
    app.import_staff(options(bench.file(name, text), kind)).await.unwrap()
}

async fn whole(app: &App) -> Organisation {
    app.registry().organisation().await.unwrap()
}

/// The person of an identifier of the case tool.
fn person<'a>(bench: &Bench, organisation: &'a Organisation, id: &str) -> &'a Person {
    let agent = bench.app.home().pseudonymiser().unwrap().person(id).to_owned();
    organisation.people.values().find(|p| p.agent.as_deref() == Some(&agent)).unwrap()
}

/// Facts as texts, the identifiers of nodes replaced by their codes.
fn told(organisation: &Organisation, person: &Person) -> Vec<String> {
    let mut facts: Vec<String> = person
        .facts
        .iter()
        .map(|fact| {
            let what = match &fact.fact {
                Fact::Membership { node } => {
                    let above = organisation.above(node, fact.valid.from);
                    let names: Vec<&str> = std::iter::once(node)
                        .chain(&above)
                        .map(|id| organisation.nodes[id].code.as_str())
                        .collect();
                    format!("in {}", names.join(" < "))
                }
                other => format!("{other:?}"),
            };
            let to = fact.valid.to.map(|d| d.to_string()).unwrap_or_default();
            format!("{}..{to} {what}", fact.valid.from)
        })
        .collect();
    facts.sort();
    facts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_makes_the_tree_and_the_people_and_the_same_list_changes_nothing() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let mut trial = options(bench.file("staff.csv", STAFF), StaffKind::Staff);
    trial.dry_run = true;
    let report = app.import_staff(trial).await.unwrap();
    assert_eq!(report.status, ImportStatus::DryRun);
    assert!(whole(app).await.people.is_empty(), "a trial changes nothing");
    let done = import(&bench, app, "staff.csv", STAFF).await;
    assert_eq!((done.status, done.figures), (ImportStatus::Committed, report.figures), "{done:?}");
    assert_eq!((done.rows_read, done.accepted, done.quarantined, done.people), (3, 3, 0, 3));
    assert_eq!((done.figures.people_added, done.figures.nodes_added), (3, 3));
    let organisation = whole(app).await;
    let kinds: BTreeMap<&str, NodeKind> =
        organisation.nodes.values().map(|n| (n.code.as_str(), n.kind)).collect();
    assert_eq!(
        kinds,
        BTreeMap::from([
            ("Caisse A", NodeKind::Body),
            ("Prestations", NodeKind::Service),
            ("Équipe 1", NodeKind::Team),
        ])
    );
    let zoe = person(&bench, &organisation, "A1");
    assert_eq!((zoe.family.as_str(), zoe.email.as_str()), ("", ""), "names were not asked for");
    assert_eq!(
        told(&organisation, zoe),
        [
            "2025-01-01.. Contract { share: 1.0, weekly_hours: 36.0, worked_weekdays: [1, 2, 3, 4, 5], calendar: None }",
            "2025-01-01.. Skill { skill: \"PF\", theory: 3, practice: 3, intensity: None, authorised: true }",
            "2025-01-01.. Skill { skill: \"RSA\", theory: 3, practice: 3, intensity: None, authorised: true }",
            "2025-01-01.. in Équipe 1 < Prestations < Caisse A",
        ]
    );
    let ali = person(&bench, &organisation, "A3");
    assert_eq!(told(&organisation, ali)[1], "2025-01-01..2025-06-30 in Prestations < Caisse A");
    let again = import(&bench, app, "staff.csv", STAFF).await;
    assert_eq!((again.status, again.figures), (ImportStatus::Unchanged, Default::default()));
    assert_eq!(whole(app).await, organisation);
    // One entry of the log tells the delivery, and nobody in it.
    let log = app.registry().audit_entries(0, 100).await.unwrap();
    let acts: Vec<&str> = log.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(acts, ["staff.import"]);
    assert!(!format!("{log:?}").contains("Petit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_list_writes_from_its_day_on_and_leaves_the_past() {
    let bench = Bench::new().await;
    let app = &bench.app;
    import(&bench, app, "staff.csv", STAFF).await;
    // Without dates: from the day of the import, 1 July 2025.
    let next =
        "Matricule;Organisme;Service;Équipe;Quotité\r\nA1;Caisse A;Prestations;Équipe 2;0,8\r\n";
    let report = import(&bench, app, "next.csv", next).await;
    assert_eq!(report.status, ImportStatus::Committed);
    assert_eq!((report.figures.people_added, report.figures.people_missing), (0, 1), "{report:?}");
    let organisation = whole(app).await;
    let zoe = person(&bench, &organisation, "A1");
    let facts = told(&organisation, zoe);
    assert!(
        facts.contains(&"2025-01-01..2025-06-30 in Équipe 1 < Prestations < Caisse A".into()),
        "{facts:?}"
    );
    assert!(facts.contains(&"2025-07-01.. in Équipe 2 < Prestations < Caisse A".into()));
    assert!(facts.iter().any(|f| f.starts_with("2025-01-01..2025-06-30 Contract { share: 1.0")));
    assert!(facts.iter().any(|f| f.starts_with("2025-07-01.. Contract { share: 0.8")));
    assert!(facts.iter().any(|f| f.starts_with("2025-01-01.. Skill")), "skills were not spoken of");
    assert_eq!(import(&bench, app, "next.csv", next).await.status, ImportStatus::Unchanged);
    // Somebody absent from the list stays, unless the list is said to be complete.
    let jo = person(&bench, &organisation, "A2").clone();
    assert!(jo.active);
    let mut all = options(bench.file("all.csv", next), StaffKind::Staff);
    all.end_missing = true;
    let report = app.import_staff(all).await.unwrap();
    assert_eq!(report.figures.people_missing, 1);
    let organisation = whole(app).await;
    let jo = person(&bench, &organisation, "A2");
    assert!(!jo.active);
    assert!(told(&organisation, jo).iter().all(|f| f.contains("..2025-06-30")), "{jo:?}");
    // Back in a list, back at work.
    let back = "Matricule;Organisme;Équipe\r\nA2;Caisse A;Équipe 1\r\n";
    import(&bench, app, "back.csv", back).await;
    let organisation = whole(app).await;
    assert!(person(&bench, &organisation, "A2").active);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_told_with_their_lines_and_the_others_are_taken() {
    let bench = Bench::new().await;
    let text = "Matricule;Organisme;Équipe;Quotité;Du;Au\r\n\
        A1;Caisse;E1;1;01/01/2025;\r\n\
        ;Caisse;E1;1;01/01/2025;\r\n\
        A2;Caisse;E1;abc;01/01/2025;\r\n\
        A3;Caisse;E1;1,1;01/01/2025;\r\n\
        A4;Caisse;E1;1;01/01/2025;\r\n\
        A4;Caisse;E1;0,5;01/02/2025;\r\n\
        A5;Caisse;E1;1;31/02/2025;\r\n\
        A6;Caisse;E1;1;01/06/2025;01/05/2025\r\n";
    let report = import(&bench, &bench.app, "bad.csv", text).await;
    assert_eq!(report.status, ImportStatus::Committed);
    assert_eq!((report.rows_read, report.accepted, report.quarantined), (8, 2, 6), "{report:?}");
    let lines: Vec<u64> = report.findings.iter().filter_map(|f| f.line).collect();
    assert_eq!(lines, [3, 4, 8, 9, 5, 7]);
    let organisation = whole(&bench.app).await;
    let contracts = |id: &str| {
        let person = person(&bench, &organisation, id);
        person.facts.iter().filter(|f| matches!(f.fact, Fact::Contract { .. })).count()
    };
    assert_eq!(contracts("A4"), 1, "the contradiction is not stored");
    assert_eq!(contracts("A3"), 0, "the share was refused, the team was not");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_files_are_refused_clearly() {
    let bench = Bench::new().await;
    for (name, bytes) in [
        ("empty.csv", b"".to_vec()),
        ("header.csv", b"Matricule;Service\r\n".to_vec()),
        ("random.xlsx", b"PK\x03\x04 not a workbook".to_vec()),
        ("binary.csv", vec![0u8; 10_000]),
        ("question.csv", b"Couleur;Forme\r\nrouge;rond\r\n".to_vec()),
        ("wide.csv", format!("{}\r\n1\r\n", "a;".repeat(50_000)).into_bytes()),
        ("absences.ics", b"BEGIN:VCARD\r\nEND:VCARD\r\n".to_vec()),
    ] {
        let report = import(&bench, &bench.app, name, bytes).await;
        assert!(
            matches!(report.status, ImportStatus::Refused | ImportStatus::ChoiceNeeded),
            "{name}: {report:?}"
        );
        let [fr, en] = report.message.unwrap();
        assert!(!fr.is_empty() && !en.is_empty(), "{name}");
    }
    // A cell that would be run by a spreadsheet is text like any other, and exported as text.
    let formula = "Matricule;Nom;Organisme;Équipe\r\nA1;=cmd|'/c calc'!A1;Caisse;@SUM(1)\r\n";
    let mut asked = options(bench.file("formula.csv", formula), StaffKind::Staff);
    asked.names = true;
    assert_eq!(bench.app.import_staff(asked).await.unwrap().status, ImportStatus::Committed);
    let csv = bench.app.staff_list(ExportFormat::FrenchCsv, Lang::Fr).await.unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("'=cmd") && csv.contains("'@SUM"), "{csv}");
    assert!(whole(&bench.app).await.people.len() == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_imported_again_changes_nothing_and_fills_an_empty_registry_alike() {
    let rich = "Identifiant;Nom;Prénom;Courriel;Organisme;Site;Service;Équipe;Quotité;Heures par semaine;Jours travaillés;Calendrier;Compétence;Théorie;Pratique;Intensité;Habilité;Montée en charge;Du;Au\r\n\
        A1;Petit;Zoé;zoe@exemple.fr;Caisse A;Rivemont;Prestations;Équipe 1;0,8;28,8;lun mar jeu ven;alsace-moselle;;;;;;;01/01/2024;31/05/2025\r\n\
        A1;;;;Caisse A;Rivemont;Prestations;Équipe 2;1;36;;;;;;;;;01/06/2025;\r\n\
        A1;;;;;;;;;;;;RSA;4;2;0,35;oui;;01/01/2024;\r\n\
        A1;;;;;;;;;;;;PF;1;1;;non;;01/02/2024;31/12/2025\r\n\
        A2;Durand;Jo;;Caisse A;;Accueil;;1;39;;;;;;;;;01/01/2024;\r\n\
        A2;;;;;;;;;;;;;;;;;0,3;01/01/2024;30/06/2024\r\n\
        A3;Faure;Ali;;Caisse A;Rivemont;Prestations;Équipe 1;;;;;;;;;;;01/01/2025;\r\n\
        A3;;;;Caisse A;Rivemont;Prestations;Équipe 2;;;;;;;;;;;01/01/2025;\r\n";
    let bench = Bench::new().await;
    let mut first = options(bench.file("rich.csv", rich), StaffKind::Staff);
    first.names = true;
    let report = bench.app.import_staff(first).await.unwrap();
    assert_eq!((report.status, report.quarantined), (ImportStatus::Committed, 0), "{report:?}");
    let made = whole(&bench.app).await;
    let by_name = |organisation: &Organisation| -> BTreeMap<String, (String, Vec<String>)> {
        let people = organisation.people.values();
        people.map(|p| (p.family.clone(), (p.email.clone(), told(organisation, p)))).collect()
    };
    for (format, name) in [
        (ExportFormat::Xlsx, "out.xlsx"),
        (ExportFormat::FrenchCsv, "out.csv"),
        (ExportFormat::IsoCsv, "iso.csv"),
    ] {
        for lang in [Lang::Fr, Lang::En] {
            let bytes = bench.app.staff_list(format, lang).await.unwrap();
            let mut again = options(bench.file(name, &bytes), StaffKind::Staff);
            again.names = true;
            let report = bench.app.import_staff(again).await.unwrap();
            assert_eq!(
                (report.status, report.quarantined, report.figures),
                (ImportStatus::Unchanged, 0, Default::default()),
                "{name} {lang:?}: {report:?}"
            );
            assert_eq!(whole(&bench.app).await, made, "{name} {lang:?}");
            let empty = Bench::new().await;
            let mut filled = options(empty.file(name, &bytes), StaffKind::Staff);
            filled.names = true;
            let report = empty.app.import_staff(filled).await.unwrap();
            assert_eq!(report.status, ImportStatus::Committed, "{report:?}");
            assert_eq!(by_name(&whole(&empty.app).await), by_name(&made), "{name} {lang:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_what_would_begin_change_and_end() {
    let bench = Bench::new().await;
    let mut first = options(bench.file("staff.csv", STAFF), StaffKind::Staff);
    first.names = true;
    bench.app.import_staff(first).await.unwrap();
    let next = "Matricule;Organisme;Service;Équipe;Quotité;Du;Compétence;Théorie;Pratique\r\n\
        A1;Caisse A;Prestations;Équipe 2;0,8;01/08/2025;;;\r\n\
        A1;;;;;01/08/2025;PF;0;0\r\n\
        N1;Caisse A;Prestations;Équipe 1;1;01/08/2025;;;\r\n";
    let mut trial = options(bench.file("next.csv", next), StaffKind::Staff);
    trial.dry_run = true;
    let report = bench.app.import_staff(trial).await.unwrap();
    let told: Vec<String> = report
        .changes
        .iter()
        .map(|c| {
            let line = c.line.map_or_else(String::new, |n| n.to_string());
            format!("{line}|{}|{}|{}", c.whose, c.sort.as_str(), c.words[0])
        })
        .collect();
    assert_eq!(
        told,
        [
            "|Équipe 2|added|équipe à créer, dès le 01/08/2025",
            "2|Zoé Petit|ended|rattachement à « Équipe 1 », du 01/01/2025 au 31/07/2025",
            "2|Zoé Petit|added|rattachement à « Équipe 2 », à partir du 01/08/2025",
            "2|Zoé Petit|ended|contrat à 100\u{202f}%, 36\u{a0}h par semaine, du 01/01/2025 au 31/07/2025",
            "2|Zoé Petit|added|contrat à 80\u{202f}%, 28,8\u{a0}h par semaine, à partir du 01/08/2025",
            "2|Zoé Petit|ended|compétence PF (théorie 3, pratique 3, décide seul), du 01/01/2025 au 31/07/2025",
            "4||added|personne à ajouter",
            "4||added|rattachement à « Équipe 1 », à partir du 01/08/2025",
            "4||added|contrat à 100\u{202f}%, 35\u{a0}h par semaine, à partir du 01/08/2025",
        ]
    );
    assert!(report.changes.iter().all(|c| c.words[0] != c.words[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_by_a_list_no_longer_signs_in_and_comes_back_without_a_right() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let registry = app.registry();
    import(&bench, app, "staff.csv", STAFF).await;
    let jo = person(&bench, &whole(app).await, "A2").id.clone();
    let new = eclusier_registry::NewAccount {
        login: "jo".into(),
        name: "Jo".into(),
        person: Some(jo.clone()),
        password: Some("x".into()),
        identity: None,
        must_change: false,
    };
    let account = registry.create_account(&new, false, "test", app.now()).await.unwrap();
    let session = eclusier_registry::Session {
        digest: "d".into(),
        account: Some(account.id.clone()),
        data: "{}".into(),
        created: app.now(),
        seen: app.now(),
        expires: app.now() + jiff::SignedDuration::from_hours(1),
    };
    assert!(registry.put_session(&session, true).await.unwrap());
    let only = "Matricule;Organisme;Service;Équipe\r\nA1;Caisse A;Prestations;Équipe 1\r\n";
    let mut list = options(bench.file("only.csv", only), StaffKind::Staff);
    list.end_missing = true;
    list.dry_run = true;
    assert_eq!(app.import_staff(list.clone()).await.unwrap().figures.people_missing, 1);
    let status = async || registry.account(&account.id).await.unwrap().status;
    let open = async || registry.sessions_of(&account.id, app.now()).await.unwrap().len();
    assert_eq!((status().await, open().await), (eclusier_registry::AccountStatus::Active, 1));
    list.dry_run = false;
    app.import_staff(list).await.unwrap();
    assert!(!whole(app).await.people[&jo].active);
    assert_eq!((status().await, open().await), (eclusier_registry::AccountStatus::Disabled, 0));
    import(&bench, app, "staff.csv", STAFF).await;
    assert!(whole(app).await.people[&jo].active);
    assert_eq!(status().await, eclusier_registry::AccountStatus::Disabled);
    let log = registry.audit_entries(0, 100).await.unwrap();
    let last: Vec<&str> = log.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(
        last,
        ["staff.import", "account.create", "account.update", "staff.import", "staff.import"]
    );
    assert!(registry.verify_audit().await.unwrap().is_whole());
}

async fn holder(bench: &Bench, role: &str, node: &NodeId) -> App {
    let valid = Validity { from: day("2025-01-01"), to: None };
    let grant = Grant { role: role.into(), node: Some(node.clone()), processes: None, valid };
    let subject = Subject::Account { id: role.into(), person: None };
    let today = bench.app.today().await.unwrap();
    bench.app.acting(Access::new(subject, &[grant], None, &whole(&bench.app).await, today))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_part_imports_that_part_only() {
    let bench = Bench::new().await;
    import(&bench, &bench.app, "staff.csv", STAFF).await;
    let other = STAFF
        .replace("Caisse A", "Caisse B")
        .replace("A1", "B1")
        .replace("A2", "B2")
        .replace("A3", "B3");
    import(&bench, &bench.app, "other.csv", other).await;
    let organisation = whole(&bench.app).await;
    let body = organisation.nodes.values().find(|n| n.code == "Caisse A").unwrap().id.clone();
    let hr = holder(&bench, "human_resources", &body).await;
    let mixed = "Matricule;Organisme;Service;Équipe;Quotité\r\n\
        A1;Caisse A;Prestations;Équipe 9;0,5\r\n\
        B1;Caisse B;Prestations;Équipe 1;0,5\r\n\
        A2;Caisse B;Prestations;Équipe 1;0,5\r\n\
        C1;Caisse C;;Équipe 1;1\r\n\
        N1;Caisse A;Prestations;Équipe 1;1\r\n";
    let report = import(&bench, &hr, "mixed.csv", mixed).await;
    assert_eq!((report.accepted, report.quarantined), (2, 3), "{report:?}");
    let codes: Vec<u64> = report.findings.iter().filter_map(|f| f.line).collect();
    assert_eq!(codes, [3, 4, 5]);
    let after = whole(&bench.app).await;
    assert_eq!(person(&bench, &after, "B1"), person(&bench, &organisation, "B1"));
    assert_eq!(person(&bench, &after, "A2"), person(&bench, &organisation, "A2"));
    assert!(after.nodes.values().all(|n| n.code != "Caisse C"));
    assert!(after.nodes.values().any(|n| n.code == "Équipe 9"));
    assert_eq!(person(&bench, &after, "N1").facts.len(), 2);
    // The list of one part holds that part only.
    let csv = hr.staff_list(ExportFormat::FrenchCsv, Lang::Fr).await.unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("Caisse A") && !csv.contains("Caisse B"));
    let manager = holder(&bench, "team_manager", &body).await;
    let outcome = manager.import_staff(options(bench.file("x.csv", mixed), StaffKind::Staff)).await;
    assert!(matches!(outcome, Err(AppError::Forbidden(_))));
}

fn absences(
    organisation: &Organisation,
    person: &Person,
) -> Vec<(Date, Option<Date>, bool, bool, AbsenceCause)> {
    let _ = organisation;
    let mut found: Vec<_> = person
        .facts
        .iter()
        .filter_map(|f| match f.fact {
            Fact::Absence { from_noon, until_noon, cause } => {
                Some((f.valid.from, f.valid.to, from_noon, until_noon, cause))
            }
            _ => None,
        })
        .collect();
    found.sort_by_key(|f| (f.0, f.1));
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn absences_are_written_once_prolonged_and_called_off() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let mut names = options(bench.file("staff.csv", STAFF), StaffKind::Staff);
    names.names = true;
    app.import_staff(names).await.unwrap();
    let list = "Matricule;Du;Au;Demi-journée;Motif\r\n\
        A1;07/07/2025;11/07/2025;;Congés payés\r\n\
        A2;02/07/2025;;après-midi;RTT\r\n\
        ZZ;02/07/2025;;;RTT\r\n";
    let report = import(&bench, app, "absences.csv", list).await;
    assert_eq!(
        (report.accepted, report.quarantined, report.figures.facts_added),
        (2, 1, 2),
        "{report:?}"
    );
    assert!(report.findings.iter().any(|f| f.line == Some(4)));
    let again = import(&bench, app, "absences.csv", list).await;
    assert_eq!(again.status, ImportStatus::Unchanged);
    let longer = list.replace("11/07/2025", "18/07/2025");
    import(&bench, app, "absences-2.csv", longer).await;
    let organisation = whole(app).await;
    let zoe = person(&bench, &organisation, "A1");
    let leave = AbsenceCause::Leave;
    assert_eq!(
        absences(&organisation, zoe),
        [(day("2025-07-07"), Some(day("2025-07-18")), false, false, leave)]
    );
    // A calendar names people by their address, and replaces its own events.
    let event = |from: &str, status: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:abc\r\nDTSTART;VALUE=DATE:{from}\r\nSUMMARY:formation\r\n{status}ATTENDEE:mailto:ZOE@exemple.fr\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
    };
    let of = |organisation: &Organisation| {
        absences(organisation, person(&bench, organisation, "A1"))
            .into_iter()
            .filter(|a| a.4 == AbsenceCause::Training)
            .map(|a| a.0)
            .collect::<Vec<Date>>()
    };
    import(&bench, app, "absences.ics", event("20250903", "")).await;
    assert_eq!(of(&whole(app).await), [day("2025-09-03")]);
    import(&bench, app, "absences.ics", event("20250910", "")).await;
    assert_eq!(of(&whole(app).await), [day("2025-09-10")]);
    import(&bench, app, "absences.ics", event("20250910", "STATUS:CANCELLED\r\n")).await;
    assert!(of(&whole(app).await).is_empty());
    // A cause is written with each absence: who may change people without knowing causes may not.
    let only = [Permission::PeopleRead, Permission::PeopleWrite].into();
    let valid = Validity { from: day("2025-01-01"), to: None };
    let grant = Grant { role: "human_resources".into(), node: None, processes: None, valid };
    let subject = Subject::Token { id: "t".into() };
    let today = app.today().await.unwrap();
    let access = Access::new(subject, &[grant], Some(&only), &whole(app).await, today);
    let asked = options(bench.file("absences.csv", list), StaffKind::Absences);
    let outcome = app.acting(access).import_staff(asked).await;
    assert!(
        matches!(outcome, Err(AppError::Forbidden(d)) if d.permission == Permission::AbsencesCause)
    );
    // The log says that absences were written, not which nor why.
    let log = format!("{:?}", app.registry().audit_entries(0, 100).await.unwrap());
    assert!(!log.contains("2025-07-07") && !log.contains("leave") && !log.contains("zoe"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_given_out_has_no_cause_and_comes_back_to_the_same_days() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let mut names = options(bench.file("staff.csv", STAFF), StaffKind::Staff);
    names.names = true;
    app.import_staff(names).await.unwrap();
    let list = "Matricule;Du;Au;Début demi-journée;Fin demi-journée;Motif\r\n\
        A1;07/07/2025;11/07/2025;après-midi;;maladie\r\n\
        A1;20/10/2025;24/10/2025;;matin;congé\r\n\
        A1;01/12/2025;;;matin;congé\r\n\
        A1;24/12/2025;31/12/2025;;;congé\r\n";
    let report = import(&bench, app, "absences.csv", list).await;
    assert_eq!(report.figures.facts_added, 4, "{report:?}");
    let before = whole(app).await;
    let calendar = app.absence_calendar().await.unwrap();
    let text = String::from_utf8(calendar.clone()).unwrap();
    for secret in ["aladie", "ickness", "ong", "eave"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("SUMMARY:Zoé Petit"));
    assert!(text.lines().all(|l| l.trim_end_matches('\r').len() <= 75), "{text}");
    let report = import(&bench, app, "absences.ics", calendar).await;
    assert_eq!((report.status, report.quarantined), (ImportStatus::Unchanged, 0), "{report:?}");
    assert_eq!(whole(app).await, before);
    // A manager gets the calendar of their own people, and nobody else's.
    let service = before.nodes.values().find(|n| n.code == "Équipe 1").unwrap().id.clone();
    let manager = holder(&bench, "team_manager", &service).await;
    let own = String::from_utf8(manager.absence_calendar().await.unwrap()).unwrap();
    assert_eq!(own.matches("BEGIN:VEVENT").count(), 4);
    let looked = app.registry().audit_entries(0, 100).await.unwrap();
    assert!(looked.iter().filter(|e| e.action == "people.export").count() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_the_directory_made_is_joined_by_address() {
    let bench = Bench::new().await;
    let app = &bench.app;
    let draft = eclusier_app::people::PersonDraft {
        given: "Zoé".into(),
        family: "Petit".into(),
        email: "Zoe@Exemple.fr".into(),
        ..Default::default()
    };
    let made = app.add_person(draft).await.unwrap().person.person.id;
    let mut list = options(bench.file("staff.csv", STAFF), StaffKind::Staff);
    list.names = true;
    let report = app.import_staff(list).await.unwrap();
    assert_eq!((report.figures.people_added, report.figures.people_changed), (2, 1));
    let organisation = whole(app).await;
    assert_eq!(person(&bench, &organisation, "A1").id, made);
    let page = app.people(&PeopleWanted::default()).await.unwrap();
    assert_eq!(page.total, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lists_at_once_lose_nothing() {
    let bench = Bench::new().await;
    let other = bench.another().await;
    let list = |prefix: &str| {
        let mut text = String::from("Matricule;Organisme;Équipe;Quotité;Du\r\n");
        for n in 0..40 {
            text += &format!("{prefix}{n};Caisse;Équipe {prefix};1;01/01/2025\r\n");
        }
        text
    };
    let a = bench.app.import_staff(options(bench.file("a.csv", list("A")), StaffKind::Staff));
    let b = other.import_staff(options(bench.file("b.csv", list("B")), StaffKind::Staff));
    let (a, b) = tokio::join!(a, b);
    // Both would make the body: the later one is planned again, and finds it.
    for outcome in [a, b] {
        assert_eq!(outcome.unwrap().status, ImportStatus::Committed);
    }
    let organisation = whole(&bench.app).await;
    assert_eq!(organisation.people.len(), 80);
    assert_eq!(organisation.nodes.values().filter(|n| n.code == "Caisse").count(), 1);
}
