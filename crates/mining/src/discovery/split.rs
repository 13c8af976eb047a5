//! Each trace cut into what belongs to each block.

use super::{
    cuts::{Cut, Operator},
    graph::Follows,
    sublog::{Collector, SubLog},
};

/// The part of the log of each group of the cut, in the order of the groups.
///
/// Where the cut holds without exception nothing is lost; where it was found after
/// filtering, the steps that contradict it are left out.
pub(super) fn by(log: &SubLog, follows: &Follows, cut: &Cut) -> Vec<SubLog> {
    let mut group = vec![0usize; follows.activities.len()];
    for (g, members) in cut.groups.iter().enumerate() {
        for &a in members {
            if let Some(slot) = group.get_mut(a as usize) {
                *slot = g;
            }
        }
    }
    let of = |code: u32| group.get(follows.number(code) as usize).copied().unwrap_or(0);
    let mut parts: Vec<Collector> = cut.groups.iter().map(|_| Collector::default()).collect();
    let mut path = Vec::new();
    let mut groups = Vec::new();
    for (steps, cases) in log.iter() {
        groups.clear();
        groups.extend(steps.iter().map(|&c| of(c)));
        match cut.operator {
            Operator::Choice => {
                let mut votes = vec![0usize; parts.len()];
                groups.iter().for_each(|&g| {
                    if let Some(n) = votes.get_mut(g) {
                        *n += 1;
                    }
                });
                // The first of the groups with most steps.
                let best = (0..votes.len()).max_by_key(|&g| (votes.get(g), std::cmp::Reverse(g)));
                let chosen = best.unwrap_or(0);
                path.clear();
                path.extend(
                    steps.iter().zip(&groups).filter(|(_, g)| **g == chosen).map(|(s, _)| *s),
                );
                collect(&mut parts, chosen, &path, cases);
            }
            Operator::Parallel => {
                for g in 0..parts.len() {
                    path.clear();
                    path.extend(
                        steps.iter().zip(&groups).filter(|(_, h)| **h == g).map(|(s, _)| *s),
                    );
                    collect(&mut parts, g, &path, cases);
                }
            }
            Operator::Sequence => {
                let kept = in_order(&groups, parts.len());
                let mut kept = kept.into_iter().peekable();
                for g in 0..parts.len() {
                    path.clear();
                    while let Some(i) = kept.next_if(|&i| groups.get(i) == Some(&g)) {
                        path.extend(steps.get(i));
                    }
                    collect(&mut parts, g, &path, cases);
                }
            }
            Operator::Loop => {
                // Body, then redo, then body… with an empty body wherever one is missing.
                let mut last = None;
                let mut from = 0;
                for to in 1..=steps.len() {
                    if to < steps.len() && groups.get(to) == groups.get(from) {
                        continue;
                    }
                    let g = groups.get(from).copied().unwrap_or(0);
                    if g > 0 && last != Some(0) {
                        collect(&mut parts, 0, &[], cases);
                    }
                    collect(&mut parts, g, steps.get(from..to).unwrap_or_default(), cases);
                    last = Some(g);
                    from = to;
                }
                if last != Some(0) {
                    collect(&mut parts, 0, &[], cases);
                }
            }
        }
    }
    parts.into_iter().map(Collector::finish).collect()
}

/// The log whose traces are cut before every start activity (`strict`: only after an end
/// activity); `None` when nothing is cut.
pub(super) fn at_restarts(log: &SubLog, follows: &Follows, strict: bool) -> Option<SubLog> {
    let mut pieces = Collector::default();
    let mut cut = false;
    for (steps, cases) in log.iter() {
        let mut from = 0;
        for (i, pair) in steps.windows(2).enumerate() {
            let &[a, b] = pair else { continue };
            if follows.is_start(follows.number(b)) && (!strict || follows.is_end(follows.number(a)))
            {
                pieces.add(steps.get(from..=i).unwrap_or_default(), cases);
                from = i + 1;
                cut = true;
            }
        }
        pieces.add(steps.get(from..).unwrap_or_default(), cases);
    }
    cut.then(|| pieces.finish())
}

fn collect(parts: &mut [Collector], group: usize, steps: &[u32], cases: u64) {
    if let Some(part) = parts.get_mut(group) {
        part.add(steps, cases);
    }
}

/// Places of as many steps as can stay when groups must not go back.
fn in_order(groups: &[usize], count: usize) -> Vec<usize> {
    if groups.is_sorted() {
        return (0..groups.len()).collect();
    }
    // Longest chain ending in each group so far, and the step it ends with.
    let mut best: Vec<(usize, Option<usize>)> = vec![(0, None); count];
    let mut before: Vec<Option<usize>> = Vec::with_capacity(groups.len());
    for (i, &g) in groups.iter().enumerate() {
        let mut longest = (0, None);
        for chain in best.iter().take(g + 1) {
            if chain.0 > longest.0 {
                longest = *chain;
            }
        }
        before.push(longest.1);
        if let Some(slot) = best.get_mut(g) {
            *slot = (longest.0 + 1, Some(i));
        }
    }
    let mut longest = (0, None);
    for chain in &best {
        if chain.0 > longest.0 {
            longest = *chain;
        }
    }
    let mut kept = Vec::with_capacity(longest.0);
    let mut at = longest.1;
    while let Some(i) = at {
        kept.push(i);
        at = before.get(i).copied().flatten();
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn the_longest_order_stays() {
        assert_eq!(in_order(&[0, 0, 1, 2], 3), [0, 1, 2, 3]);
        assert_eq!(in_order(&[0, 1, 0, 2, 2], 3).len(), 4);
        assert_eq!(in_order(&[2, 0, 1, 2], 3), [1, 2, 3]);
        assert_eq!(in_order(&[2, 2, 0], 3), [0, 1]);
        assert!(in_order(&[], 3).is_empty());
    }
}
