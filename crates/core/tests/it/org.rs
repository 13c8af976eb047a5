//! Random dated trees against answers found by brute force, day by day.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::org::{
    AbsenceCause, DatedFact, Edit, Fact, Node, NodeId, NodeKind, OrgFault, Organisation, Person,
    PersonId, Piece, Place, Presence, RowScope, Validity, merged, reconcile,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const DAYS: i64 = 40;

fn day(n: i64) -> Date {
    date(2025, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap()
}

fn valid(from: i64, to: Option<i64>) -> Validity {
    Validity { from: day(from), to: to.map(day) }
}

fn id(n: usize) -> NodeId {
    NodeId(format!("n{n:02}"))
}

fn node(n: usize, kind: NodeKind, parent: Option<usize>) -> Node {
    Node {
        id: id(n),
        kind,
        code: format!("c{n}"),
        label: format!("N{n}"),
        external: None,
        places: vec![Place { parent: parent.map(id), valid: valid(0, None) }],
        version: 0,
    }
}

fn person(n: usize) -> Person {
    Person {
        id: PersonId(format!("p{n:02}")),
        agent: None,
        given: String::new(),
        family: String::new(),
        email: String::new(),
        external: None,
        user_name: None,
        active: true,
        facts: Vec::new(),
        version: 0,
    }
}

fn fact(id: i64, fact: Fact, from: i64, to: Option<i64>) -> DatedFact {
    DatedFact { id, valid: valid(from, to), fact, source: "test".into(), version: 0 }
}

fn belongs(n: usize) -> Fact {
    Fact::Membership { node: id(n) }
}

/// An organisation made by edits, those refused left out.
fn organisation() -> impl Strategy<Value = Organisation> {
    let nodes = proptest::collection::vec((0usize..5, 0usize..20), 1..14);
    let moves =
        proptest::collection::vec((0usize..14, 0usize..16, 0i64..DAYS, any::<bool>()), 0..14);
    let people = proptest::collection::vec(
        proptest::collection::vec((0usize..14, 0i64..DAYS, 0i64..60), 0..4),
        0..10,
    );
    (nodes, moves, people).prop_map(|(nodes, moves, people)| {
        let mut made = Organisation::default();
        let attempt = |made: &mut Organisation, edit: Edit| {
            let mut tried = made.clone();
            if tried.apply(&[edit]).is_ok() {
                *made = tried;
            }
        };
        for (n, (kind, parent)) in nodes.iter().enumerate() {
            let parent = (*parent < n).then_some(*parent);
            attempt(&mut made, Edit::AddNode { node: node(n, NodeKind::ALL[*kind], parent) });
            // Where the kinds do not fit, a root all the same: never an empty tree.
            if made.nodes.is_empty() {
                attempt(&mut made, Edit::AddNode { node: node(n, NodeKind::ALL[*kind], None) });
            }
        }
        for (n, parent, from, closes) in moves {
            let Some(node) = made.nodes.get(&id(n)).cloned() else { continue };
            let parent = (parent < 14).then(|| id(parent));
            let node = if closes { node.closed(day(from)) } else { node.moved(parent, day(from)) };
            attempt(&mut made, Edit::PutNode { node });
        }
        let mut number = 0;
        for (n, facts) in people.into_iter().enumerate() {
            attempt(&mut made, Edit::AddPerson { person: person(n) });
            for (node, from, length) in facts {
                number += 1;
                let to = (length < 40).then_some(from + length);
                let fact = fact(number, belongs(node), from, to);
                let person = PersonId(format!("p{n:02}"));
                attempt(&mut made, Edit::AddFact { person, fact });
            }
        }
        made
    })
}

/// The node above on a day, read straight from the places.
fn above(made: &Organisation, id: &NodeId, day: Date) -> Option<Option<NodeId>> {
    let places = &made.nodes.get(id)?.places;
    let held: Vec<&Place> = places
        .iter()
        .filter(|p| p.valid.from <= day && p.valid.to.is_none_or(|to| to >= day))
        .collect();
    assert!(held.len() <= 1, "{id} has two places on {day}");
    held.first().map(|place| place.parent.clone())
}

/// Whether a node is another or hangs somewhere below it.
fn is_under(made: &Organisation, id: &NodeId, top: &NodeId, day: Date) -> bool {
    let mut at = id.clone();
    for _ in 0..=made.nodes.len() {
        if at == *top {
            return above(made, top, day).is_some();
        }
        match above(made, &at, day) {
            Some(Some(parent)) => at = parent,
            _ => return false,
        }
    }
    panic!("{id} goes round in circles on {day}");
}

/// A piece that grew takes its place again among those that begin the same day.
#[test]
fn a_piece_that_grew_is_sorted_by_its_new_end() {
    let piece = |from, to, content: u8| Piece { valid: valid(from, Some(to)), content };
    let short = merged(vec![piece(15, 24, 1), piece(15, 21, 2), piece(15, 15, 1)]);
    assert_eq!(short, [piece(15, 21, 2), piece(15, 24, 1)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn subtrees_members_and_heads_are_those_found_by_hand(made in organisation(), n in 0i64..DAYS + 20) {
        let day = day(n);
        let heads = made.heads(day, |_| true);
        for top in made.nodes.keys() {
            let under: BTreeSet<NodeId> = made
                .nodes
                .keys()
                .filter(|id| above(&made, id, day).is_some() && is_under(&made, id, top, day))
                .cloned()
                .collect();
            prop_assert_eq!(made.subtree(top, day), under.clone());
            let members: BTreeSet<PersonId> = made
                .people
                .values()
                .filter(|p| p.facts.iter().any(|f| {
                    let within = f.valid.from <= day && f.valid.to.is_none_or(|to| day <= to);
                    within && matches!(&f.fact, Fact::Membership { node } if under.contains(node))
                }))
                .map(|p| p.id.clone())
                .collect();
            prop_assert_eq!(made.members(&under, day), members.clone());
            let counted = heads.get(top).map(|h| h.members);
            let stands = above(&made, top, day).is_some();
            prop_assert_eq!(counted, stands.then_some(members.len() as u64));
        }
    }

    #[test]
    fn a_node_covers_its_rows_and_those_below_and_no_other(made in organisation(), n in 0i64..DAYS) {
        let day = day(n);
        let bodies: Vec<&Node> = made
            .nodes
            .values()
            .filter(|node| node.kind == NodeKind::Body && above(&made, &node.id, day).is_some())
            .collect();
        let orgs: Vec<Option<&str>> = made
            .nodes
            .values()
            .filter(|node| node.kind.is_org())
            .map(|node| Some(node.code.as_str()))
            .chain([None, Some("elsewhere")])
            .collect();
        let units: Vec<Option<&str>> = made
            .nodes
            .values()
            .filter(|node| !node.kind.is_org())
            .map(|node| Some(node.code.as_str()))
            .chain([None, Some("elsewhere")])
            .collect();
        for top in made.nodes.keys() {
            let scope = made.row_scope(top, day);
            for org in &orgs {
                for unit in &units {
                    let kept = scope.keeps(*org, *unit);
                    prop_assert_eq!(kept, expected(&made, top, day, *org, *unit, bodies.len()),
                        "{} sees {:?}/{:?}", top, org, unit);
                }
            }
        }
    }

    /// What is accepted keeps every rule on every day.
    #[test]
    fn no_edit_leaves_a_broken_tree(made in organisation()) {
        for n in 0..DAYS + 20 {
            let day = day(n);
            let mut codes: BTreeMap<(Option<NodeId>, &str), &NodeId> = BTreeMap::new();
            for node in made.nodes.values() {
                let Some(parent) = above(&made, &node.id, day) else { continue };
                if let Some(parent) = parent {
                    prop_assert!(above(&made, &parent, day).is_some(), "an absent parent");
                    prop_assert!(made.nodes[&parent].kind < node.kind, "a narrower parent");
                }
                let body = if node.kind.is_org() { None } else { made.body_of(&node.id, day) };
                let other = codes.insert((body, &node.code), &node.id);
                prop_assert!(other.is_none(), "two nodes of one code");
            }
            for person in made.people.values() {
                for node in person.nodes(day) {
                    prop_assert!(above(&made, node, day).is_some(), "a member of a closed node");
                }
            }
        }
    }

    /// A move changes nothing before its day, and holds from it until the place it cut ended.
    #[test]
    fn a_move_holds_from_its_day(
        spans in proptest::collection::vec((0i64..DAYS, 0i64..12, 0usize..3), 0..4),
        from in 0i64..DAYS,
        parent in 0usize..4,
    ) {
        let mut start = node(9, NodeKind::Team, None);
        start.places.clear();
        let mut at = 0;
        for (gap, length, parent) in spans {
            let begins = at + gap % 5;
            let valid = valid(begins, Some(begins + length));
            start.places.push(Place { parent: Some(id(parent)), valid });
            at = begins + length + 1;
        }
        let wanted = (parent < 3).then(|| id(parent));
        let moved = start.clone().moved(wanted.clone(), day(from));
        let parent_on = |node: &Node, n: i64| node.place(day(n)).map(|p| p.parent.clone());
        for n in 0..from {
            prop_assert_eq!(parent_on(&moved, n), parent_on(&start, n));
        }
        let end = match start.place(day(from)) {
            Some(place) => place.valid.to,
            None => start.places.iter().map(|p| p.valid.from).filter(|f| *f > day(from)).min()
                .map(|next| next.yesterday().unwrap()),
        };
        for n in from..DAYS + 30 {
            if end.is_none_or(|end| day(n) <= end) {
                prop_assert_eq!(parent_on(&moved, n), Some(wanted.clone()));
            } else {
                prop_assert_eq!(parent_on(&moved, n), parent_on(&start, n));
            }
        }
        let closed = start.clone().closed(day(from));
        for n in 0..DAYS + 30 {
            let kept = if n <= from { parent_on(&start, n) } else { None };
            prop_assert_eq!(parent_on(&closed, n), kept);
        }
    }

    /// Merging changes how days are written, never what they say, and cannot be done twice.
    #[test]
    fn merging_says_the_same_in_fewer_pieces(
        pieces in proptest::collection::vec((0i64..DAYS, 0i64..20, 0u8..3), 0..8),
    ) {
        let pieces: Vec<Piece<u8>> = pieces
            .into_iter()
            .map(|(from, length, content)| Piece {
                valid: valid(from, (length < 15).then_some(from + length)),
                content,
            })
            .collect();
        let short = merged(pieces.clone());
        for n in 0..DAYS + 30 {
            let said = |pieces: &[Piece<u8>]| -> BTreeSet<u8> {
                pieces.iter().filter(|p| p.valid.covers(day(n))).map(|p| p.content).collect()
            };
            prop_assert_eq!(said(&short), said(&pieces));
        }
        prop_assert!(short.len() <= pieces.len());
        prop_assert_eq!(merged(short.clone()), short);
    }

    /// After the edits, the days before `start` say what they said, the others what is wanted;
    /// and doing it again changes nothing.
    #[test]
    fn a_list_is_right_from_its_first_day_and_only_once(
        known in proptest::collection::vec((0i64..6, 0i64..12, 1u8..4), 0..5),
        wanted in proptest::collection::vec((0i64..6, 0i64..12, 1u8..4), 0..4),
        start in 0i64..30,
    ) {
        let contract = |share: u8| Fact::Contract {
            share: f64::from(share) / 4.0,
            weekly_hours: 30.0,
            worked_weekdays: vec![1, 2],
            calendar: None,
        };
        let mut made = Organisation::default();
        let owner = person(0).id;
        let mut edits = vec![Edit::AddPerson { person: person(0) }];
        let mut at = 0;
        for (n, (gap, length, share)) in known.iter().enumerate() {
            let from = at + gap;
            at = from + length + 1;
            let number = n as i64 + 1;
            edits.push(Edit::AddFact {
                person: owner.clone(),
                fact: fact(number, contract(*share), from, Some(from + length)),
            });
        }
        made.apply(&edits).unwrap();
        let mut at = start;
        let pieces: Vec<Piece<Fact>> = wanted
            .iter()
            .map(|(gap, length, share)| {
                let from = at + gap;
                at = from + length + 1;
                Piece { valid: valid(from, Some(from + length)), content: contract(*share) }
            })
            .collect();
        let plan = |made: &Organisation| {
            let facts: Vec<&DatedFact> = made.people[&owner].facts.iter().collect();
            reconcile(&owner, &facts, day(start), pieces.clone(), "list")
        };
        let mut edits = plan(&made);
        let mut number = 100;
        for edit in &mut edits {
            if let Edit::AddFact { fact, .. } = edit {
                number += 1;
                fact.id = number;
            }
        }
        let mut after = made.clone();
        after.apply(&edits).unwrap();
        let share = |made: &Organisation, n: i64| made.people[&owner].share(day(n));
        for n in 0..90 {
            let expected = if n < start {
                share(&made, n)
            } else {
                pieces.iter().find(|p| p.valid.covers(day(n))).map(|p| match p.content {
                    Fact::Contract { share, .. } => share,
                    _ => 0.0,
                })
            };
            prop_assert_eq!(share(&after, n), expected, "day {}", n);
        }
        prop_assert_eq!(plan(&after), vec![]);
    }
}

/// Whether a row must be seen from a node, found by walking the tree.
fn expected(
    made: &Organisation,
    top: &NodeId,
    day: Date,
    org: Option<&str>,
    unit: Option<&str>,
    bodies: usize,
) -> bool {
    let standing = |id: &NodeId| above(made, id, day).is_some();
    let under = |id: &NodeId| standing(id) && is_under(made, id, top, day);
    // The row of an org at or below the node.
    let own = made
        .nodes
        .values()
        .any(|n| n.kind.is_org() && Some(n.code.as_str()) == org && under(&n.id));
    // Rows that name no org are those of the only body.
    let body_below = made
        .nodes
        .values()
        .any(|n| matches!(n.kind, NodeKind::Body | NodeKind::Network) && under(&n.id));
    let unsaid = org.is_none() && bodies <= 1 && body_below;
    // The row of a unit below, inside the orgs around it.
    let of_unit = made
        .nodes
        .values()
        .any(|n| !n.kind.is_org() && Some(n.code.as_str()) == unit && under(&n.id));
    let around = match org {
        None => bodies <= 1,
        Some(code) => {
            own || made.nodes.values().any(|n| {
                n.kind.is_org()
                    && n.kind != NodeKind::Network
                    && n.code == code
                    && n.id != *top
                    && standing(top)
                    && is_under(made, top, &n.id, day)
            })
        }
    };
    own || unsaid || (of_unit && around)
}

#[test]
fn a_node_never_hangs_below_itself_however_long_the_way() {
    let mut made = Organisation::default();
    let edits: Vec<Edit> = [
        node(0, NodeKind::Body, None),
        node(1, NodeKind::Site, Some(0)),
        node(2, NodeKind::Service, Some(1)),
        node(3, NodeKind::Team, Some(2)),
    ]
    .into_iter()
    .map(|node| Edit::AddNode { node })
    .collect();
    made.apply(&edits).unwrap();
    for (n, parent) in [(0, 3), (1, 2), (1, 3), (2, 3), (2, 2), (0, 1)] {
        let moved = made.nodes[&id(n)].clone().moved(Some(id(parent)), day(10));
        let outcome = made.clone().apply(&[Edit::PutNode { node: moved }]);
        assert!(matches!(outcome, Err(OrgFault::Loop { .. })), "{n} below {parent}: {outcome:?}");
    }
    // Even a loop that another program wrote does not hang the readers.
    made.nodes.get_mut(&id(0)).unwrap().places[0].parent = Some(id(3));
    assert_eq!(made.subtree(&id(0), day(0)).len(), 4);
    assert_eq!(made.above(&id(0), day(0)).len(), 3);
    made.heads(day(0), |_| true);
    assert_ne!(made.row_scope(&id(3), day(0)), RowScope::default());
}

#[test]
fn a_list_of_edits_may_pass_through_what_would_be_refused() {
    let mut made = Organisation::default();
    let teams = [1, 2].map(|n| Edit::AddNode { node: node(n, NodeKind::Team, Some(0)) });
    made.apply(&[Edit::AddNode { node: node(0, NodeKind::Body, None) }]).unwrap();
    made.apply(&teams).unwrap();
    // Two teams exchange their codes at once.
    let swap = |n: usize, code: &str| {
        let node = Node { code: code.into(), ..made.nodes[&id(n)].clone() };
        Edit::PutNode { node }
    };
    let (one, two) = (swap(1, "c2"), swap(2, "c1"));
    assert!(matches!(
        made.clone().apply(std::slice::from_ref(&one)),
        Err(OrgFault::SameCode { .. })
    ));
    made.apply(&[one, two]).unwrap();
    assert_eq!(made.nodes[&id(1)].code, "c2");
}

#[test]
fn presence_counts_half_days_weekdays_and_overlaps() {
    let away = |from_noon, until_noon, from, to| {
        let cause = AbsenceCause::Other;
        fact(1, Fact::Absence { from_noon, until_noon, cause }, from, Some(to))
    };
    let mut one = person(1);
    // 6 January 2025 is a Monday: day 5.
    one.facts = vec![away(true, true, 5, 8)];
    let seen: Vec<Presence> = (4..10).map(|n| one.presence(day(n))).collect();
    use Presence::{Absent, Half, Off, Present};
    assert_eq!(seen, [Off, Half, Absent, Absent, Half, Present], "a Sunday, then Monday on");
    one.facts.push(away(true, false, 8, 8));
    assert_eq!(one.presence(day(8)), Absent, "two halves make a day");
    let contract = Fact::Contract {
        share: 0.5,
        weekly_hours: 18.0,
        worked_weekdays: vec![6, 7],
        calendar: None,
    };
    one.facts = vec![fact(2, contract, 0, None)];
    assert_eq!((one.presence(day(4)), one.presence(day(5))), (Present, Off));
    assert_eq!(one.share(day(4)), Some(0.5));
}

#[test]
fn the_only_body_is_everything_until_a_second_one_stands() {
    use eclusier_core::{
        Access, Permission, ProcessId,
        rights::{Grant, Subject},
    };
    let mut made = Organisation::default();
    made.apply(&[
        Edit::AddNode { node: node(0, NodeKind::Body, None) },
        Edit::AddNode { node: node(1, NodeKind::Team, Some(0)) },
    ])
    .unwrap();
    let access = |made: &Organisation, held: usize, n: i64| {
        let grant = Grant {
            role: "statistician".into(),
            node: Some(id(held)),
            processes: None,
            valid: valid(0, None),
        };
        let subject = Subject::Account { id: "a".into(), person: None };
        Access::new(subject, &[grant], None, made, day(n))
    };
    let pensions = ProcessId::new("pensions").unwrap();
    let runs = |access: &Access| {
        let all = access.require_all(Permission::ConfigWrite).is_ok();
        assert_eq!(all, access.require_process(Permission::ConfigWrite, &pensions).is_ok());
        all
    };
    assert!(runs(&access(&made, 0, 1)), "there is nothing else to ask for");
    assert!(!runs(&access(&made, 1, 1)), "a team is not its body");
    // Rows that no node claims stay out of sight all the same.
    let rows = access(&made, 0, 1).rows(Permission::FiguresRead, &pensions).unwrap().rows;
    assert!(rows.is_some_and(|rows| !rows.keeps(Some("elsewhere"), None)));
    let mut other = node(2, NodeKind::Body, None);
    other.places[0].valid.from = day(5);
    made.apply(&[Edit::AddNode { node: other }]).unwrap();
    assert!(runs(&access(&made, 0, 4)) && !runs(&access(&made, 0, 5)), "from its day on");
}

#[test]
fn equivalents_are_shared_between_teams_and_add_up() {
    let mut made = Organisation::default();
    let contract = |share| Fact::Contract {
        share,
        weekly_hours: 36.0,
        worked_weekdays: vec![1, 2, 3, 4, 5],
        calendar: None,
    };
    let join = |p: usize, number: i64, content: Fact| Edit::AddFact {
        person: person(p).id,
        fact: fact(number, content, 0, None),
    };
    made.apply(&[
        Edit::AddNode { node: node(0, NodeKind::Service, None) },
        Edit::AddNode { node: node(1, NodeKind::Team, Some(0)) },
        Edit::AddNode { node: node(2, NodeKind::Team, Some(0)) },
        Edit::AddPerson { person: person(1) },
        Edit::AddPerson { person: person(2) },
        join(1, 1, belongs(1)),
        join(1, 2, belongs(2)),
        join(1, 3, contract(1.0)),
        join(2, 4, belongs(1)),
    ])
    .unwrap();
    let heads = made.heads(day(1), |_| true);
    let of = |n| heads[&id(n)];
    assert_eq!((of(0).members, of(1).members, of(2).members), (2, 2, 1));
    assert_eq!((of(0).fte, of(1).fte, of(2).fte), (1.0, 0.5, 0.5));
    assert_eq!((of(0).without_contract, of(2).without_contract), (1, 0));
    assert_eq!(of(1).known_fte(), Some(0.5));
    // Nobody's contract is known: unknown, not zero.
    let mut bare = Organisation::default();
    bare.apply(&[
        Edit::AddNode { node: node(1, NodeKind::Team, None) },
        Edit::AddPerson { person: person(1) },
        join(1, 1, belongs(1)),
    ])
    .unwrap();
    assert_eq!(bare.heads(day(0), |_| true)[&id(1)].known_fte(), None);
    let holiday = made.heads(day(1), |_| false);
    assert_eq!(holiday[&id(0)].present, 0);
}
