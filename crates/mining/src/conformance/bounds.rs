//! At least and at most how many of each activity are still to come, read off the
//! structure of the net, token by token.
//!
//! A token in a place must be consumed by one of its transitions, and what that one
//! produces must be consumed too, until the end: so a label that lies on every way is
//! still to come (`least`), and one that lies on none is not (`most`). Both never
//! promise too much, and a step changes them by at most its own label: that makes the
//! search that uses them exact.

use super::space::{Runnable, SILENT};

/// No bound.
pub(super) const ENDLESS: u32 = u32::MAX;

/// Bounds by place and label.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    labels: usize,
    /// `labels` values a place; [`ENDLESS`] when a token there never reaches the end.
    least: Vec<u32>,
    /// `labels` values a place; [`ENDLESS`] when it can be repeated for ever.
    most: Vec<u32>,
    /// Something may come from nothing: there is no upper bound.
    sources: bool,
}

impl Bounds {
    pub(super) fn new(net: &Runnable) -> Self {
        let labels = net.labels.len();
        Self {
            labels,
            least: least(net),
            most: most(net),
            sources: net.steps.iter().any(|s| s.inputs.is_empty()),
        }
    }

    /// Bounds of a marking, at least then at most, by label; `None` when a token is lost.
    pub(super) fn row(&self, marking: &[u32]) -> Option<Box<[u32]>> {
        let mut row = vec![0u32; 2 * self.labels];
        let (least, most) = row.split_at_mut(self.labels);
        for &place in marking {
            let own = place as usize * self.labels..(place as usize + 1) * self.labels;
            for (total, &one) in least.iter_mut().zip(self.least.get(own.clone())?) {
                *total = (*total).max(one);
            }
            for (total, &one) in most.iter_mut().zip(self.most.get(own)?) {
                *total = total.saturating_add(one);
            }
        }
        if self.sources {
            most.fill(ENDLESS);
        }
        (!least.contains(&ENDLESS)).then(|| row.into_boxed_slice())
    }
}

/// Smallest number of each label on the way of a token from each place to the end:
/// over its consumers the least, over what they produce the most.
fn least(net: &Runnable) -> Vec<u32> {
    let labels = net.labels.len();
    let mut values = vec![ENDLESS; net.places * labels];
    let mut producers: Vec<Vec<u32>> = vec![Vec::new(); net.places];
    for (number, step) in net.steps.iter().enumerate() {
        for &place in &step.outputs {
            if let Some(list) = producers.get_mut(place as usize) {
                list.push(number as u32);
            }
        }
    }
    let mut open: std::collections::VecDeque<u32> = (0..net.steps.len() as u32).rev().collect();
    let mut waits = vec![true; net.steps.len()];
    for &place in &net.end {
        let own = place as usize * labels;
        if let Some(values) = values.get_mut(own..own + labels) {
            values.fill(0);
        }
    }
    let mut ahead = vec![0u32; labels];
    while let Some(number) = open.pop_front() {
        let Some(step) = net.steps.get(number as usize) else { continue };
        if let Some(flag) = waits.get_mut(number as usize) {
            *flag = false;
        }
        ahead.fill(0);
        for &place in &step.outputs {
            let own = place as usize * labels;
            for (a, &v) in ahead.iter_mut().zip(values.get(own..own + labels).unwrap_or_default()) {
                *a = (*a).max(v);
            }
        }
        if step.label != SILENT
            && let Some(a) = ahead.get_mut(step.label as usize)
        {
            *a = a.saturating_add(1);
        }
        for &place in &step.inputs {
            let own = place as usize * labels;
            let mut changed = false;
            for (v, &a) in values.get_mut(own..own + labels).into_iter().flatten().zip(&ahead) {
                if a < *v {
                    *v = a;
                    changed = true;
                }
            }
            if !changed {
                continue;
            }
            for &earlier in producers.get(place as usize).into_iter().flatten() {
                if let Some(flag) = waits.get_mut(earlier as usize)
                    && !std::mem::replace(flag, true)
                {
                    open.push_back(earlier);
                }
            }
        }
    }
    values
}

