//! Parts of a total: each forecast on its own history, then moved so that they add up to it.

use std::sync::Arc;

use eclusier_core::Grain;
use eclusier_ledger::GroupBy;

use super::{
    Asked, Expected, Learned, Range,
    arrivals::{GRAINS, Node, SCENARIOS},
    days_of, expected_of, learn, usual as usual_a_day, whole,
};
use crate::{
    App,
    error::AppResult,
    figures::{Seen, Selection},
};

/// Parts forecast one by one; the smallest beyond are one part together.
const MOST: usize = 24;
/// Scenarios drawn of a part.
const PART_SCENARIOS: usize = SCENARIOS / 2;

/// A part of a total.
#[derive(Debug, Clone, PartialEq)]
pub struct PartSaid {
    /// Value of the dimension; empty for "not said".
    pub id: String,
    /// Name shown.
    pub label: String,
    /// Over the months asked.
    pub expected: Expected,
    /// Expected by step, in whole items that add up to those of the total.
    pub steps: Vec<f64>,
    /// Quality of its own forecast: error, that of the seasonal naive one, share of values
    /// inside the band of four in five.
    pub judged: [Option<f64>; 3],
    /// Method that counts most.
    pub method: Option<[String; 2]>,
    /// Whether the seasonal naive forecast is used for being as good and simpler.
    pub naive_kept: bool,
    /// Why it has no forecast of its own: it is then said by its share of the total lately.
    pub reason: Option<[String; 2]>,
}

/// Parts learned once.
#[derive(Debug)]
pub(super) struct Split {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    id: String,
    label: String,
    node: Node,
    reason: Option<[String; 2]>,
}

/// The dimension that tells most of these desks.
pub(super) fn usual(desks: &[Seen]) -> GroupBy {
    if desks.len() > 1 {
        return GroupBy::Process;
    }
    let values = desks.first().map(Seen::dimension_values).unwrap_or_default();
    let [orgs, units, products, channels] = values.map(|v| v.len());
    match (products, units, channels, orgs) {
        (2.., ..) => GroupBy::Product,
        (_, 2.., ..) => GroupBy::Unit,
        (_, _, 2.., _) => GroupBy::Channel,
        _ => GroupBy::Org,
    }
}

/// Name of the smaller parts together.
const OTHERS: &str = "*";

impl App {
    pub(super) async fn split(
        &self,
        selection: &Selection,
        desks: &[Seen],
        by: GroupBy,
        learned: &Arc<Learned>,
    ) -> AppResult<Arc<Split>> {
        let name = match by {
            GroupBy::Org => "arrivals to come by organisation",
            GroupBy::Unit => "arrivals to come by unit",
            GroupBy::Process => "arrivals to come by process",
            GroupBy::Product => "arrivals to come by product",
            GroupBy::Channel => "arrivals to come by channel",
        };
        let asked = (name, whole(selection), Grain::Day);
        if let Some(known) = self.inner.answers.find::<Split>(&asked, desks) {
            return Ok(known);
        }
        let (held, dims, learned) = (desks.to_vec(), selection.dims.clone(), learned.clone());
        let made = self
            .blocking(move || {
                let Ok(total) = &learned.total else { return Ok(Split { parts: Vec::new() }) };
                let mut groups = days_of(&held, &dims, Some(by))?;
                let recent = |d: &super::Days| -> f64 {
                    let from = d.values.len().saturating_sub(91);
                    let last = d.values.get(from..).unwrap_or_default();
                    last.iter().filter(|v| v.is_finite()).sum()
                };
                groups.sort_by(|a, b| recent(&b.1).total_cmp(&recent(&a.1)).then(a.0.cmp(&b.0)));
                if groups.len() > MOST {
                    let rest = groups.split_off(MOST - 1);
                    groups.extend(merged(rest));
                }
                // One part alone is the total: it says nothing more.
                if groups.len() < 2 {
                    return Ok(Split { parts: Vec::new() });
                }
                let series: Vec<super::Days> = groups.iter().map(|g| g.1.clone()).collect();
                let of = |id: &str| match by {
                    GroupBy::Product => vec![id.to_owned()],
                    _ => dims.product.clone(),
                };
                let asked: Vec<_> =
                    groups.iter().map(|(id, days)| (of(id), days.clone())).collect();
                let nodes = learn(&held, &asked, &usual_a_day(&held, &dims, &total.days)?);
                let all: f64 = series.iter().map(recent).sum();
                let parts = groups.into_iter().zip(nodes).map(|((id, days), node)| {
                    let label = held
                        .iter()
                        .find(|d| by == GroupBy::Process && d.process.as_str() == id)
                        .map_or_else(|| id.clone(), |d| d.label.clone());
                    match node {
                        Ok(node) => Part { id, label, node, reason: None },
                        Err(why) => {
                            let share = if all > 0.0 { recent(&days) / all } else { 0.0 };
                            let node = total.scaled(share, days);
                            Part { id, label, node, reason: Some(why) }
                        }
                    }
                });
                let mut split = Split { parts: parts.collect() };
                split.add_up(total);
                Ok(split)
            })
            .await?;
        Ok(self.inner.answers.keep(asked, desks.to_vec(), made))
    }
}

