//! The organisation as somebody sees and changes it, with rights on.

use std::collections::BTreeSet;

use eclusier_app::{
    Access, App, AppError, Permission,
    organisation::{NodeDraft, OrganisationView},
    people::{FactDraft, PeopleWanted, PersonDraft, PersonFile},
};
use eclusier_core::{
    NodeId, PersonId,
    org::{NodeKind, Presence, Validity},
    rights::{Grant, Subject},
};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::common::{Bench, day};

fn draft(kind: NodeKind, code: &str, parent: Option<&NodeId>) -> NodeDraft {
    NodeDraft {
        kind: Some(kind),
        code: code.into(),
        parent: Some(parent.cloned()),
        from: Some(day("2025-01-01")),
        ..NodeDraft::default()
    }
}

async fn node(app: &App, kind: NodeKind, code: &str, parent: Option<&NodeId>) -> NodeId {
    app.add_node(draft(kind, code, parent)).await.unwrap().node.id
}

async fn join(app: &App, family: &str, node: &NodeId) -> PersonId {
    let draft = PersonDraft {
        given: "Zoé".into(),
        family: family.into(),
        node: Some(node.clone()),
        from: Some(day("2025-01-01")),
        ..PersonDraft::default()
    };
    app.add_person(draft).await.unwrap().person.person.id
}

fn fact(kind: &str, from: &str, to: Option<&str>, content: Value) -> FactDraft {
    let valid = Validity { from: day(from), to: to.map(day) };
    FactDraft { version: None, kind: kind.into(), valid, content }
}

/// Two bodies; in the first a service with teams of 3, 7 and 12.
struct Body {
    bench: Bench,
    body: NodeId,
    other: NodeId,
    service: NodeId,
    teams: Vec<NodeId>,
    stranger: PersonId,
}

impl Body {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let app = &bench.app;
        let body = node(app, NodeKind::Body, "Caisse A", None).await;
        let other = node(app, NodeKind::Body, "Caisse B", None).await;
        let service = node(app, NodeKind::Service, "Prestations", Some(&body)).await;
        let mut teams = Vec::new();
        for (code, people) in [("Équipe 1", 3), ("Équipe 2", 7), ("Équipe 3", 12)] {
            let team = node(app, NodeKind::Team, code, Some(&service)).await;
            for n in 0..people {
                join(app, &format!("Durand {code} {n:02}"), &team).await;
            }
            teams.push(team);
        }
        let far = node(app, NodeKind::Team, "Équipe 1", Some(&other)).await;
        let stranger = join(app, "Étranger", &far).await;
        Self { bench, body, other, service, teams, stranger }
    }

    async fn holder(&self, role: &str, at: Option<&NodeId>, person: Option<&PersonId>) -> App {
        let app = &self.bench.app;
        let grant = Grant {
            role: role.into(),
            node: at.cloned(),
            processes: None,
            valid: Validity { from: day("2025-01-01"), to: None },
        };
        let subject = Subject::Account { id: role.into(), person: person.cloned() };
        let whole = app.registry().organisation().await.unwrap();
        let today = app.today().await.unwrap();
        app.acting(Access::new(subject, &[grant], None, &whole, today))
    }
}

fn heads(view: &OrganisationView, id: &NodeId) -> Option<u64> {
    view.nodes.iter().find(|v| v.node.id == *id).unwrap().heads.map(|h| h.members)
}

