//! Which series are sums of which.
//!
//! - Computes: for every sum, the leaves it is made of, from a tree, from crossed groupings
//!   (product × unit × organisation) or from periods of time (weeks and months of days).
//! - Units: those of the series; sums of one hierarchy share a unit.
//! - Shapes: nodes are numbered by the caller in a tree; elsewhere sums come first, then the
//!   leaves in the caller's order.
//! - Errors: [`HierarchyError`] for a tree that is none and for sums of nothing.
//! - Source: the summing matrix of R. Hyndman et al. (2011), kept as lists of leaves.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Why there is no hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HierarchyError {
    /// Nothing to add up.
    #[error("the hierarchy has no series")]
    Empty,
    /// A parent, a leaf or a key that does not exist.
    #[error("node {node} refers to {missing}, which does not exist")]
    Unknown {
        /// Who refers.
        node: usize,
        /// To what.
        missing: usize,
    },
    /// A node is its own ancestor.
    #[error("node {node} is part of itself")]
    Cycle {
        /// The node.
        node: usize,
    },
    /// A sum of nothing.
    #[error("sum {node} has no part")]
    NoPart {
        /// The sum.
        node: usize,
    },
    /// A leaf counted twice in one sum.
    #[error("sum {node} counts leaf {leaf} twice")]
    Twice {
        /// The sum.
        node: usize,
        /// The leaf.
        leaf: usize,
    },
}

/// A sum and the leaves it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Its node.
    pub node: usize,
    /// Ranks of its leaves, ascending.
    pub leaves: Vec<usize>,
}

/// Series of which some are sums of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hierarchy {
    /// Node of each leaf.
    leaves: Vec<usize>,
    sums: Vec<Sum>,
    /// Sums each leaf is part of, by rank among the sums.
    above: Vec<Vec<usize>>,
}

/// What a crossed sum holds: for each grouping, the key it is about, or `None` for all keys.
pub type CrossedKey = Vec<Option<usize>>;

impl Hierarchy {
    /// A tree (or several) given by the parent of each node; leaves are those nobody has for
    /// parent.
    pub fn tree(parents: &[Option<usize>]) -> Result<Self, HierarchyError> {
        let mut parent_of_any = vec![false; parents.len()];
        for (node, parent) in parents.iter().enumerate() {
            if let Some(missing) = *parent {
                let slot = parent_of_any.get_mut(missing);
                *slot.ok_or(HierarchyError::Unknown { node, missing })? = true;
            }
        }
        // A walk up from a circle never ends.
        for (node, _) in parent_of_any.iter().enumerate().filter(|(_, is)| **is) {
            let mut at = node;
            for _ in 0..parents.len() {
                match parents.get(at).copied().flatten() {
                    Some(parent) if parent == node => return Err(HierarchyError::Cycle { node }),
                    Some(parent) => at = parent,
                    None => break,
                }
            }
        }
        let mut leaves = Vec::new();
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (node, _) in parent_of_any.iter().enumerate().filter(|(_, is)| !**is) {
            let rank = leaves.len();
            leaves.push(node);
            let mut at = node;
            while let Some(parent) = parents.get(at).copied().flatten() {
                parts.entry(parent).or_default().push(rank);
                at = parent;
            }
        }
        let sums = parts.into_iter().map(|(node, leaves)| Sum { node, leaves }).collect();
        Self::made(leaves, sums)
    }

    /// Sums of any leaves. Node numbers: the groups in their order, then the leaves.
    pub fn groups(leaves: usize, groups: &[Vec<usize>]) -> Result<Self, HierarchyError> {
        let mut sums = Vec::with_capacity(groups.len());
        for (node, group) in groups.iter().enumerate() {
            let mut own = group.clone();
            own.sort_unstable();
            if own.is_empty() {
                return Err(HierarchyError::NoPart { node });
            }
            if let Some(&missing) = own.iter().find(|l| **l >= leaves) {
                return Err(HierarchyError::Unknown { node, missing });
            }
            if let Some((leaf, _)) = own.iter().zip(own.iter().skip(1)).find(|(a, b)| a == b) {
                return Err(HierarchyError::Twice { node, leaf: *leaf });
            }
            sums.push(Sum { node, leaves: own });
        }
        Self::made((groups.len()..groups.len() + leaves).collect(), sums)
    }

    /// Leaves described by several keys each (product, unit, organisation…), added up by the
    /// groupings of `by`: `[]` is the total, `[0]` the sums by first key, `[0, 2]` the sums by
    /// first and third key. Sums come grouping by grouping, in the order of their keys; the
    /// second answer says what each is about. A sum of one leaf only is kept: its base
    /// forecast is a second opinion on that leaf.
    pub fn crossed(
        keys: &[Vec<usize>],
        by: &[Vec<usize>],
    ) -> Result<(Self, Vec<CrossedKey>), HierarchyError> {
        let width = keys.first().map_or(0, Vec::len);
        let (mut groups, mut about) = (Vec::new(), Vec::new());
        for grouping in by {
            let mut members: BTreeMap<CrossedKey, Vec<usize>> = BTreeMap::new();
            for (leaf, own) in keys.iter().enumerate() {
                if own.len() != width {
                    return Err(HierarchyError::Unknown { node: leaf, missing: own.len() });
                }
                let mut key = vec![None; width];
                for &place in grouping {
                    let (Some(slot), Some(&k)) = (key.get_mut(place), own.get(place)) else {
                        return Err(HierarchyError::Unknown { node: leaf, missing: place });
                    };
                    *slot = Some(k);
                }
                members.entry(key).or_default().push(leaf);
            }
            for (key, leaves) in members {
                about.push(key);
                groups.push(leaves);
            }
        }
        Ok((Self::groups(keys.len(), &groups)?, about))
    }

