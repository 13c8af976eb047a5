//! How the activities of a graph part into blocks.

use super::graph::Graph;

/// How the blocks of a cut go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Choice,
    Sequence,
    Parallel,
    Loop,
}

/// A partition of the activities in at least two groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) operator: Operator,
    /// Sorted inside; in order for a sequence, the body first for a loop.
    pub(super) groups: Vec<Vec<u32>>,
}

/// The first cut that holds, tried in the order of the paper.
pub(super) fn find(graph: &Graph) -> Option<Cut> {
    let n = graph.out.len();
    if n < 2 {
        return None;
    }
    let cut =
        |operator, groups: Vec<Vec<u32>>| (groups.len() > 1).then_some(Cut { operator, groups });
    cut(Operator::Choice, choice(graph))
        .or_else(|| cut(Operator::Sequence, sequence(graph)))
        .or_else(|| cut(Operator::Parallel, parallel(graph)))
        .or_else(|| cut(Operator::Loop, repeat(graph)))
}

/// Activities never linked.
fn choice(graph: &Graph) -> Vec<Vec<u32>> {
    let mut sets = Sets::new(graph.out.len());
    for (a, list) in graph.out.iter().enumerate() {
        list.iter().for_each(|&b| sets.join(a, b as usize));
    }
    sets.groups()
}

/// Groups each of which reaches all later ones and none of which comes back.
fn sequence(graph: &Graph) -> Vec<Vec<u32>> {
    let mut parts = components(&graph.out);
    let k = parts.len();
    if k < 2 {
        return parts;
    }
    // Components come last first.
    parts.reverse();
    let mut of = vec![0usize; graph.out.len()];
    for (p, members) in parts.iter().enumerate() {
        members.iter().for_each(|&a| put(&mut of, a as usize, p));
    }
    let at = |a: u32| of.get(a as usize).copied().unwrap_or(0);
    let words = k.div_ceil(64);
    let mut reach = vec![0u64; k * words];
    // `far[p]`: the last component after p that p does not reach.
    let mut far: Vec<usize> = (0..k).collect();
    for (p, members) in parts.iter().enumerate().rev() {
        let (head, tail) = reach.split_at_mut((p + 1) * words);
        let Some(mine) = head.get_mut(p * words..) else { continue };
        for &a in members {
            for &b in graph.out.get(a as usize).into_iter().flatten() {
                let q = at(b);
                if q <= p {
                    continue;
                }
                if let Some(word) = mine.get_mut(q / 64) {
                    *word |= 1 << (q % 64);
                }
                let other = tail.get((q - p - 1) * words..(q - p) * words).unwrap_or_default();
                mine.iter_mut().zip(other).for_each(|(w, o)| *w |= o);
            }
        }
        let reached = |q: usize| mine.get(q / 64).is_some_and(|w| w >> (q % 64) & 1 == 1);
        if let Some(last) = (p + 1..k).rev().find(|&q| !reached(q)) {
            put(&mut far, p, last);
        }
    }
    // Components that do not reach one another lie side by side in the order: they merge.
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut until = None;
    for (p, members) in parts.into_iter().enumerate() {
        match groups.last_mut() {
            Some(group) if until.is_some_and(|u| u >= p) => group.extend(members),
            _ => groups.push(members),
        }
        until = until.max(far.get(p).copied());
    }
    groups.iter_mut().for_each(|g| g.sort_unstable());
    strict(graph, groups)
}