/// Several series as one.
fn merged(groups: Vec<(String, super::Days)>) -> Option<(String, super::Days)> {
    let mut groups = groups.into_iter();
    let (_, mut sum) = groups.next()?;
    for (_, days) in groups {
        for (a, b) in sum.values.iter_mut().zip(&days.values) {
            *a = if a.is_nan() {
                *b
            } else if b.is_nan() {
                *a
            } else {
                *a + b
            };
        }
    }
    Some((OTHERS.to_owned(), sum))
}

impl Split {
    /// Moves the parts so that each day they add up to the total, which stays: the minimum
    /// trace for a total that is certain and parts that vary as they are many.
    fn add_up(&mut self, total: &Node) {
        let days = total.next.len();
        let sum = |parts: &[Part], at: usize| -> f64 {
            parts.iter().filter_map(|p| p.node.next.get(at)).sum()
        };
        let sums: Vec<f64> = (0..days).map(|at| sum(&self.parts, at)).collect();
        let number = self.parts.len().max(1) as f64;
        for part in &mut self.parts {
            let own = part.node.next.clone();
            let moved = own.iter().zip(&sums).zip(&total.next).map(|((own, sum), total)| {
                if *sum > 0.0 { own * total / sum } else { total / number }
            });
            let moved = moved.collect();
            part.node.set_days(moved);
        }
    }
}

/// What is said of the parts over the months asked.
pub(super) fn tell(split: &Split, learned: &Learned, asked: &Asked) -> Vec<PartSaid> {
    let Ok(total) = &learned.total else { return Vec::new() };
    let factor = 1.0 + asked.arrivals / 100.0;
    let steps = |node: &Node| super::steps_said(node, asked, factor);
    let wholes = whole_steps(&steps(total), split.parts.iter().map(|p| steps(&p.node)).collect());
    let mut told: Vec<PartSaid> = split
        .parts
        .iter()
        .zip(wholes)
        .map(|(part, steps)| {
            let answer = part.node.at(Grain::Week).or_else(|| part.node.at(Grain::Day));
            let backtest = answer.map(|s| &super::answer_of(s, asked.months).backtest);
            let backtest = backtest.filter(|_| part.reason.is_none());
            PartSaid {
                id: part.id.clone(),
                label: match part.label.as_str() {
                    OTHERS => String::new(),
                    other => other.to_owned(),
                },
                expected: expected_of(&part.node, asked, PART_SCENARIOS),
                steps,
                judged: [
                    backtest.and_then(|b| b.mase),
                    backtest.and_then(|b| b.naive_mase),
                    backtest.and_then(|b| b.coverage.first().copied().flatten()),
                ],
                method: backtest
                    .and_then(|b| b.weights.first())
                    .map(|(c, _)| crate::series::method_words(c)),
                naive_kept: backtest.is_some_and(|b| b.naive_kept),
                reason: part.reason.clone(),
            }
        })
        .collect();
    told.sort_by(|a, b| b.expected.items.total_cmp(&a.expected.items));
    told
}

/// Whole items by part and step that add up to those of the total: each step gives what
/// rounding down left to the parts that lost most.
fn whole_steps(total: &[f64], parts: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> =
        parts.iter().map(|p| p.iter().map(|v| v.floor()).collect()).collect();
    for (at, total) in total.iter().enumerate() {
        let down: f64 = out.iter().filter_map(|p| p.get(at)).sum();
        let mut missing = (total.round() - down).max(0.0) as usize;
        let mut order: Vec<usize> = (0..parts.len()).collect();
        let lost = |p: usize| parts.get(p).and_then(|p| p.get(at)).map_or(0.0, |v| v - v.floor());
        order.sort_by(|&a, &b| lost(b).total_cmp(&lost(a)).then(a.cmp(&b)));
        for part in order.into_iter().cycle().take(parts.len() * 2) {
            if missing == 0 {
                break;
            }
            if let Some(slot) = out.get_mut(part).and_then(|p| p.get_mut(at)) {
                *slot += 1.0;
                missing -= 1;
            }
        }
    }
    out
}

impl Node {
    /// A node of the same shape, a share of this one; for a part too new to be forecast.
    fn scaled(&self, share: f64, days: super::Days) -> Node {
        let mut node = self.clone();
        node.days = days;
        for said in node.said.iter_mut().flatten() {
            said.mean.iter_mut().for_each(|m| *m *= share);
            for range in said.bands.iter_mut().flatten() {
                *range = Range { low: range.low * share, high: range.high * share };
            }
        }
        node.next.iter_mut().for_each(|d| *d *= share);
        debug_assert_eq!(node.said.len(), GRAINS.len());
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_parts_add_up_to_the_whole_total() {
        let parts = vec![vec![1.4, 0.2], vec![2.4, 0.2], vec![3.4, 0.3]];
        let whole = whole_steps(&[7.2, 0.7], parts);
        assert_eq!(whole, vec![vec![2.0, 0.0], vec![2.0, 0.0], vec![3.0, 1.0]]);
    }
}