    /// Steps of time and the longer periods they make. For each grain (week, month…), the
    /// period of each step, or `None` for a step of a period that is not whole: a base
    /// forecast of a whole month says nothing of the half of it that is asked for.
    ///
    /// Nodes: the periods grain by grain in the order of their numbers, then the steps.
    pub fn temporal(grains: &[Vec<Option<usize>>]) -> Result<Self, HierarchyError> {
        let steps = grains.first().map_or(0, Vec::len);
        let mut groups = Vec::new();
        for grain in grains {
            if grain.len() != steps {
                return Err(HierarchyError::Unknown { node: steps, missing: grain.len() });
            }
            let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (step, period) in grain.iter().enumerate() {
                if let Some(period) = period {
                    members.entry(*period).or_default().push(step);
                }
            }
            groups.extend(members.into_values());
        }
        Self::groups(steps, &groups)
    }

    fn made(leaves: Vec<usize>, sums: Vec<Sum>) -> Result<Self, HierarchyError> {
        if leaves.is_empty() {
            return Err(HierarchyError::Empty);
        }
        let mut above = vec![Vec::new(); leaves.len()];
        for (rank, sum) in sums.iter().enumerate() {
            for &leaf in &sum.leaves {
                if let Some(own) = above.get_mut(leaf) {
                    own.push(rank);
                }
            }
        }
        Ok(Self { leaves, sums, above })
    }

    /// Nodes in all.
    pub fn nodes(&self) -> usize {
        self.leaves.len() + self.sums.len()
    }

    /// Node of each leaf, by rank.
    pub fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    /// The sums, in the order of their nodes.
    pub fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// Ranks of the sums each leaf is part of.
    pub(super) fn above(&self) -> &[Vec<usize>] {
        &self.above
    }

    /// All nodes from the values of the leaves.
    pub fn summed(&self, leaves: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.nodes()];
        for (&node, &value) in self.leaves.iter().zip(leaves) {
            if let Some(slot) = out.get_mut(node) {
                *slot = value;
            }
        }
        for sum in &self.sums {
            if let Some(slot) = out.get_mut(sum.node) {
                *slot = sum.leaves.iter().filter_map(|&l| leaves.get(l)).sum();
            }
        }
        out
    }

    /// How much each sum is above that of its leaves, in the order of [`Hierarchy::sums`].
    pub fn gaps(&self, values: &[f64]) -> Vec<f64> {
        let value = |node: usize| values.get(node).copied().unwrap_or(f64::NAN);
        let leaf = |rank: &usize| self.leaves.get(*rank).map_or(f64::NAN, |&node| value(node));
        let gap = |sum: &Sum| value(sum.node) - sum.leaves.iter().map(leaf).sum::<f64>();
        self.sums.iter().map(gap).collect()
    }

    /// A tree among the sums: the largest first, each kept when it lies inside or beside those
    /// kept before. Returns the children of each kept sum and those of nobody.
    pub(super) fn nested(&self) -> Nested {
        let mut order: Vec<usize> = (0..self.sums.len()).collect();
        let size = |rank: &usize| self.sums.get(*rank).map_or(0, |s| s.leaves.len());
        order.sort_by_key(|rank| (std::cmp::Reverse(size(rank)), *rank));
        // Innermost kept sum of each leaf so far: that of a sum is the one all its leaves share.
        let mut inside: Vec<Option<usize>> = vec![None; self.leaves.len()];
        let mut nested = Nested { parts: BTreeMap::new(), tops: Vec::new() };
        let mut kept = Vec::new();
        for rank in order {
            let Some(sum) = self.sums.get(rank) else { continue };
            let homes: BTreeSet<Option<usize>> =
                sum.leaves.iter().filter_map(|&l| inside.get(l).copied()).collect();
            if homes.len() != 1 {
                continue;
            }
            kept.push((rank, homes.into_iter().next().flatten()));
            for &leaf in &sum.leaves {
                if let Some(slot) = inside.get_mut(leaf) {
                    *slot = Some(rank);
                }
            }
        }
        let mut put = |home: Option<usize>, part: Part| match home {
            Some(home) => nested.parts.entry(home).or_default().push(part),
            None => nested.tops.push(part),
        };
        for (rank, home) in kept {
            put(home, Part::Sum(rank));
        }
        for (leaf, home) in inside.into_iter().enumerate() {
            put(home, Part::Leaf(leaf));
        }
        nested
    }
}

/// What a sum of [`Nested`] is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A sum, by rank.
    Sum(usize),
    /// A leaf, by rank.
    Leaf(usize),
}

