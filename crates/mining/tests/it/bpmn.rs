//! BPMN: what is drawn is complete and readable, what is written comes back, and what is
//! hostile is refused with a clear word.

use std::collections::BTreeSet;

use eclusier_mining::{
    PetriNet, ProcessTree,
    bpmn::{self, BpmnError, Diagram, Finding, Kind, NetError, Point, from_tree, read, write},
};
use proptest::prelude::*;

use crate::discovery::trees;

fn on_border(b: &bpmn::Bounds, p: &Point) -> bool {
    let (right, bottom) = (b.x + b.width, b.y + b.height);
    let inside = p.x >= b.x && p.x <= right && p.y >= b.y && p.y <= bottom;
    let edge = p.x == b.x || p.x == right || p.y == b.y || p.y == bottom;
    inside && edge
}

/// Whether the segment passes through the inside of the rectangle.
fn crosses(b: &bpmn::Bounds, p: &Point, q: &Point) -> bool {
    let (left, right) = (p.x.min(q.x), p.x.max(q.x));
    let (top, bottom) = (p.y.min(q.y), p.y.max(q.y));
    left < b.x + b.width && right > b.x && top < b.y + b.height && bottom > b.y
}

/// The rules of a drawing: nothing overlaps, flows run along the axes from border to border
/// and through no node.
fn check_drawing(d: &Diagram) {
    for (i, a) in d.nodes.iter().enumerate() {
        for b in &d.nodes[i + 1..] {
            let (a, b) = (&a.bounds, &b.bounds);
            let apart = a.x + a.width <= b.x
                || b.x + b.width <= a.x
                || a.y + a.height <= b.y
                || b.y + b.height <= a.y;
            assert!(apart, "{a:?} {b:?}");
        }
        assert!(a.bounds.x >= 0.0 && a.bounds.y >= 0.0, "{a:?}");
    }
    for f in &d.flows {
        let (s, t) = (&d.nodes[f.source].bounds, &d.nodes[f.target].bounds);
        assert!(on_border(s, &f.waypoints[0]), "{f:?} {s:?}");
        assert!(on_border(t, f.waypoints.last().unwrap()), "{f:?} {t:?}");
        for pair in f.waypoints.windows(2) {
            let (p, q) = (&pair[0], &pair[1]);
            assert!(p.x == q.x || p.y == q.y, "slanted {f:?}");
            for n in &d.nodes {
                assert!(!crosses(&n.bounds, p, q), "{} through {}", f.id, n.id);
            }
        }
    }
}

/// Each node has its shape, each flow its edge, each drawing its element.
fn check_xml(text: &str, d: &Diagram) {
    let values = |start: &str, key: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|l| l.starts_with(start));
        lines
            .map(|l| {
                let from = l.find(&format!(" {key}=\"")).unwrap() + key.len() + 3;
                l[from..].split('"').next().unwrap().to_owned()
            })
            .collect()
    };
    let set = |v: Vec<String>| {
        let n = v.len();
        let set: BTreeSet<String> = v.into_iter().collect();
        assert_eq!(set.len(), n, "drawn twice");
        set
    };
    let nodes: BTreeSet<String> = d.nodes.iter().map(|n| n.id.clone()).collect();
    let flows: BTreeSet<String> = d.flows.iter().map(|f| f.id.clone()).collect();
    assert_eq!(set(values("<bpmndi:BPMNShape", "bpmnElement")), nodes);
    assert_eq!(set(values("<bpmndi:BPMNEdge", "bpmnElement")), flows);
    let all: Vec<String> = text
        .split(" id=\"")
        .skip(1)
        .map(|part| part.split('"').next().unwrap().to_owned())
        .collect();
    set(all);
}

fn check_round_trip(d: &Diagram) {
    let text = write(d);
    let (again, findings) = read(text.as_bytes()).unwrap();
    assert_eq!(findings, []);
    assert_eq!(&again, d);
    assert_eq!(write(&again), text);
}

#[test]
fn a_small_tree_is_drawn_as_expected() {
    let t = |n: &str| ProcessTree::Activity(n.into());
    let tree = ProcessTree::Sequence(vec![
        t("Reçu"),
        ProcessTree::Choice(vec![t("Oui & <non>"), ProcessTree::Silent]),
        ProcessTree::Loop(vec![ProcessTree::Parallel(vec![t("b"), t("c")]), t("encore")]),
    ]);
    let d = from_tree(&tree);
    check_drawing(&d);
    let text = write(&d);
    check_xml(&text, &d);
    check_round_trip(&d);
    insta::assert_snapshot!(text);
}