fn refused(outcome: Result<impl std::fmt::Debug, AppError>) -> AppError {
    outcome.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_is_shown_parents_first_and_small_teams_take_a_sister_with_them() {
    let b = Body::new().await;
    let view = b.bench.app.organisation_view(None).await.unwrap();
    let labels: Vec<&str> = view.nodes.iter().map(|v| v.node.label.as_str()).collect();
    assert_eq!(
        labels,
        ["Caisse A", "Prestations", "Équipe 1", "Équipe 2", "Équipe 3", "Caisse B", "Équipe 1"]
    );
    assert!(view.nodes.iter().all(|v| v.editable && v.heads.is_some()));
    // A director reads totals, not people: the team of three is masked, and with it another,
    // since the service shows 22. The lone team of body B would be read from its body.
    let director = b.holder("director", None, None).await;
    let view = director.organisation_view(None).await.unwrap();
    assert_eq!(heads(&view, &b.service), Some(22));
    let shown: Vec<Option<u64>> = b.teams.iter().map(|t| heads(&view, t)).collect();
    assert_eq!(shown, [None, None, Some(12)]);
    assert_eq!(heads(&view, &b.other), None);
    assert!(view.nodes.iter().all(|v| !v.editable));
    // A manager of the small team may read its people: nothing is hidden from them there.
    let manager = b.holder("team_manager", Some(&b.teams[0]), None).await;
    let view = manager.organisation_view(None).await.unwrap();
    let labels: Vec<(&str, bool)> =
        view.nodes.iter().map(|v| (v.node.label.as_str(), v.heads.is_some())).collect();
    assert_eq!(labels, [("Caisse A", false), ("Prestations", false), ("Équipe 1", true)]);
    assert_eq!(heads(&view, &b.teams[0]), Some(3));
    assert!(view.nodes[0].node.code.is_empty() && view.nodes[0].node.places.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_out_of_reach_do_not_exist() {
    let b = Body::new().await;
    let manager = b.holder("team_manager", Some(&b.teams[1]), None).await;
    let page = manager.people(&PeopleWanted::default()).await.unwrap();
    assert_eq!(page.total, 7);
    assert!(page.people.iter().all(|p| p.nodes == [b.teams[1].clone()]));
    for other in [&b.stranger, &PersonId("nobody".into())] {
        let error = refused(manager.person(other).await);
        assert!(matches!(error, AppError::NotFound { what: "person", .. }), "{error}");
    }
    let wanted = PeopleWanted { node: Some(b.teams[2].clone()), ..PeopleWanted::default() };
    assert!(matches!(refused(manager.people(&wanted).await), AppError::NotFound { .. }));
    let technician = b.holder("case_handler", Some(&b.teams[1]), None).await;
    assert_eq!(refused(technician.people(&PeopleWanted::default()).await).kind(), "forbidden");
    assert_eq!(refused(technician.organisation_view(None).await).kind(), "forbidden");
    // Everybody sees their own file, and nobody logs it; a look by somebody else is recorded.
    let me = page.people[0].person.id.clone();
    let own = b.holder("case_handler", Some(&b.teams[1]), Some(&me)).await;
    assert_eq!(own.person(&me).await.unwrap().person.person.id, me);
    assert!(b.bench.app.registry().looks_at(&me, 9).await.unwrap().is_empty());
    manager.person(&me).await.unwrap();
    let looks = b.bench.app.registry().looks_at(&me, 9).await.unwrap();
    assert_eq!((looks.len(), looks[0].actor.as_str()), (1, "account/team_manager"));
}

#[tokio::test(flavor = "multi_thread")]
async fn search_ignores_case_and_accents_and_pages_follow_names() {
    let b = Body::new().await;
    let ask = |search: &str, offset, limit| PeopleWanted {
        search: search.into(),
        offset,
        limit,
        ..PeopleWanted::default()
    };
    let app = &b.bench.app;
    assert_eq!(app.people(&ask("etranger ZOE", 0, 10)).await.unwrap().total, 1);
    assert_eq!(app.people(&ask("durand nobody", 0, 10)).await.unwrap().total, 0);
    let all = app.people(&ask("durand", 0, 1000)).await.unwrap();
    assert_eq!(all.total, 22);
    let mut pages = Vec::new();
    for offset in (0..22).step_by(5) {
        pages.extend(app.people(&ask("durand", offset, 5)).await.unwrap().people);
    }
    assert_eq!(pages, all.people);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_loses_a_person_on_the_day_of_the_move() {
    let b = Body::new().await;
    let app = &b.bench.app;
    let wanted = PeopleWanted { node: Some(b.teams[1].clone()), ..Default::default() };
    let mover = app.people(&wanted).await.unwrap().people[0].person.id.clone();
    let file = app.person(&mover).await.unwrap();
    let mut end =
        fact("membership", "2025-01-01", Some("2025-06-30"), json!({ "node": b.teams[1] }));
    end.version = Some(file.facts[0].version);
    app.put_fact(&mover, file.facts[0].id, end).await.unwrap();
    let begin = fact("membership", "2025-07-01", None, json!({ "node": b.teams[2] }));
    app.add_fact(&mover, begin).await.unwrap();
    // Today is 1 July.
    let old = b.holder("team_manager", Some(&b.teams[1]), None).await;
    let new = b.holder("team_manager", Some(&b.teams[2]), None).await;
    assert!(old.person(&mover).await.is_err());
    assert!(new.person(&mover).await.is_ok());
    // Looking at an earlier day gives nobody back.
    let may = PeopleWanted { day: Some(day("2025-05-15")), ..Default::default() };
    assert_eq!(old.people(&may).await.unwrap().total, 6);
    let view = app.organisation_view(Some(day("2025-06-30"))).await.unwrap();
    assert_eq!((heads(&view, &b.teams[1]), heads(&view, &b.teams[2])), (Some(7), Some(12)));
    let view = app.organisation_view(Some(day("2025-07-01"))).await.unwrap();
    assert_eq!((heads(&view, &b.teams[1]), heads(&view, &b.teams[2])), (Some(6), Some(13)));
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_is_checked_on_the_target_and_on_the_destination() {
    let b = Body::new().await;
    let hr = b.holder("human_resources", Some(&b.body), None).await;
    let denied = |error: AppError| match error {
        AppError::Forbidden(denied) => denied.permission,
        other => panic!("{other}"),
    };
    // Inside the body: all of it.
    let team = hr.add_node(draft(NodeKind::Team, "Équipe 4", Some(&b.service))).await.unwrap();
    assert!(team.editable);
    let new = join(&hr, "Nouveau", &team.node.id).await;
    // Elsewhere: neither a node, nor a person, nor a move there.
    let outcome = hr.add_node(draft(NodeKind::Team, "Équipe 9", Some(&b.other))).await;
    assert_eq!(denied(refused(outcome)), Permission::OrganisationWrite);
    let outcome = hr.add_node(draft(NodeKind::Body, "Caisse C", None)).await;
    assert_eq!(denied(refused(outcome)), Permission::OrganisationWrite);
    let change = NodeDraft {
        version: Some(team.node.version),
        parent: Some(Some(b.other.clone())),
        code: "Équipe 4".into(),
        ..NodeDraft::default()
    };
    let outcome = hr.put_node(&team.node.id, change).await;
    assert_eq!(denied(refused(outcome)), Permission::OrganisationWrite);
    let far = b.bench.app.person(&b.stranger).await.unwrap().person.nodes[0].clone();
    let away = fact("membership", "2025-07-01", None, json!({ "node": far }));
    let outcome = hr.add_fact(&new, away).await;
    assert_eq!(denied(refused(outcome)), Permission::PeopleWrite);
    let nobody = PersonDraft { family: "Sans équipe".into(), ..PersonDraft::default() };
    assert_eq!(denied(refused(hr.add_person(nobody).await)), Permission::PeopleWrite);
    let change = PersonDraft { version: Some(1), ..PersonDraft::default() };
    let outcome = hr.put_person(&b.stranger, change.clone()).await;
    assert!(matches!(refused(outcome), AppError::NotFound { .. }));
    // A team for next month may be prepared and changed by who may write around it.
    let mut later = draft(NodeKind::Team, "Équipe 5", Some(&b.service));
    later.from = Some(day("2025-08-01"));
    let later = hr.add_node(later).await.unwrap();
    let rename = NodeDraft {
        version: Some(1),
        code: "Équipe 5".into(),
        label: "Renfort".into(),
        ..NodeDraft::default()
    };
    assert_eq!(hr.put_node(&later.node.id, rename).await.unwrap().node.label, "Renfort");
    // A manager reads and does not write.
    let manager = b.holder("team_manager", Some(&b.service), None).await;
    assert_eq!(denied(refused(manager.put_person(&new, change).await)), Permission::PeopleWrite);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_of_an_absence_stays_with_those_who_may_know() {
    let b = Body::new().await;
    let app = &b.bench.app;
    let wanted = PeopleWanted { node: Some(b.teams[2].clone()), ..Default::default() };
    let ill = app.people(&wanted).await.unwrap().people[0].person.id.clone();
    let away = json!({ "from_noon": true, "cause": "sickness" });
    let file = app.add_fact(&ill, fact("absence", "2025-07-01", Some("2025-07-04"), away)).await;
    let id = file.unwrap().facts[0].id;
    let cause = |file: &PersonFile| file.facts[0].content.get("cause").cloned();
    let manager = b.holder("team_manager", Some(&b.teams[2]), None).await;
    let seen = manager.person(&ill).await.unwrap();
    assert_eq!((cause(&seen), seen.person.presence), (None, Presence::Half));
    assert!(!format!("{seen:?}").contains("sickness"));
    let hr = b.holder("human_resources", Some(&b.body), None).await;
    assert_eq!(cause(&hr.person(&ill).await.unwrap()), Some(json!("sickness")));
    let own = b.holder("case_handler", Some(&b.teams[2]), Some(&ill)).await;
    assert_eq!(cause(&own.person(&ill).await.unwrap()), Some(json!("sickness")));
    // A form that does not say the cause keeps it.
    let mut longer =
        fact("absence", "2025-07-01", Some("2025-07-11"), json!({ "from_noon": true }));
    longer.version = Some(1);
    assert_eq!(cause(&hr.put_fact(&ill, id, longer).await.unwrap()), Some(json!("sickness")));
    // Neither the audit log nor anything a manager reads holds it.
    let log = app.registry().audit_entries(0, 1000).await.unwrap();
    assert!(!format!("{log:?}").contains("sickness"));
    let view = manager.organisation_view(None).await.unwrap();
    let team = view.nodes.iter().find(|v| v.node.id == b.teams[2]).unwrap();
    assert_eq!(team.heads.unwrap().present, 12, "half a day counts as present");
    let view = manager.organisation_view(Some(day("2025-07-02"))).await.unwrap();
    let team = view.nodes.iter().find(|v| v.node.id == b.teams[2]).unwrap();
    assert_eq!(team.heads.unwrap().present, 11);
    // 14 July is nobody's day.
    let view = manager.organisation_view(Some(day("2025-07-14"))).await.unwrap();
    let team = view.nodes.iter().find(|v| v.node.id == b.teams[2]).unwrap();
    assert_eq!(team.heads.unwrap().present, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_closes_lets_its_people_go_and_says_so() {
    let b = Body::new().await;
    let app = &b.bench.app;
    let close = NodeDraft {
        version: Some(1),
        code: "Équipe 2".into(),
        to: Some(day("2025-07-31")),
        ..NodeDraft::default()
    };
    app.put_node(&b.teams[1], close.clone()).await.unwrap();
    let members = |on: &str| {
        let (app, body, on) = (app.clone(), b.body.clone(), day(on));
        async move { heads(&app.organisation_view(Some(on)).await.unwrap(), &body) }
    };
    assert_eq!(members("2025-07-31").await, Some(22));
    assert_eq!(members("2025-08-01").await, Some(15));
    // The service cannot close while teams hang below.
    let error = refused(
        app.put_node(&b.service, NodeDraft { code: "Prestations".into(), ..close.clone() }).await,
    );
    let [fr, _] = error.words();
    assert!(fr.contains("Prestations") && fr.contains("rattacher d’abord"), "{fr}");
    // The same form sent again was written on an older record.
    assert_eq!(refused(app.put_node(&b.teams[1], close).await).kind(), "stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_no_node_names_are_told_to_who_may_name_them() {
    let b = Body::new().await;
    let log = crate::common::csv(&crate::common::month("A", 5, 10));
    b.bench.store("may.csv", &log, "pensions").await;
    let unknown = b.bench.app.organisation_view(None).await.unwrap().unknown;
    let units: BTreeSet<(&str, &str)> =
        unknown.iter().map(|u| (u.column, u.value.as_str())).collect();
    assert_eq!(units, BTreeSet::from([("unit", "Nord"), ("unit", "Sud")]));
    node(&b.bench.app, NodeKind::Team, "Nord", Some(&b.service)).await;
    let unknown = b.bench.app.organisation_view(None).await.unwrap().unknown;
    assert_eq!(unknown.len(), 1);
    let manager = b.holder("team_manager", Some(&b.teams[0]), None).await;
    assert!(manager.organisation_view(None).await.unwrap().unknown.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pseudonym_joins_the_logs_and_the_identifier_is_not_kept() {
    let b = Body::new().await;
    let app = &b.bench.app;
    let draft = PersonDraft {
        family: "Petit".into(),
        agent: Some("00123".into()),
        ..PersonDraft::default()
    };
    let file = app.add_person(draft.clone()).await.unwrap();
    let expected = app.home().pseudonymiser().unwrap().person("00123").to_owned();
    assert_eq!(file.person.person.agent, Some(expected));
    let error = refused(app.add_person(draft).await);
    assert!(matches!(&error, AppError::Refused { code, .. } if code == "same_person"), "{error}");
    let all = format!("{:?}", app.registry().organisation().await.unwrap());
    assert!(!all.contains("00123"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_with_its_field() {
    let b = Body::new().await;
    let app = &b.bench.app;
    let cases = [
        fact("membership", "2025-01-01", None, json!({ "node": "nowhere" })),
        fact(
            "contract",
            "2025-01-01",
            None,
            json!({ "share": 1.5, "weekly_hours": 36.0, "worked_weekdays": [1] }),
        ),
        fact(
            "contract",
            "2025-01-01",
            None,
            json!({ "share": 0.5, "weekly_hours": 36.0, "worked_weekdays": [0, 9] }),
        ),
        fact("contract", "2025-01-01", None, json!({ "share": "half" })),
        fact(
            "skill",
            "2025-01-01",
            None,
            json!({ "skill": "RSA", "theory": 5, "practice": 1, "intensity": null, "authorised": true }),
        ),
        fact(
            "skill",
            "2025-01-01",
            None,
            json!({ "skill": "R\nSA", "theory": 4, "practice": 1, "intensity": null, "authorised": true }),
        ),
        fact("absence", "2025-02-01", Some("2025-01-01"), json!({})),
        fact(
            "absence",
            "2025-02-01",
            Some("2025-02-01"),
            json!({ "from_noon": true, "until_noon": true }),
        ),
        fact("ramp_up", "2025-01-01", None, json!({ "start": 0.5 })),
        fact("salary", "2025-01-01", None, json!({})),
        fact("skill", "2025-01-01", None, json!([1, 2])),
    ];
    for draft in cases {
        let told = format!("{draft:?}");
        let error = refused(app.add_fact(&b.stranger, draft).await);
        assert!(matches!(error.kind(), "invalid" | "refused" | "not-found"), "{told}: {error}");
        let [fr, en] = error.words();
        assert!(!fr.is_empty() && !en.is_empty() && fr != en, "{told}: {fr} / {en}");
    }
    let _: Date = day("2025-01-01");
}