/// Sums that lie inside one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nested {
    /// Parts of each kept sum.
    pub parts: BTreeMap<usize, Vec<Part>>,
    /// What lies in none.
    pub tops: Vec<Part>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_the_leaves_of_each_sum() {
        // 2 is the total of 0 and 4; 4 is the sum of 1 and 3.
        let made = Hierarchy::tree(&[Some(2), Some(4), None, Some(4), Some(2)]).unwrap();
        assert_eq!(made.leaves(), [0, 1, 3]);
        let want = [Sum { node: 2, leaves: vec![0, 1, 2] }, Sum { node: 4, leaves: vec![1, 2] }];
        assert_eq!(made.sums(), want);
        assert_eq!(made.above(), [vec![0], vec![0, 1], vec![0, 1]]);
        assert_eq!(made.summed(&[1.0, 2.0, 4.0]), [1.0, 2.0, 7.0, 4.0, 6.0]);
        assert_eq!(made.gaps(&[1.0, 2.0, 9.0, 4.0, 5.0]), [2.0, -1.0]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert_eq!(Hierarchy::tree(&[]), Err(HierarchyError::Empty));
        let unknown = HierarchyError::Unknown { node: 0, missing: 7 };
        assert_eq!(Hierarchy::tree(&[Some(7)]), Err(unknown));
        assert_eq!(Hierarchy::tree(&[Some(0)]), Err(HierarchyError::Cycle { node: 0 }));
        // A leaf below a circle.
        let circle = [Some(1), Some(2), Some(1)];
        assert_eq!(Hierarchy::tree(&circle), Err(HierarchyError::Cycle { node: 1 }));
        assert_eq!(
            Hierarchy::groups(2, &[vec![0, 1], vec![]]),
            Err(HierarchyError::NoPart { node: 1 })
        );
        assert_eq!(
            Hierarchy::groups(2, &[vec![1, 0, 1]]),
            Err(HierarchyError::Twice { node: 0, leaf: 1 })
        );
        assert_eq!(
            Hierarchy::groups(2, &[vec![2]]),
            Err(HierarchyError::Unknown { node: 0, missing: 2 })
        );
        assert_eq!(Hierarchy::groups(0, &[]), Err(HierarchyError::Empty));
        assert_eq!(
            Hierarchy::crossed(&[vec![1, 2]], &[vec![2]]),
            Err(HierarchyError::Unknown { node: 0, missing: 2 })
        );
        assert!(Hierarchy::crossed(&[vec![1, 2], vec![1]], &[vec![0]]).is_err());
        assert!(Hierarchy::temporal(&[vec![Some(0)], vec![]]).is_err());
    }

    #[test]
    fn crossed_groupings_say_what_they_are_about() {
        // Product and unit of three leaves.
        let keys = [vec![5, 1], vec![5, 2], vec![4, 2]];
        let (made, about) =
            Hierarchy::crossed(&keys, &[vec![], vec![0], vec![1], vec![1, 0]]).unwrap();
        let want = [
            (vec![None, None], vec![0, 1, 2]),
            (vec![Some(4), None], vec![2]),
            (vec![Some(5), None], vec![0, 1]),
            (vec![None, Some(1)], vec![0]),
            (vec![None, Some(2)], vec![1, 2]),
            (vec![Some(4), Some(2)], vec![2]),
            (vec![Some(5), Some(1)], vec![0]),
            (vec![Some(5), Some(2)], vec![1]),
        ];
        for ((sum, about), (key, leaves)) in made.sums().iter().zip(&about).zip(&want) {
            assert_eq!((about, &sum.leaves), (key, leaves));
        }
        assert_eq!((made.sums().len(), about.len(), made.nodes()), (8, 8, 11));
    }

    #[test]
    fn periods_that_are_not_whole_are_left_out() {
        let weeks = vec![None, Some(3), Some(3), Some(4), Some(4)];
        let months = vec![Some(0), Some(0), Some(0), Some(0), None];
        let made = Hierarchy::temporal(&[weeks, months]).unwrap();
        let parts: Vec<&[usize]> = made.sums().iter().map(|s| s.leaves.as_slice()).collect();
        assert_eq!(parts, [&[1, 2][..], &[3, 4], &[0, 1, 2, 3]]);
        assert_eq!(made.leaves(), [3, 4, 5, 6, 7]);
    }

    #[test]
    fn the_largest_sums_that_nest_make_the_tree() {
        // Total, two rows, two columns of a two by two table: rows nest, columns cross them.
        let groups = [vec![0, 2], vec![1, 3], vec![0, 1], vec![2, 3], vec![0, 1, 2, 3]];
        let nested = Hierarchy::groups(4, &groups).unwrap().nested();
        assert_eq!(nested.tops, [Part::Sum(4)]);
        assert_eq!(nested.parts.get(&4), Some(&vec![Part::Sum(0), Part::Sum(1)]));
        assert_eq!(nested.parts.get(&0), Some(&vec![Part::Leaf(0), Part::Leaf(2)]));
        assert_eq!(nested.parts.get(&3), None);
    }
}
