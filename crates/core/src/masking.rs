//! Small cells: a table that describes fewer than a few people somewhere hides those cells,
//! and others with them so that no sum gives them back.
//!
//! - Computes: which cells of a table with totals are hidden.
//! - Units: people counted in each cell.
//! - Shapes: cells by rank, and the sums that tie them (rows, columns, a tree); one flag per
//!   cell out.
//! - Errors: none; a sum that names a cell out of the table is ignored.
//! - Source: `docs/methods/organisation.md`; secondary suppression as statistical offices
//!   practise it, every set of hidden cells verified by solving its equations.

use std::collections::{BTreeMap, BTreeSet};

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// People it describes.
    pub people: u64,
    /// Whether the reader may see it whatever its size: it is then never hidden, and known
    /// when others are looked for.
    pub open: bool,
}

impl Cell {
    /// A cell hidden when it is small.
    pub fn of(people: u64) -> Self {
        Cell { people, open: false }
    }
}

/// A total and its parts, by their rank among the cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The total.
    pub total: usize,
    /// What adds up to it.
    pub parts: Vec<usize>,
}

impl Sum {
    fn cells(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.total).chain(self.parts.iter().copied())
    }
}

/// The sums of a table of `rows` by `columns` written row by row, each row ending with its
/// total, the last row being the totals of the columns.
pub fn table(rows: usize, columns: usize) -> Vec<Sum> {
    let wide = columns + 1;
    let at = |row: usize, column: usize| row * wide + column;
    let across = (0..=rows).map(|row| Sum {
        total: at(row, columns),
        parts: (0..columns).map(|column| at(row, column)).collect(),
    });
    let down = (0..=columns).map(|column| Sum {
        total: at(rows, column),
        parts: (0..rows).map(|row| at(row, column)).collect(),
    });
    across.chain(down).collect()
}

/// The sums of a tree given by the rank of the cell above each cell. Its parts may leave a
/// rest (people who hang directly below the node above): a reader may know that rest, so they
/// are taken as a sum all the same.
pub fn tree(above: &[Option<usize>]) -> Vec<Sum> {
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (cell, above) in above.iter().enumerate() {
        if let Some(above) = above {
            parts.entry(*above).or_default().push(cell);
        }
    }
    parts.into_iter().map(|(total, parts)| Sum { total, parts }).collect()
}

/// Which cells must be hidden so that none that counts from one to `least - 1` people can be
/// read or worked out.
///
/// Hidden cells of one sum add up to `least` people or more, unless everything around them is
/// hidden too; and no combination of sums gives one of them exactly.
pub fn mask(cells: &[Cell], sums: &[Sum], least: u64) -> Vec<bool> {
    let small = |cell: &Cell| !cell.open && cell.people > 0 && cell.people < least;
    let mut hidden: Vec<bool> = cells.iter().map(small).collect();
    let sums: Vec<&Sum> = sums
        .iter()
        .filter(|sum| !sum.parts.is_empty() && sum.cells().all(|cell| cell < cells.len()))
        .collect();
    loop {
        let mut grown = false;
        for sum in &sums {
            while let Some(cell) = next_in(sum, cells, &hidden, least) {
                set(&mut hidden, cell);
                grown = true;
            }
        }
        if grown {
            continue;
        }
        // Every sum alone keeps its secret: together they might still tell it.
        let found = derivable(&sums, &hidden);
        for cell in found {
            let around = sums.iter().filter(|sum| sum.cells().any(|c| c == cell));
            let candidates = around.flat_map(|sum| sum.cells());
            if let Some(more) = cheapest(candidates, cells, &hidden) {
                set(&mut hidden, more);
                grown = true;
            }
        }
        if !grown {
            return hidden;
        }
    }
}

fn set(hidden: &mut [bool], cell: usize) {
    if let Some(flag) = hidden.get_mut(cell) {
        *flag = true;
    }
}

fn is(hidden: &[bool], cell: usize) -> bool {
    hidden.get(cell).copied().unwrap_or(false)
}