/// Merges what is skipped together: when a group can be skipped and its neighbour is only
/// entered from it (or only left to it), both are one optional block.
fn strict(graph: &Graph, groups: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let k = groups.len();
    if k < 2 {
        return groups;
    }
    let mut of = vec![0usize; graph.out.len()];
    for (g, members) in groups.iter().enumerate() {
        members.iter().for_each(|&a| put(&mut of, a as usize, g));
    }
    // Groups counted from 1; 0 is the start of the case and k + 1 its end.
    let mut entered = vec![k + 1; k + 2];
    let mut left = vec![0usize; k + 2];
    let mut skipped = vec![0i64; k + 3];
    let mut edge = |from: usize, to: usize| {
        if from < to {
            let least = entered.get(to).copied().unwrap_or(0).min(from);
            put(&mut entered, to, least);
            let most = left.get(from).copied().unwrap_or(0).max(to);
            put(&mut left, from, most);
            if let Some(open) = skipped.get_mut(from + 1) {
                *open += 1;
            }
            if let Some(close) = skipped.get_mut(to) {
                *close -= 1;
            }
        }
    };
    for (a, list) in graph.out.iter().enumerate() {
        let from = of.get(a).map_or(0, |g| g + 1);
        for &b in list {
            edge(from, of.get(b as usize).map_or(0, |g| g + 1));
        }
        if graph.start.get(a) == Some(&true) {
            edge(0, from);
        }
        if graph.end.get(a) == Some(&true) {
            edge(from, k + 1);
        }
    }
    let mut joined = vec![false; k + 2];
    let mut open = 0;
    for p in 0..=k {
        open += skipped.get(p).copied().unwrap_or(0);
        if p == 0 || open == 0 {
            continue;
        }
        // `joined[q]`: q and q + 1 are one block.
        let mut q = p;
        while q > 1 && left.get(q - 1).is_some_and(|&to| to <= p) {
            q -= 1;
            put(&mut joined, q, true);
        }
        let mut q = p;
        while q < k && entered.get(q + 1).is_some_and(|&from| from >= p) {
            put(&mut joined, q, true);
            q += 1;
        }
    }
    if (1..k).all(|q| joined.get(q) == Some(&true)) {
        return groups;
    }
    let mut merged: Vec<Vec<u32>> = Vec::new();
    for (g, members) in groups.into_iter().enumerate() {
        match merged.last_mut() {
            Some(last) if joined.get(g) == Some(&true) => last.extend(members),
            _ => merged.push(members),
        }
    }
    merged.iter_mut().for_each(|g| g.sort_unstable());
    merged
}

/// Groups whose activities follow one another both ways, each able to begin and to end a case.
fn parallel(graph: &Graph) -> Vec<Vec<u32>> {
    let n = graph.out.len();
    let mut sets = Sets::new(n);
    // Walk the pairs that do NOT follow both ways, without listing them.
    let mut left: Vec<u32> = (0..n as u32).collect();
    let mut both = vec![false; n];
    let mut queue = Vec::new();
    while let Some(first) = left.pop() {
        queue.push(first);
        while let Some(a) = queue.pop() {
            let mutual = |b: &&u32| follows(graph, **b, a);
            let list = graph.out.get(a as usize).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter(mutual).for_each(|&b| put(&mut both, b as usize, true));
            left.retain(|&b| {
                let apart = both.get(b as usize) == Some(&true);
                if !apart {
                    sets.join(a as usize, b as usize);
                    queue.push(b);
                }
                apart
            });
            list.iter().for_each(|&b| put(&mut both, b as usize, false));
        }
    }
    let begins = |g: &[u32]| g.iter().any(|&a| graph.start.get(a as usize) == Some(&true));
    let ends = |g: &[u32]| g.iter().any(|&a| graph.end.get(a as usize) == Some(&true));
    let (mut whole, other): (Vec<_>, Vec<_>) =
        sets.groups().into_iter().partition(|g| begins(g) && ends(g));
    let (mut firsts, mut lasts, mut inner) = (Vec::new(), Vec::new(), Vec::new());
    for group in other {
        match (begins(&group), ends(&group)) {
            (true, _) => firsts.push(group),
            (_, true) => lasts.push(group),
            _ => inner.push(group),
        }
    }
    // A group that only begins and one that only ends make one together.
    while let (Some(mut a), Some(b)) = (firsts.pop(), lasts.pop()) {
        a.extend(b);
        whole.push(a);
    }
    // What is still incomplete goes with the smallest complete group.
    whole.sort_by_key(|g| (g.len(), g.iter().min().copied()));
    let rest = firsts.into_iter().chain(lasts).chain(inner).flatten();
    match whole.first_mut() {
        Some(smallest) => smallest.extend(rest),
        None => return Vec::new(),
    }
    whole.iter_mut().for_each(|g| g.sort_unstable());
    whole.sort();
    whole
}