/// Greatest number of each label a token of each place can bring. Where several
/// tokens meet, only the first of the places carries on, so that nothing counts twice.
fn most(net: &Runnable) -> Vec<u32> {
    let labels = net.labels.len();
    let mut carried: Vec<Vec<u32>> = vec![Vec::new(); net.places];
    for (number, step) in net.steps.iter().enumerate() {
        if let Some(list) = step.inputs.first().and_then(|&p| carried.get_mut(p as usize)) {
            list.push(number as u32);
        }
    }
    let after: Vec<Vec<u32>> = carried
        .iter()
        .map(|list| {
            let steps = list.iter().filter_map(|&t| net.steps.get(t as usize));
            steps.flat_map(|s| s.outputs.iter().copied()).collect()
        })
        .collect();
    let mut values = vec![0u32; net.places * labels];
    let mut group_of = vec![u32::MAX; net.places];
    for (group, members) in components(&after).into_iter().enumerate() {
        let group = group as u32;
        for &place in &members {
            if let Some(g) = group_of.get_mut(place as usize) {
                *g = group;
            }
        }
        let inside = |place: u32| group_of.get(place as usize) == Some(&group);
        let (mut exits, mut again) = (vec![0u32; labels], vec![0u32; labels]);
        let mut multiplies = false;
        let steps = members.iter().flat_map(|&p| carried.get(p as usize).into_iter().flatten());
        for step in steps.filter_map(|&t| net.steps.get(t as usize)) {
            let mut brings = vec![0u32; labels];
            if let Some(b) = brings.get_mut(step.label as usize) {
                *b = 1;
            }
            for &place in step.outputs.iter().filter(|&&p| !inside(p)) {
                let own = place as usize * labels;
                let ahead = values.get(own..own + labels).unwrap_or_default();
                for (b, &v) in brings.iter_mut().zip(ahead) {
                    *b = b.saturating_add(v);
                }
            }
            let back = step.outputs.iter().filter(|&&p| inside(p)).count();
            multiplies |= back > 1;
            let into = if back == 0 { &mut exits } else { &mut again };
            for (t, b) in into.iter_mut().zip(brings) {
                *t = (*t).max(b);
            }
        }
        for (exit, again) in exits.iter_mut().zip(again) {
            if again > 0 || (multiplies && *exit > 0) {
                *exit = ENDLESS;
            }
        }
        for &place in &members {
            let own = place as usize * labels;
            if let Some(values) = values.get_mut(own..own + labels) {
                values.copy_from_slice(&exits);
            }
        }
    }
    values
}

/// Strongly connected groups of places, those further on first.
fn components(after: &[Vec<u32>]) -> Vec<Vec<u32>> {
    const NEW: u32 = u32::MAX;
    let (mut order, mut low) = (vec![NEW; after.len()], vec![NEW; after.len()]);
    let mut held = vec![false; after.len()];
    let (mut path, mut groups, mut count) = (Vec::new(), Vec::new(), 0u32);
    let get = |list: &[u32], at: u32| list.get(at as usize).copied().unwrap_or(NEW);
    for root in 0..after.len() as u32 {
        if get(&order, root) != NEW {
            continue;
        }
        // Place and how many of its successors were looked at: no recursion, nets can be deep.
        let mut calls: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some((place, looked)) = calls.pop() {
            let at = place as usize;
            if looked == 0 {
                if let (Some(o), Some(l), Some(h)) =
                    (order.get_mut(at), low.get_mut(at), held.get_mut(at))
                {
                    (*o, *l, *h) = (count, count, true);
                }
                count += 1;
                path.push(place);
            }
            match after.get(at).and_then(|list| list.get(looked)).copied() {
                Some(next) => {
                    calls.push((place, looked + 1));
                    if get(&order, next) == NEW {
                        calls.push((next, 0));
                    } else if held.get(next as usize) == Some(&true) {
                        let seen = get(&order, next);
                        if let Some(l) = low.get_mut(at) {
                            *l = (*l).min(seen);
                        }
                    }
                }
                None => {
                    if let Some(&(caller, _)) = calls.last() {
                        let own = get(&low, place);
                        if let Some(l) = low.get_mut(caller as usize) {
                            *l = (*l).min(own);
                        }
                    }
                    if get(&low, place) == get(&order, place) {
                        let mut group = Vec::new();
                        while let Some(member) = path.pop() {
                            if let Some(h) = held.get_mut(member as usize) {
                                *h = false;
                            }
                            group.push(member);
                            if member == place {
                                break;
                            }
                        }
                        groups.push(group);
                    }
                }
            }
        }
    }
    groups
}