/// The cell to hide next for one sum to keep its secret; `None` when it does.
fn next_in(sum: &Sum, cells: &[Cell], hidden: &[bool], least: u64) -> Option<usize> {
    let parts: Vec<usize> = sum.parts.iter().copied().filter(|c| is(hidden, *c)).collect();
    let total = is(hidden, sum.total);
    let count = parts.len() + usize::from(total);
    if count == 0 {
        return None;
    }
    let people: u64 = parts.iter().filter_map(|c| cells.get(*c)).map(|c| c.people).sum();
    // What is hidden below a total that shows is worked out as one group of people.
    let lone = count == 1 || (!total && people < least);
    if !lone {
        return None;
    }
    cheapest(sum.parts.iter().copied(), cells, hidden)
        .or_else(|| cheapest(std::iter::once(sum.total), cells, hidden))
}

/// The shown cell that costs least to hide: few people, but some rather than none, since
/// hiding a zero hides nobody.
fn cheapest(
    candidates: impl Iterator<Item = usize>,
    cells: &[Cell],
    hidden: &[bool],
) -> Option<usize> {
    candidates
        .filter(|c| !is(hidden, *c))
        .filter_map(|c| cells.get(c).filter(|cell| !cell.open).map(|cell| (cell.people, c)))
        .min_by_key(|(people, c)| (*people == 0, *people, *c))
        .map(|(_, c)| c)
}

/// A row of an equation: coefficients of hidden cells.
type Equation = BTreeMap<usize, Fraction>;

/// Hidden cells whose value follows from what shows, whatever the values.
fn derivable(sums: &[&Sum], hidden: &[bool]) -> BTreeSet<usize> {
    let mut reduced: Vec<(usize, Equation)> = Vec::new();
    for sum in sums {
        let mut equation = Equation::new();
        for (cell, sign) in
            std::iter::once((sum.total, -1)).chain(sum.parts.iter().map(|c| (*c, 1)))
        {
            if is(hidden, cell) {
                let held = equation.remove(&cell).unwrap_or(Fraction::ZERO);
                match held.plus(Fraction::whole(sign)) {
                    Some(value) if !value.is_zero() => drop(equation.insert(cell, value)),
                    Some(_) => {}
                    None => return all(sums, hidden),
                }
            }
        }
        // Gauss and Jordan: what is known is taken out of the new equation, then the new one
        // out of what is known.
        for (pivot, known) in &reduced {
            if let Some(factor) = equation.get(pivot).copied()
                && !subtract(&mut equation, known, factor)
            {
                return all(sums, hidden);
            }
        }
        let Some((&pivot, &lead)) = equation.iter().next() else { continue };
        for value in equation.values_mut() {
            match value.over(lead) {
                Some(scaled) => *value = scaled,
                None => return all(sums, hidden),
            }
        }
        for (_, known) in &mut reduced {
            if let Some(factor) = known.get(&pivot).copied()
                && !subtract(known, &equation, factor)
            {
                return all(sums, hidden);
            }
        }
        reduced.push((pivot, equation));
    }
    // In this form a cell is determined exactly when an equation holds it alone.
    reduced.iter().filter(|(_, e)| e.len() == 1).map(|(pivot, _)| *pivot).collect()
}

/// Every hidden cell of the sums: what to assume when the arithmetic ran out of digits.
fn all(sums: &[&Sum], hidden: &[bool]) -> BTreeSet<usize> {
    sums.iter().flat_map(|sum| sum.cells()).filter(|c| is(hidden, *c)).collect()
}

/// `equation − factor × other`; `false` when it does not fit.
fn subtract(equation: &mut Equation, other: &Equation, factor: Fraction) -> bool {
    for (cell, value) in other {
        let Some(part) = value.times(factor) else { return false };
        let held = equation.remove(cell).unwrap_or(Fraction::ZERO);
        match held.plus(part.negated()) {
            Some(rest) if !rest.is_zero() => drop(equation.insert(*cell, rest)),
            Some(_) => {}
            None => return false,
        }
    }
    true
}

