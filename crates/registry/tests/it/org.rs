//! The organisation in the registry: what is written is what the rules made of it.

use std::collections::BTreeMap;

use eclusier_core::org::{
    AbsenceCause, DatedFact, Edit, Fact, Node, NodeId, NodeKind, OrgFault, Organisation, Person,
    PersonId, Place, Validity,
};
use eclusier_registry::{OrgDelivery, Registry, RegistryError};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::json;

use crate::{at, bench, open, run};

fn day(n: i64) -> Date {
    date(2025, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap()
}

fn valid(from: i64, to: Option<i64>) -> Validity {
    Validity { from: day(from), to: to.map(day) }
}

fn node(id: &str, kind: NodeKind, parent: Option<&str>) -> Node {
    Node {
        id: NodeId(id.into()),
        kind,
        code: format!("code {id}"),
        label: format!("Unité {id}"),
        external: None,
        places: vec![Place { parent: parent.map(|p| NodeId(p.into())), valid: valid(0, None) }],
        version: 0,
    }
}

fn person(id: &str) -> Person {
    Person {
        id: PersonId(id.into()),
        agent: Some(format!("p-{id}")),
        given: "Zoé".into(),
        family: format!("Durand-{id}"),
        email: format!("{id}@exemple.fr"),
        external: None,
        user_name: Some(format!("{id}@caisse")),
        active: true,
        facts: Vec::new(),
        version: 0,
    }
}

fn dated(fact: Fact, from: i64, to: Option<i64>) -> DatedFact {
    DatedFact { id: 0, valid: valid(from, to), fact, source: "screen".into(), version: 0 }
}

fn belongs(node: &str) -> Fact {
    Fact::Membership { node: NodeId(node.into()) }
}

fn add(person: &str, fact: DatedFact) -> Edit {
    Edit::AddFact { person: PersonId(person.into()), fact }
}

fn small() -> Vec<Edit> {
    let mut edits: Vec<Edit> = [
        node("body", NodeKind::Body, None),
        node("north", NodeKind::Service, Some("body")),
        node("team", NodeKind::Team, Some("north")),
    ]
    .into_iter()
    .map(|node| Edit::AddNode { node })
    .collect();
    edits.extend(["ann", "bob"].map(|id| Edit::AddPerson { person: person(id) }));
    edits.push(add("ann", dated(belongs("team"), 0, None)));
    edits.push(add("bob", dated(belongs("north"), 0, Some(30))));
    edits
}

async fn change(registry: &Registry, edits: &[Edit]) -> Result<i64, RegistryError> {
    registry.change_organisation(edits, None, "account/1", at(0)).await.map(|c| c.revision)
}

#[test]
fn what_is_written_is_read_back_whole() {
    run(async {
        let bench = bench().await;
        assert_eq!(bench.registry.organisation().await.unwrap(), Organisation::default());
        let done = bench.registry.change_organisation(&small(), None, "a", at(0)).await.unwrap();
        assert_eq!((done.revision, done.facts), (1, vec![1, 2]));
        let read = bench.registry.organisation().await.unwrap();
        let mut made = Organisation { revision: 1, ..Organisation::default() };
        let mut edits = small();
        let mut number = 0;
        for edit in &mut edits {
            if let Edit::AddFact { fact, .. } = edit {
                number += 1;
                fact.id = number;
            }
        }
        made.apply(&edits).unwrap();
        assert_eq!(read, made);
        assert_eq!(bench.registry.organisation_revision().await.unwrap(), 1);
        // Nothing to do is not a change.
        assert_eq!(change(&bench.registry, &[]).await.unwrap(), 1);
    });
}

#[test]
fn two_writers_of_one_record_one_is_told_and_nothing_is_lost() {
    run(async {
        let bench = bench().await;
        change(&bench.registry, &small()).await.unwrap();
        let other = open(&bench.path()).await.unwrap();
        let seen = bench.registry.organisation().await.unwrap();
        let mut first = seen.nodes[&NodeId("team".into())].clone();
        first.label = "Équipe renommée".into();
        let mut second = seen.nodes[&NodeId("team".into())].clone();
        second = second.moved(Some(NodeId("body".into())), day(10));
        change(&bench.registry, &[Edit::PutNode { node: first }]).await.unwrap();
        let late = change(&other, &[Edit::PutNode { node: second.clone() }]).await;
        assert!(
            matches!(&late, Err(RegistryError::Stale { what: "node", id }) if id == "team"),
            "{late:?}"
        );
        let read = other.organisation().await.unwrap();
        let team = &read.nodes[&NodeId("team".into())];
        assert_eq!((team.label.as_str(), team.version), ("Équipe renommée", 2));
        // Read again and retried, both changes stand.
        let again = team.clone().moved(Some(NodeId("body".into())), day(10));
        change(&other, &[Edit::PutNode { node: again }]).await.unwrap();
        let team =
            bench.registry.organisation().await.unwrap().nodes[&NodeId("team".into())].clone();
        assert_eq!(
            (team.label.as_str(), team.places.len(), team.version),
            ("Équipe renommée", 2, 3)
        );
        // Facts have versions of their own: two facts of one person are two records.
        let ann = &read.people[&PersonId("ann".into())];
        let mut fact = ann.facts[0].clone();
        fact.valid.to = Some(day(5));
        let put = |fact: &DatedFact| Edit::PutFact { person: ann.id.clone(), fact: fact.clone() };
        change(&other, &[put(&fact)]).await.unwrap();
        assert!(matches!(change(&other, &[put(&fact)]).await, Err(RegistryError::Stale { .. })));
        let drop = Edit::DropFact { person: ann.id.clone(), fact: fact.id, version: 1 };
        assert!(matches!(change(&other, &[drop]).await, Err(RegistryError::Stale { .. })));
    });
}

#[test]
fn fifty_writers_at_once_lose_nothing() {
    run(async {
        let bench = bench().await;
        change(&bench.registry, &small()).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..50 {
            let registry = bench.registry.clone();
            tasks.spawn(async move {
                loop {
                    let seen = registry.organisation().await.unwrap();
                    let mut team = seen.nodes[&NodeId("team".into())].clone();
                    team.label = format!("{};{n}", team.label);
                    match change(&registry, &[Edit::PutNode { node: team }]).await {
                        Ok(_) => break,
                        Err(RegistryError::Stale { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let read = bench.registry.organisation().await.unwrap();
        let team = &read.nodes[&NodeId("team".into())];
        let mut names: Vec<&str> = team.label.split(';').skip(1).collect();
        names.sort_by_key(|n| n.parse::<u32>().unwrap());
        assert_eq!(names, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!((team.version, read.revision), (51, 51));
    });
}

#[test]
fn what_breaks_a_rule_leaves_nothing() {
    run(async {
        let bench = bench().await;
        change(&bench.registry, &small()).await.unwrap();
        let before = bench.registry.organisation().await.unwrap();
        let get = |id: &str| before.nodes[&NodeId(id.into())].clone();
        let north = get("north");
        let refused = [
            // Below one's own team.
            vec![Edit::PutNode { node: north.clone().moved(Some(NodeId("team".into())), day(3)) }],
            // Closed while a team hangs below and people belong to it.
            vec![Edit::PutNode { node: north.clone().closed(day(10)) }],
            // A second team of the same code in the body.
            vec![Edit::AddNode {
                node: Node {
                    code: "code team".into(),
                    ..node("twin", NodeKind::Team, Some("body"))
                },
            }],
            // The first edit of a list that fails is not kept.
            vec![
                Edit::AddPerson { person: person("cid") },
                add("cid", dated(belongs("nowhere"), 0, None)),
            ],
            // Somebody else's pseudonym, though nobody else is touched.
            vec![Edit::AddPerson {
                person: Person { agent: Some("p-ann".into()), ..person("dan") },
            }],
            vec![Edit::AddPerson {
                person: Person { user_name: Some("ANN@caisse".into()), ..person("eve") },
            }],
            vec![add("ann", dated(belongs("team"), 20, None))],
        ];
        for edits in refused {
            let outcome = change(&bench.registry, &edits).await;
            assert!(
                matches!(
                    outcome,
                    Err(RegistryError::Organisation(_) | RegistryError::Missing { .. })
                ),
                "{edits:?}: {outcome:?}"
            );
        }
        assert_eq!(bench.registry.organisation().await.unwrap(), before);
        // The members of a node that closes are looked for even though no edit names them.
        let team = get("team");
        let outcome =
            change(&bench.registry, &[Edit::PutNode { node: team.closed(day(10)) }]).await;
        assert!(
            matches!(&outcome, Err(RegistryError::Organisation(OrgFault::NodeAbsent { .. }))),
            "{outcome:?}"
        );
    });
}

#[test]
fn the_audit_log_holds_figures_and_identifiers_only() {
    run(async {
        let bench = bench().await;
        let mut edits = small();
        let cause = AbsenceCause::Sickness;
        let away = Fact::Absence { from_noon: false, until_noon: false, cause };
        edits.push(add("ann", dated(away, 123, Some(125))));
        change(&bench.registry, &edits).await.unwrap();
        let delivery = OrgDelivery {
            action: "staff.import",
            sha256: "00".into(),
            figures: json!({ "rows_read": 12 }),
        };
        let more = [Edit::AddPerson { person: person("zed") }];
        bench.registry.change_organisation(&more, Some(&delivery), "a", at(1)).await.unwrap();
        let entries = bench.registry.audit_entries(0, 100).await.unwrap();
        assert_eq!(entries.len(), edits.len() + 1);
        let all = format!("{entries:?}").to_lowercase();
        for secret in ["durand", "zoé", "exemple.fr", "sickness", "unité", "p-ann", "caisse"] {
            assert!(!all.contains(secret), "{secret} is in the log: {all}");
        }
        assert!(!all.contains(&day(123).to_string()), "days of absence: {all}");
        assert!(entries.last().unwrap().details.contains("edits_sha256"));
        assert!(bench.registry.verify_audit().await.unwrap().is_whole());
    });
}

/// A change as a few numbers, made of what the organisation holds when its turn comes.
fn edit_of(seed: (u8, u8, u8, i64, i64), known: &Organisation) -> Edit {
    let (what, a, b, from, length) = seed;
    let to = (length < 60).then_some(from + length);
    let pick = |n: u8| known.people.values().nth(usize::from(n) % known.people.len().max(1));
    let team = |n: u8| known.nodes.values().nth(usize::from(n) % known.nodes.len().max(1));
    let kinds = NodeKind::ALL;
    let kind = kinds[usize::from(a) % kinds.len()];
    match (what % 8, pick(a), team(b)) {
        (0, ..) | (_, None, _) => Edit::AddPerson { person: person(&format!("w{a}")) },
        (1, _, above) | (_, _, above @ None) => {
            let above = above.map(|n| n.id.0.clone());
            let mut new = node(&format!("n{a}"), kind, above.as_deref());
            new.places[0].valid = valid(from, to);
            Edit::AddNode { node: new }
        }
        (2, _, Some(node)) => {
            let parent = team(a).map(|n| n.id.clone());
            Edit::PutNode { node: node.clone().moved(parent, day(from)) }
        }
        (3, _, Some(node)) => Edit::PutNode { node: node.clone().closed(day(from)) },
        (4, Some(person), Some(node)) => Edit::AddFact {
            person: person.id.clone(),
            fact: dated(Fact::Membership { node: node.id.clone() }, from, to),
        },
        (5, Some(person), _) => Edit::AddFact {
            person: person.id.clone(),
            fact: dated(
                Fact::Contract {
                    share: 0.8,
                    weekly_hours: 28.8,
                    worked_weekdays: vec![1, 2, 4, 5],
                    calendar: None,
                },
                from,
                to,
            ),
        },
        (6, Some(person), _) => match person.facts.first() {
            Some(fact) => Edit::PutFact {
                person: person.id.clone(),
                fact: DatedFact { valid: valid(from, to), ..fact.clone() },
            },
            None => Edit::PutPerson { person: Person { active: false, ..person.clone() } },
        },
        (_, Some(person), _) => match person.facts.last() {
            Some(fact) => {
                Edit::DropFact { person: person.id.clone(), fact: fact.id, version: fact.version }
            }
            None => Edit::PutPerson { person: Person { email: String::new(), ..person.clone() } },
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The registry reads a part and writes a part; the value holds everything: they agree on
    /// what is accepted and on what results.
    #[test]
    fn the_registry_and_the_value_never_part(
        seeds in proptest::collection::vec((any::<u8>(), 0u8..6, 0u8..6, 0i64..40, 0i64..80), 1..60),
    ) {
        run(async {
            let bench = bench().await;
            let mut model = Organisation::default();
            let mut outcomes = BTreeMap::new();
            for seed in seeds {
                let edit = edit_of(seed, &model);
                let mut tried = model.clone();
                let mut told = edit.clone();
                let next = bench.registry.change_organisation(
                    std::slice::from_ref(&edit), None, "a", at(0),
                ).await;
                if let (Edit::AddFact { fact, .. }, Ok(done)) = (&mut told, &next) {
                    fact.id = done.facts[0];
                } else if let Edit::AddFact { fact, .. } = &mut told {
                    fact.id = -1;
                }
                let judged = tried.apply(std::slice::from_ref(&told));
                assert_eq!(judged.is_ok(), next.is_ok(), "{edit:?}: {judged:?} / {next:?}");
                *outcomes.entry(next.is_ok()).or_insert(0) += 1;
                if let Ok(done) = next {
                    model = tried;
                    model.revision = done.revision;
                }
                assert_eq!(bench.registry.organisation().await.unwrap(), model);
            }
            outcomes
        });
    }
}

/// Measured, not guessed: `cargo nextest run -p eclusier-registry largest --run-ignored only`.
#[test]
#[ignore = "a measure, not a rule"]
fn the_largest_organisation_is_read_in_a_moment() {
    run(async {
        let bench = bench().await;
        let mut edits = vec![Edit::AddNode { node: node("body", NodeKind::Body, None) }];
        for t in 0..1_000 {
            edits
                .push(Edit::AddNode { node: node(&format!("t{t}"), NodeKind::Team, Some("body")) });
        }
        for p in 0..20_000 {
            let id = format!("w{p}");
            edits.push(Edit::AddPerson { person: person(&id) });
            edits.push(add(&id, dated(belongs(&format!("t{}", p % 1_000)), 0, None)));
            let contract = Fact::Contract {
                share: 1.0,
                weekly_hours: 36.0,
                worked_weekdays: vec![1, 2, 3, 4, 5],
                calendar: None,
            };
            edits.push(add(&id, dated(contract, 0, None)));
            for s in 0..4 {
                let skill = Fact::Skill {
                    skill: format!("Produit {s}"),
                    theory: 3,
                    practice: 2,
                    intensity: Some(0.25),
                    authorised: true,
                };
                edits.push(add(&id, dated(skill, 0, None)));
            }
        }
        let start = std::time::Instant::now();
        change(&bench.registry, &edits).await.unwrap();
        println!("{} edits written in {:?}", edits.len(), start.elapsed());
        for _ in 0..3 {
            let start = std::time::Instant::now();
            let read = bench.registry.organisation().await.unwrap();
            println!("{} people read in {:?}", read.people.len(), start.elapsed());
            let start = std::time::Instant::now();
            let heads = read.heads(day(3), |_| true);
            println!("{} nodes counted in {:?}", heads.len(), start.elapsed());
        }
        let start = std::time::Instant::now();
        bench.registry.organisation_revision().await.unwrap();
        println!("revision read in {:?}", start.elapsed());
    });
}
