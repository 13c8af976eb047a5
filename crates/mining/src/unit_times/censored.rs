//! The distribution of times of which some are only known to be longer, or shorter.
//!
//! - Computes: the non-parametric maximum likelihood estimate from exact, left-censored (at most)
//!   and right-censored (more than) times, by self-consistency.
//! - Units: those of the times.
//! - Shapes: three lists in; points with their mass, and the mass beyond all of them, out.
//! - Errors: none; an estimate that had not settled says so.
//! - Source: B. W. Turnbull (1974, 1976). Without left-censored times it is Kaplan and Meier's;
//!   without any, the empirical distribution. All three are tested.

/// Times as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Known.
    pub exact: Vec<i64>,
    /// At most this.
    pub at_most: Vec<i64>,
    /// More than this.
    pub more_than: Vec<i64>,
}

/// An estimated distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Points, rising, and their mass.
    pub points: Vec<(i64, f64)>,
    /// Mass beyond the longest time that anything is known of.
    pub beyond: f64,
    /// Whether the masses had settled.
    pub settled: bool,
}

/// Steps of the iteration at most; each is linear in the number of points.
const STEPS: usize = 5000;
/// Points times steps at most: beyond, the estimate is given as it is and says so.
const WORK: usize = 40_000_000;
/// Change of a mass below which it has settled.
const STILL: f64 = 1e-9;

impl Sample {
    /// How many times.
    pub fn len(&self) -> usize {
        self.exact.len() + self.at_most.len() + self.more_than.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The estimate; `None` when there is no time, or when stopped.
    pub fn distribution(&self, stop: &dyn Fn() -> bool) -> Option<Distribution> {
        let n = self.len();
        if n == 0 {
            return None;
        }
        let (support, beyond) = self.support();
        let places = support.len() + usize::from(beyond);
        let place = |t: &i64| support.partition_point(|s| s < t);
        let mut exact = vec![0.0; places];
        let mut left = vec![0.0; places];
        let mut right = vec![0.0; places];
        let count = |list: &mut [f64], at: usize| {
            if let Some(slot) = list.get_mut(at) {
                *slot += 1.0;
            }
        };
        self.exact.iter().for_each(|t| count(&mut exact, place(t)));
        for t in &self.at_most {
            // The last point not after the bound.
            count(&mut left, support.partition_point(|s| s <= t).saturating_sub(1));
        }
        for t in &self.more_than {
            count(&mut right, support.partition_point(|s| s <= t));
        }
        let mut mass = vec![1.0 / places as f64; places];
        let mut more = vec![0.0; places];
        let steps = STEPS.min(WORK / places.max(1)).max(50);
        let censored = self.exact.len() < n;
        let mut settled = false;
        for step in 0..steps {
            if step % 64 == 0 && stop() {
                return None;
            }
            // What the right-censored times that may lie here give: those of the points before.
            let total: f64 = mass.iter().sum();
            let (mut below, mut gift) = (0.0, 0.0);
            for ((slot, &p), &r) in more.iter_mut().zip(&mass).zip(&right) {
                let after = total - below;
                if r > 0.0 && after > 0.0 {
                    gift += r / after;
                }
                *slot = gift;
                below += p;
            }
            // And the left-censored ones, from the last point down.
            let (mut under, mut gift) = (total, 0.0);
            let mut change = 0.0f64;
            let each = mass.iter_mut().zip(&more).zip(exact.iter().zip(&left)).rev();
            for ((p, &from_right), (&d, &l)) in each {
                if l > 0.0 && under > 0.0 {
                    gift += l / under;
                }
                under -= *p;
                let next = (d + *p * (from_right + gift)) / n as f64;
                change = change.max((next - *p).abs());
                *p = next;
            }
            if change < STILL || !censored {
                settled = true;
                break;
            }
        }
        let last = if beyond { mass.pop().unwrap_or(0.0) } else { 0.0 };
        Some(Distribution {
            points: support.into_iter().zip(mass).collect(),
            beyond: last,
            settled,
        })
    }

    /// Points that may carry mass, and whether some may lie beyond all of them: exact times, and
    /// the ends of the innermost intervals of the censored ones.
    fn support(&self) -> (Vec<i64>, bool) {
        const EXACT: u8 = 0;
        const AT_MOST: u8 = 1;
        const MORE: u8 = 2;
        let tagged =
            |list: &[i64], tag: u8| list.iter().map(move |&t| (t, tag)).collect::<Vec<_>>();
        let mut ends = tagged(&self.exact, EXACT);
        ends.extend(tagged(&self.at_most, AT_MOST));
        ends.extend(tagged(&self.more_than, MORE));
        ends.sort_unstable();
        ends.dedup();
        let mut support: Vec<i64> = Vec::new();
        // An interval is open since its left end: time 0, or the last "more than".
        let mut open = true;
        for (t, tag) in ends {
            match tag {
                EXACT => {
                    support.push(t);
                    open = false;
                }
                AT_MOST if open => {
                    support.push(t);
                    open = false;
                }
                AT_MOST => {}
                _ => open = true,
            }
        }
        (support, open)
    }
}

impl Distribution {
    /// The least time at or below which at least this share lies; `None` beyond what is known.
    pub fn quantile(&self, share: f64) -> Option<i64> {
        let mut sum = 0.0;
        for &(t, p) in &self.points {
            sum += p;
            // Masses are sums of fractions: a hair must not move the answer to the next point.
            if sum + 1e-9 >= share {
                return Some(t);
            }
        }
        None
    }
}