/// An exact fraction in lowest terms, its denominator positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    const ZERO: Fraction = Fraction { over: 0, under: 1 };

    fn whole(value: i64) -> Self {
        Fraction { over: i128::from(value), under: 1 }
    }

    fn is_zero(self) -> bool {
        self.over == 0
    }

    fn negated(self) -> Self {
        // Coefficients start at ±1 and every product is checked: the least integer is never met.
        Fraction { over: self.over.wrapping_neg(), under: self.under }
    }

    fn lowest(over: i128, under: i128) -> Option<Self> {
        let (mut a, mut b) = (over.unsigned_abs(), under.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let shared = i128::try_from(a).ok().filter(|a| *a != 0)?;
        let sign = if under < 0 { -1 } else { 1 };
        let over = (over / shared).checked_mul(sign)?;
        let under = (under / shared).checked_mul(sign)?;
        (under != 0).then_some(Fraction { over, under })
    }

    fn plus(self, other: Self) -> Option<Self> {
        let left = self.over.checked_mul(other.under)?;
        let right = other.over.checked_mul(self.under)?;
        Self::lowest(left.checked_add(right)?, self.under.checked_mul(other.under)?)
    }

    fn times(self, other: Self) -> Option<Self> {
        Self::lowest(self.over.checked_mul(other.over)?, self.under.checked_mul(other.under)?)
    }

    fn over(self, other: Self) -> Option<Self> {
        self.times(Fraction { over: other.under, under: other.over })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rights::SMALL_CELL;

    fn cells(people: &[u64]) -> Vec<Cell> {
        people.iter().map(|&n| Cell::of(n)).collect()
    }

    #[test]
    fn a_small_team_takes_a_sister_with_it() {
        // A service of 22: teams of 3, 7 and 12.
        let hidden = mask(&cells(&[22, 3, 7, 12]), &tree(&[None, Some(0), Some(0), Some(0)]), 5);
        assert_eq!(hidden, [false, true, true, false]);
    }

    #[test]
    fn two_small_teams_that_make_a_small_group_take_a_third() {
        // 2 + 1 = 3 would be worked out from the total.
        let hidden = mask(&cells(&[15, 2, 1, 12]), &tree(&[None, Some(0), Some(0), Some(0)]), 5);
        assert_eq!(hidden, [false, true, true, true]);
    }

    #[test]
    fn an_only_child_takes_its_parent_and_the_parent_its_sister() {
        let above = [None, Some(0), Some(0), Some(1)];
        assert_eq!(mask(&cells(&[20, 4, 16, 4]), &tree(&above), 5), [false, true, true, true]);
    }

    #[test]
    fn nobody_is_not_a_small_group_and_large_ones_stay() {
        assert_eq!(mask(&cells(&[9, 0, 9]), &tree(&[None, Some(0), Some(0)]), 5), [false; 3]);
        // Hiding the empty team would hide nobody: the large one goes.
        let hidden = mask(&cells(&[12, 3, 0, 9]), &tree(&[None, Some(0), Some(0), Some(0)]), 5);
        assert_eq!(hidden, [false, true, false, true]);
    }

    #[test]
    fn what_the_reader_may_see_is_never_hidden_and_counts_as_known() {
        let mut table = cells(&[15, 3, 4, 8]);
        table[2].open = true;
        let hidden = mask(&table, &tree(&[None, Some(0), Some(0), Some(0)]), 5);
        assert_eq!(hidden, [false, true, false, true]);
    }

    #[test]
    fn two_cycles_joined_by_one_cell_do_not_betray_it() {
        // Every row and column hides two cells or more, yet the cell (1, 2) joins two cycles and
        // would follow from the sums of each half.
        let rows = [[2, 9, 9, 9], [2, 2, 2, 9], [9, 9, 2, 2], [9, 9, 2, 2]];
        let mut people = Vec::new();
        for row in rows {
            people.extend(row);
            people.push(row.iter().sum());
        }
        for column in 0..4 {
            people.push(rows.iter().map(|row| row[column]).sum());
        }
        people.push(rows.iter().flatten().sum());
        let sums = table(4, 4);
        let hidden = mask(&cells(&people), &sums, 5);
        assert!(known(&sums, &hidden).is_empty());
    }

    /// Which hidden cells the sums determine: each unknown is one when adding the question
    /// "how much is it" to the system does not raise its rank. Independent of the code tested:
    /// dense, modulo two primes.
    fn known(sums: &[Sum], hidden: &[bool]) -> Vec<usize> {
        let unknown: Vec<usize> = (0..hidden.len()).filter(|c| hidden[*c]).collect();
        let at = |cell: usize| unknown.iter().position(|c| *c == cell);
        let row = |sum: &Sum| {
            let mut row = vec![0i64; unknown.len()];
            if let Some(at) = at(sum.total) {
                row[at] -= 1;
            }
            for part in &sum.parts {
                if let Some(at) = at(*part) {
                    row[at] += 1;
                }
            }
            row
        };
        let matrix: Vec<Vec<i64>> = sums.iter().map(row).collect();
        (0..unknown.len())
            .filter(|u| {
                [1_000_000_007i64, 998_244_353].iter().all(|p| {
                    let mut asked = matrix.clone();
                    let mut question = vec![0; unknown.len()];
                    question[*u] = 1;
                    asked.push(question);
                    rank(asked, *p) == rank(matrix.clone(), *p)
                })
            })
            .map(|u| unknown[u])
            .collect()
    }

    fn rank(mut rows: Vec<Vec<i64>>, p: i64) -> usize {
        let power = |mut base: i64, mut e: i64| {
            let mut out = 1;
            while e > 0 {
                if e & 1 == 1 {
                    out = out * base % p;
                }
                base = base * base % p;
                e >>= 1;
            }
            out
        };
        for row in &mut rows {
            row.iter_mut().for_each(|v| *v = v.rem_euclid(p));
        }
        let mut rank = 0;
        for column in 0..rows.first().map_or(0, Vec::len) {
            let Some(pivot) = (rank..rows.len()).find(|r| rows[*r][column] != 0) else { continue };
            rows.swap(rank, pivot);
            let inverse = power(rows[rank][column], p - 2);
            for r in 0..rows.len() {
                if r != rank && rows[r][column] != 0 {
                    let factor = rows[r][column] * inverse % p;
                    for c in 0..rows[r].len() {
                        let part = factor * rows[rank][c] % p;
                        rows[r][c] = (rows[r][c] - part).rem_euclid(p);
                    }
                }
            }
            rank += 1;
        }
        rank
    }

    fn keeps_its_secrets(cells: &[Cell], sums: &[Sum]) -> Result<(), TestCaseError> {
        let hidden = mask(cells, sums, SMALL_CELL);
        for (cell, hidden) in cells.iter().zip(&hidden) {
            let small = cell.people > 0 && cell.people < SMALL_CELL;
            prop_assert!(*hidden || !small || cell.open, "a small cell shows");
            prop_assert!(!(*hidden && cell.open), "a cell of the reader is hidden");
        }
        prop_assert_eq!(known(sums, &hidden), Vec::<usize>::new());
        for sum in sums {
            let parts: Vec<usize> = sum.parts.iter().copied().filter(|c| hidden[*c]).collect();
            let people: u64 = parts.iter().map(|c| cells[*c].people).sum();
            let left = sum.cells().any(|c| !hidden[c] && !cells[c].open);
            if !parts.is_empty() && !hidden[sum.total] && left {
                prop_assert!(people >= SMALL_CELL, "the rest of a sum is a small group");
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn no_hidden_cell_of_a_table_can_be_worked_out(
            (rows, columns, people) in (1usize..6, 1usize..6).prop_flat_map(|(r, c)| {
                (Just(r), Just(c), proptest::collection::vec(0u64..12, r * c))
            }),
        ) {
            let mut all = Vec::new();
            for row in people.chunks(columns) {
                all.extend(row);
                all.push(row.iter().sum());
            }
            for column in 0..columns {
                all.push(people.iter().skip(column).step_by(columns).sum());
            }
            all.push(people.iter().sum());
            keeps_its_secrets(&cells(&all), &table(rows, columns))?;
        }

        #[test]
        fn no_hidden_node_of_a_tree_can_be_worked_out(
            shape in proptest::collection::vec((0usize..1000, 0u64..9), 1..40),
        ) {
            let above: Vec<Option<usize>> = shape
                .iter()
                .enumerate()
                .map(|(i, (above, _))| (i > 0).then(|| above % i))
                .collect();
            // People of a node: its own and those below.
            let mut people: Vec<u64> = shape.iter().map(|(_, own)| *own).collect();
            for i in (1..people.len()).rev() {
                if let Some(above) = above[i] {
                    people[above] += people[i];
                }
            }
            keeps_its_secrets(&cells(&people), &tree(&above))?;
        }
    }
}