proptest! {
    #[test]
    fn any_tree_is_drawn_written_and_read(tree in trees(false)) {
        let mut d = from_tree(&tree.folded());
        check_drawing(&d);
        check_xml(&write(&d), &d);
        check_round_trip(&d);
        let bounds: Vec<_> = d.nodes.iter().map(|n| n.bounds).collect();
        bpmn::layout(&mut d);
        check_drawing(&d);
        prop_assert_eq!(bounds.len(), d.nodes.len());
    }

    #[test]
    fn a_diagram_means_what_its_tree_means(tree in trees(false)) {
        let tree = tree.folded();
        let (by_tree, by_diagram) =
            (PetriNet::from(&tree), from_tree(&tree).to_net().unwrap());
        let words = words(&by_tree, 4);
        prop_assert_eq!(&words, &words_of_tree(&tree, 4));
        prop_assert_eq!(words, self::words(&by_diagram, 4));
    }

    #[test]
    fn bytes_changed_anywhere_never_panic(at in 0usize..4000, with in any::<u8>(), cut in 0usize..4000) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        let n = bytes.len();
        bytes[at % n] = with;
        if let Ok((d, _)) = read(&bytes) {
            let _ = d.to_net();
            let _ = write(&d);
        }
        bytes.truncate(cut % n);
        let _ = read(&bytes);
    }

    #[test]
    fn pieces_of_xml_in_any_order_never_panic(picks in prop::collection::vec(0usize..14, 0..40)) {
        const PIECES: [&str; 14] = [
            "<definitions>", "</definitions>", "<process id='p'>", "</process>",
            "<subProcess id='s'>", "</subProcess>", "<startEvent id='a'/>", "<task id='b' name='B'/>",
            "<sequenceFlow id='f' sourceRef='a' targetRef='b'/>", "<inclusiveGateway id='c'/>",
            "<sequenceFlow id='g' sourceRef='b' targetRef='c'/>", "<sequenceFlow id='h' sourceRef='s' targetRef='c'/>",
            "<subProcess id='q'/>", "<endEvent id='e'/>",
        ];
        let text: String = picks.iter().map(|&i| PIECES[i]).collect();
        for text in [text.clone(), format!("<definitions><process id='p'>{text}</process></definitions>")] {
            if let Ok((d, _)) = read(text.as_bytes()) {
                let _ = d.to_net();
                let (again, _) = read(write(&d).as_bytes()).unwrap();
                prop_assert_eq!(write(&again), write(&d));
            }
        }
    }
}

/// Words of at most `most` letters of a net.
fn words(net: &PetriNet, most: usize) -> BTreeSet<Vec<String>> {
    let mut first: Vec<u32> = vec![];
    net.initial.iter().for_each(|&(p, n)| (0..n).for_each(|_| first.push(p)));
    let mut end: Vec<u32> = vec![];
    net.end.iter().for_each(|&(p, n)| (0..n).for_each(|_| end.push(p)));
    let mut seen = BTreeSet::from([(first.clone(), vec![])]);
    let mut queue = vec![(first, Vec::<String>::new())];
    let mut found = BTreeSet::new();
    while let Some((marking, word)) = queue.pop() {
        if marking == end {
            found.insert(word.clone());
        }
        for t in &net.transitions {
            let mut next = marking.clone();
            let fires = t
                .inputs
                .iter()
                .all(|p| next.iter().position(|q| q == p).map(|i| next.remove(i)).is_some());
            if !fires || (t.label.is_some() && word.len() == most) {
                continue;
            }
            next.extend(&t.outputs);
            next.sort_unstable();
            assert!(next.windows(2).all(|w| w[0] != w[1]), "unsafe net");
            let mut word = word.clone();
            word.extend(t.label.clone());
            if seen.insert((next.clone(), word.clone())) {
                queue.push((next, word));
            }
        }
    }
    found
}