/// A body that holds every start and end, and what leads from its ends back to its starts.
fn repeat(graph: &Graph) -> Vec<Vec<u32>> {
    let n = graph.out.len();
    let start = |a: usize| graph.start.get(a) == Some(&true);
    let end = |a: usize| graph.end.get(a) == Some(&true);
    let edge = |a: usize| !start(a) && !end(a);
    let mut sets = Sets::new(n);
    for (a, list) in graph.out.iter().enumerate().filter(|(a, _)| edge(*a)) {
        for &b in list.iter().filter(|&&b| edge(b as usize)) {
            sets.join(a, b as usize);
        }
    }
    let root: Vec<usize> = (0..n).map(|a| sets.root(a)).collect();
    let root = |a: usize| root.get(a).copied().unwrap_or(a);
    let mut body = vec![false; n];
    // Ways from an end into each part, and from each part to a start.
    let mut back = vec![0usize; n];
    let mut into: Vec<Vec<u32>> = vec![Vec::new(); n];
    for (a, list) in graph.out.iter().enumerate() {
        for b in list.iter().map(|&b| b as usize) {
            match (edge(a), edge(b)) {
                (true, false) => {
                    if !start(b) {
                        put(&mut body, root(a), true);
                    } else if let Some(list) = into.get_mut(root(a)) {
                        list.push(b as u32);
                    }
                }
                (false, true) if !end(a) => put(&mut body, root(b), true),
                _ => {}
            }
        }
    }
    // Each end must lead to the part, and the part to each start.
    let starts = (0..n).filter(|&a| start(a)).count();
    let ends = (0..n).filter(|&a| end(a)).count();
    for (_, list) in graph.out.iter().enumerate().filter(|(a, _)| end(*a)) {
        let mut seen: Vec<usize> =
            list.iter().map(|&b| b as usize).filter(|&b| edge(b)).map(root).collect();
        seen.sort_unstable();
        seen.dedup();
        for part in seen {
            let count = back.get(part).copied().unwrap_or(0) + 1;
            put(&mut back, part, count);
        }
    }
    for (part, list) in into.iter_mut().enumerate() {
        list.sort_unstable();
        list.dedup();
        if list.len() != starts || back.get(part) != Some(&ends) {
            put(&mut body, part, true);
        }
    }
    let in_body = |a: usize| !edge(a) || body.get(root(a)) == Some(&true);
    let mut groups: Vec<Vec<u32>> =
        vec![(0..n).filter(|&a| in_body(a)).map(|a| a as u32).collect()];
    if groups.first().is_none_or(Vec::is_empty) {
        return Vec::new();
    }
    groups.extend(
        sets.groups().into_iter().filter(|g| g.first().is_some_and(|&a| !in_body(a as usize))),
    );
    groups
}

fn follows(graph: &Graph, a: u32, b: u32) -> bool {
    graph.out.get(a as usize).is_some_and(|l| l.binary_search(&b).is_ok())
}

fn put<T>(slots: &mut [T], at: usize, value: T) {
    if let Some(slot) = slots.get_mut(at) {
        *slot = value;
    }
}

/// Strongly connected components, each reached one before those that reach it (Tarjan,
/// without recursion: a log chooses the depth).
fn components(out: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let n = out.len();
    let mut index = vec![NEW; n];
    let mut low = vec![0u32; n];
    let mut open = vec![false; n];
    let mut stack: Vec<u32> = Vec::new();
    let mut parts = Vec::new();
    let mut next = 0;
    for root in 0..n {
        if index.get(root) != Some(&NEW) {
            continue;
        }
        let mut walk: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some(&mut (a, ref mut child)) = walk.last_mut() {
            if *child == 0 {
                put(&mut index, a, next);
                put(&mut low, a, next);
                put(&mut open, a, true);
                stack.push(a as u32);
                next += 1;
            }
            let to = out.get(a).and_then(|l| l.get(*child)).map(|&b| b as usize);
            *child += 1;
            let least = |low: &mut [u32], a: usize, value: u32| {
                if let Some(l) = low.get_mut(a) {
                    *l = (*l).min(value);
                }
            };
            if let Some(b) = to {
                if index.get(b) == Some(&NEW) {
                    walk.push((b, 0));
                } else if open.get(b) == Some(&true) {
                    let value = index.get(b).copied().unwrap_or(0);
                    least(&mut low, a, value);
                }
                continue;
            }
            walk.pop();
            let mine = low.get(a).copied().unwrap_or(0);
            if let Some(&(parent, _)) = walk.last() {
                least(&mut low, parent, mine);
            }
            if index.get(a) == Some(&mine) {
                let mut part = Vec::new();
                while let Some(b) = stack.pop() {
                    put(&mut open, b as usize, false);
                    part.push(b);
                    if b as usize == a {
                        break;
                    }
                }
                parts.push(part);
            }
        }
    }
    parts
}

/// Disjoint sets.
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut a: usize) -> usize {
        while let Some(&up) = self.0.get(a) {
            if up == a {
                break;
            }
            // Halve the way for the next walk.
            let above = self.0.get(up).copied().unwrap_or(up);
            put(&mut self.0, a, above);
            a = above;
        }
        a
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        put(&mut self.0, a.max(b), a.min(b));
    }

    /// By smallest member.
    fn groups(&mut self) -> Vec<Vec<u32>> {
        let n = self.0.len();
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); n];
        for a in 0..n {
            let root = self.root(a);
            if let Some(group) = groups.get_mut(root) {
                group.push(a as u32);
            }
        }
        groups.retain(|g| !g.is_empty());
        groups
    }
}
