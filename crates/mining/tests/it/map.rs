//! The map of a log one can count on one's fingers.

use eclusier_mining::{Map, MapKernel};

use crate::support::*;

/// Three cases; in the first the second examination begins before the first ends, and `C` is
/// delivered after `B` although it began before.
const LOG: [Work; 12] = [
    ("1", "A", 0, 10),
    ("1", "B", 5, 20),
    ("1", "A", 30, 40),
    ("1", "B", 41, 50),
    ("2", "A", 0, 10),
    ("2", "B", 110, 120),
    ("2", "D", 130, 140),
    ("3", "A", 0, 10),
    ("3", "B", 14, 20),
    ("3", "C", 30, 60),
    ("3", "D", 35, 40),
    ("3", "E", 70, 80),
];

fn edges(map: &Map) -> Vec<(String, u64, u64)> {
    map.edges.iter().map(|e| (format!("{}{}", e.from, e.to), e.count, e.cases)).collect()
}

fn counted(map: &Map) {
    let nodes: Vec<_> =
        map.activities.iter().map(|n| (n.name.as_str(), n.events, n.cases)).collect();
    assert_eq!(nodes, [("A", 4, 3), ("B", 4, 3), ("D", 2, 2), ("C", 1, 1), ("E", 1, 1)]);
    let expected =
        [("AB", 4, 3), ("BA", 1, 1), ("BC", 1, 1), ("BD", 1, 1), ("CD", 1, 1), ("DE", 1, 1)];
    assert_eq!(edges(map), expected.map(|(e, n, k)| (e.to_owned(), n, k)));
    let ends = |m: &std::collections::BTreeMap<String, u64>| {
        m.iter().map(|(name, n)| format!("{name}{n}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((ends(&map.start), ends(&map.end)), ("A3".into(), "B1 D1 E1".into()));
    // From the end of A to the start of B: 0 (they overlap), 1, 100 and 4 seconds.
    let ab = &map.edges[0];
    assert_eq!((ab.span.mean_s, ab.span.median_s), (26.25, 2.5));
    assert!((ab.span.p90_s - 71.2).abs() < 1e-9, "{}", ab.span.p90_s);
    // D began while C went on: it waited for nothing.
    let cd = map.edges.iter().find(|e| e.from == "C").unwrap();
    assert_eq!((cd.span.mean_s, cd.span.median_s, cd.span.p90_s), (0.0, 0.0, 0.0));
}

#[test]
fn a_small_log_has_the_map_counted_by_hand() {
    counted(&run(&MapKernel::default(), &[&LOG]));
}

#[test]
fn partitions_folded_apart_make_the_same_map_whatever_their_order() {
    let (one, others) = LOG.split_at(4);
    let (two, three) = others.split_at(3);
    for partitions in [[one, two, three], [three, one, two], [two, three, one]] {
        counted(&run(&MapKernel::default(), &partitions));
    }
}

#[test]
fn a_log_folded_after_a_merge_counts_each_case_once() {
    use eclusier_eventlog::Kernel;
    let kernel = MapKernel::default();
    let (one, others) = LOG.split_at(4);
    let (two, three) = others.split_at(3);
    let fold = |rows: &[Work]| {
        let mut partial = Default::default();
        kernel.fold(&mut partial, &batch(rows));
        partial
    };
    // What an incremental reading does: keep the sum, fold the new cases into it.
    for new in [two, three] {
        let rest: Vec<Work> = LOG[4..].iter().filter(|r| !new.contains(r)).copied().collect();
        let mut sum = fold(&rest);
        kernel.merge(&mut sum, fold(one));
        kernel.fold(&mut sum, &batch(new));
        counted(&kernel.finish(sum));
    }
}