/// The same from the definition of the tree.
fn words_of_tree(tree: &ProcessTree, most: usize) -> BTreeSet<Vec<String>> {
    type Words = BTreeSet<Vec<String>>;
    let join = |a: &Words, b: &Words| -> Words {
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| [x.as_slice(), y].concat()));
        pairs.filter(|w| w.len() <= most).collect()
    };
    fn shuffle(x: &[String], y: &[String], into: &mut Words, word: &mut Vec<String>) {
        if x.is_empty() && y.is_empty() {
            into.insert(word.clone());
        }
        for (side, other, swap) in [(x, y, false), (y, x, true)] {
            if let Some((a, rest)) = side.split_first() {
                word.push(a.clone());
                if swap {
                    shuffle(other, rest, into, word)
                } else {
                    shuffle(rest, other, into, word)
                }
                word.pop();
            }
        }
    }
    let inner = |b: &[ProcessTree]| b.iter().map(|t| words_of_tree(t, most)).collect::<Vec<_>>();
    let nothing = || Words::from([vec![]]);
    match tree {
        ProcessTree::Activity(name) => Words::from([vec![name.clone()]]),
        ProcessTree::Silent => nothing(),
        ProcessTree::Sequence(b) => inner(b).iter().fold(nothing(), |a, w| join(&a, w)),
        ProcessTree::Choice(b) => inner(b).into_iter().flatten().collect(),
        ProcessTree::Parallel(b) => inner(b).iter().fold(nothing(), |a, b| {
            let mut all = Words::new();
            for x in &a {
                for y in b.iter().filter(|y| x.len() + y.len() <= most) {
                    shuffle(x, y, &mut all, &mut vec![]);
                }
            }
            all
        }),
        ProcessTree::Loop(b) => {
            let parts = inner(b);
            let redo: Words = parts[1..].iter().flatten().cloned().collect();
            let again = join(&redo, &parts[0]);
            let mut all = parts[0].clone();
            loop {
                let mut more = join(&all, &again);
                more.extend(all.iter().cloned());
                if more == all {
                    return all;
                }
                all = more;
            }
        }
    }
}

/// As other tools write it: other prefixes, a sub-process, a boundary event, lanes, labels.
const EXAMPLE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<semantic:definitions xmlns:semantic="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="x">
  <semantic:collaboration id="col"><semantic:participant id="pool" processRef="p"/></semantic:collaboration>
  <semantic:process id="other"><semantic:task id="t9" name="Autre"/></semantic:process>
  <semantic:process id="p" name="Demande">
    <semantic:laneSet id="l"><semantic:lane id="l1"><semantic:flowNodeRef>t1</semantic:flowNodeRef></semantic:lane></semantic:laneSet>
    <semantic:startEvent id="s"><semantic:outgoing>f1</semantic:outgoing></semantic:startEvent>
    <semantic:userTask id="t1" name="Vérifier&#10;la demande"><semantic:multiInstanceLoopCharacteristics/></semantic:userTask>
    <semantic:boundaryEvent id="b1" attachedToRef="t1"><semantic:timerEventDefinition/></semantic:boundaryEvent>
    <semantic:serviceTask id="t4" name="Relancer"/>
    <semantic:subProcess id="sub" name="Instruire">
      <semantic:startEvent id="ss"/>
      <semantic:manualTask id="t2" name="Lire"/>
      <semantic:exclusiveGateway id="x"/>
      <semantic:endEvent id="se1"/>
      <semantic:endEvent id="se2"/>
      <semantic:sequenceFlow id="g1" sourceRef="ss" targetRef="t2"/>
      <semantic:sequenceFlow id="g2" sourceRef="t2" targetRef="x"/>
      <semantic:sequenceFlow id="g3" sourceRef="x" targetRef="se1"/>
      <semantic:sequenceFlow id="g4" sourceRef="x" targetRef="se2"/>
    </semantic:subProcess>
    <semantic:scriptTask id="t3" name="Payer"/>
    <semantic:endEvent id="e"/>
    <semantic:sequenceFlow id="f1" sourceRef="s" targetRef="t1"/>
    <semantic:sequenceFlow id="f2" sourceRef="t1" targetRef="sub"/>
    <semantic:sequenceFlow id="f3" sourceRef="sub" targetRef="t3"/>
    <semantic:sequenceFlow id="f4" sourceRef="t3" targetRef="e"/>
    <semantic:sequenceFlow id="f5" sourceRef="b1" targetRef="t4"/>
    <semantic:sequenceFlow id="f6" sourceRef="t4" targetRef="e"/>
    <semantic:dataObject id="data"/>
  </semantic:process>
</semantic:definitions>"#;

#[test]
fn a_diagram_of_another_tool_is_read_and_said() {
    let (d, findings) = read(EXAMPLE.as_bytes()).unwrap();
    let names: Vec<&str> = d.activities().collect();
    assert_eq!(names, ["Vérifier la demande", "Relancer", "Lire", "Payer"]);
    let id = |s: &str| s.to_owned();
    assert_eq!(
        findings,
        [
            Finding::OtherProcesses { kept: id("p"), left_out: 1 },
            Finding::Lanes { count: 1 },
            Finding::SubProcess { id: id("sub") },
            Finding::SubProcessEnds { id: id("sub"), ends: 2 },
            Finding::Repeated { id: id("t1") },
            Finding::BoundaryEvent { id: id("b1"), attached_to: id("t1") },
            Finding::SilentEvents { count: 3 },
            Finding::Unreached { ids: vec![id("t4")] },
            Finding::Drawn,
        ]
    );
    check_drawing(&d);
    let net = d.to_net().unwrap();
    let word: Vec<String> =
        ["Vérifier la demande", "Lire", "Payer"].iter().map(|s| (*s).to_owned()).collect();
    assert_eq!(words(&net, 5), BTreeSet::from([word]));
    assert_eq!(net.transitions.len(), 3, "{net:?}");
    let text = write(&d);
    assert_eq!(write(&read(text.as_bytes()).unwrap().0), text);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(EXAMPLE.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(read(&wide).unwrap().0, d);
}

fn process(inside: &str) -> String {
    format!("<definitions><process id='all'>{inside}</process></definitions>")
}

/// Nodes by letter: s start, e end, x exclusive, o inclusive, p parallel, others tasks.
fn sketch(nodes: &str, flows: &str) -> Diagram {
    let mut inside = String::new();
    for n in nodes.split_whitespace() {
        let tag = match &n[..1] {
            "s" => "startEvent",
            "e" => "endEvent",
            "x" => "exclusiveGateway",
            "o" => "inclusiveGateway",
            "p" => "parallelGateway",
            _ => "task",
        };
        inside += &format!("<{tag} id='{n}' name='{n}'/>");
    }
    for (i, f) in flows.split_whitespace().enumerate() {
        let (a, b) = f.split_once('-').unwrap();
        inside += &format!("<sequenceFlow id='f{i}' sourceRef='{a}' targetRef='{b}'/>");
    }
    let d = read(process(&inside).as_bytes()).unwrap().0;
    check_drawing(&d);
    d
}

fn said(net: &PetriNet, most: usize) -> Vec<String> {
    words(net, most).into_iter().map(|w| w.concat()).collect()
}

#[test]
fn implicit_splits_and_joins_follow_the_standard() {
    // Two ways out of a task: both; two ways into a task: each.
    let d = sketch("s A B C P e", "s-A A-B A-C B-P C-P P-e");
    let net = d.to_net().unwrap();
    assert_eq!(net.end.iter().map(|e| e.1).collect::<Vec<_>>(), [2], "P runs twice: {net:?}");
    let d = sketch("s A B C p1 e", "s-A A-B A-C B-p1 C-p1 p1-e");
    assert_eq!(said(&d.to_net().unwrap(), 5), ["ABC", "ACB"]);
    let d = sketch("s1 s2 A B C e", "s1-A s2-B A-C B-C C-e");
    assert_eq!(said(&d.to_net().unwrap(), 5), ["AC", "BC"]);
    // Without events: what nothing enters starts, what nothing leaves ends.
    let d = sketch("A B C", "A-B A-C");
    assert_eq!(said(&d.to_net().unwrap(), 5), ["ABC", "ACB"]);
}

#[test]
fn several_ends_are_one_unless_they_come_together() {
    let d = sketch("s x A B e1 e2", "s-x x-A x-B A-e1 B-e2");
    assert_eq!(said(&d.to_net().unwrap(), 5), ["A", "B"]);
    let d = sketch("s p A B e1 e2", "s-p p-A p-B A-e1 B-e2");
    let net = d.to_net().unwrap();
    assert_eq!(net.end.len(), 2);
    assert_eq!(said(&net, 5), ["AB", "BA"]);
    let d = sketch("s p A x C e1 e2 e3", "s-p p-A p-x A-e1 x-C x-e3 C-e2");
    assert_eq!(d.to_net(), Err(NetError::Ends));
}

#[test]
fn a_loop_of_gateways_ends() {
    let d = sketch("s x1 A x2 B e", "s-x1 x1-A A-x2 x2-B B-x1 x2-e");
    let net = d.to_net().unwrap();
    assert_eq!(said(&net, 5), ["A", "ABA", "ABABA"]);
    assert_eq!(net.transitions.len(), 4, "{net:?}");
}

#[test]
fn inclusive_gateways_meet_again_or_are_refused() {
    let d = sketch("s o1 A B C o2 e", "s-o1 o1-A o1-B A-C B-o2 C-o2 o2-e");
    assert_eq!(
        said(&d.to_net().unwrap(), 5),
        ["AC", "ACB", "ABC", "B", "BAC"]
            .map(str::to_owned)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
    let d = sketch("s o1 A B x e", "s-o1 o1-A o1-B A-x B-x x-e");
    assert_eq!(d.to_net(), Err(NetError::Inclusive { id: "o1".into() }));
    // Only a join, nothing parallel before it.
    let d = sketch("s x A B o e", "s-x x-A x-B A-o B-o o-e");
    assert_eq!(said(&d.to_net().unwrap(), 5), ["A", "B"]);
    let ways: String = (0..9).map(|i| format!("o1-A{i} A{i}-o2 ")).collect();
    let tasks: String = (0..9).map(|i| format!("A{i} ")).collect();
    let d = sketch(&format!("s o1 {tasks} o2 e"), &format!("s-o1 {ways} o2-e"));
    assert!(matches!(d.to_net(), Err(NetError::TooManyWays { ways: 9, .. })));
}

#[test]
fn hostile_files_are_refused_with_a_word() {
    let refused = |text: &str| read(text.as_bytes()).unwrap_err();
    let bomb =
        "<!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><definitions>&b;</definitions>";
    assert!(matches!(refused(bomb), BpmnError::Entity { .. }));
    let entity = process("<task id='a' name='&b;'/>");
    assert!(matches!(refused(&entity), BpmnError::Entity { .. }));
    assert!(matches!(refused("<definitions>&b;</definitions>"), BpmnError::Entity { .. }));
    let deep = "<a>".repeat(100_000);
    assert!(matches!(refused(&format!("<definitions>{deep}")), BpmnError::TooDeep { .. }));
    let subs: String = (0..300).map(|i| format!("<subProcess id='s{i}'>")).collect();
    assert!(matches!(
        refused(&process(&subs)),
        BpmnError::TooDeep { .. } | BpmnError::Malformed { .. }
    ));
    assert!(matches!(refused("<html></html>"), BpmnError::NotBpmn { .. }));
    assert!(matches!(refused(""), BpmnError::Truncated { .. }));
    assert!(matches!(refused(&EXAMPLE[..EXAMPLE.len() - 30]), BpmnError::Truncated { .. }));
    assert_eq!(refused("<definitions></definitions>"), BpmnError::NoProcess);
    assert_eq!(refused(&process("")), BpmnError::NoProcess);
    let dangling = process("<task id='a'/><sequenceFlow id='f' sourceRef='a' targetRef='z'/>");
    let flow = BpmnError::DanglingFlow { flow: "f".into(), reference: "z".into() };
    assert_eq!(refused(&dangling), flow);
    let twice = process("<task id='a'/><task id='a'/>");
    assert_eq!(refused(&twice), BpmnError::RepeatedId { id: "a".into() });
    assert_eq!(refused(&process("<task name='a'/>")), BpmnError::RepeatedId { id: "".into() });
    assert_eq!(read(&[b'<', 0xff, 0xfe, b'>']).unwrap_err(), BpmnError::Encoding);
}

#[test]
fn ten_thousand_tasks_are_read_and_drawn() {
    let mut inside = String::from("<startEvent id='t0'/>");
    for i in 1..=10_000 {
        inside += &format!("<task id='t{i}' name='n{i}'/>");
        inside += &format!("<sequenceFlow id='f{i}' sourceRef='t{}' targetRef='t{i}'/>", i - 1);
    }
    let (d, findings) = read(process(&inside).as_bytes()).unwrap();
    assert_eq!(findings, [Finding::Drawn]);
    assert_eq!(d.nodes.len(), 10_001);
    assert_eq!(d.to_net().unwrap().transitions.len(), 10_000);
    assert!(d.nodes.iter().filter(|n| n.kind != Kind::Start).all(|n| n.bounds.x > 0.0));
}
