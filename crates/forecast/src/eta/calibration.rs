//! Bands that keep their word: what became of past promises corrects the next ones.
//!
//! - Computes: a *period life table* on the scale of the model itself. A promise says at which
//!   rate its case should end as time goes by. Over the recent past, slice by slice of the
//!   promised distribution, the table counts the cases that ended and those expected to; the
//!   ratio of the two bends the promises that follow.
//! - Units: days; hazards cumulated, −ln(1 − probability).
//! - Shapes: curves of remaining time in; a [`Bend`] out, which turns a probability wanted into
//!   the one to ask of the model.
//! - Errors: none. Without any past a promise is left as the model made it.
//! - Source: recalibration of the probability integral transform (M. Rosenblatt 1952) as in
//!   conformal prediction, kept online as in I. Gibbs and E. Candès (2021), but on the exposure
//!   of an actuarial life table: a case that is still open counts for the time it has waited,
//!   so nothing has to wait for the outcome of long cases.

use super::MINUTE;

/// Edges of the slices of a promised distribution, as probabilities; the last has no end.
const EDGES: [f64; 26] = [
    0.0, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6,
    0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99,
];
const SLICES: usize = EDGES.len();
/// Beyond this cumulated hazard, that of 993 in 1000, a promise has nothing more to teach.
pub(super) const FAR: f64 = 5.0;
/// Shortest time constant of the end of a curve, in days: a quarter of an hour.
const SHORTEST: f64 = 0.01;
/// Ends expected that count for the model against those seen: over all cases…
const TRUST_ALL: f64 = 30.0;
/// …for the recent pace…
const TRUST_PACE: f64 = 100.0;
/// …and for all cases against those of one state.
const TRUST_STATE: f64 = 200.0;
/// A ratio is never believed farther from 1 than this.
const MOST: f64 = 4.0;

/// Cumulated hazard at a probability.
pub(super) fn hazard_at(probability: f64) -> f64 {
    -(-probability.clamp(0.0, 1.0)).ln_1p()
}

/// A promised distribution: remaining days at rising levels, never falling.
#[derive(Debug, Clone, Copy)]
pub(super) struct Curve<'a> {
    /// Probabilities, strictly rising inside ]0, 1[; two at least.
    pub levels: &'a [f64],
    /// Days, as many as levels.
    pub days: &'a [f64],
}

impl Curve<'_> {
    /// Straight stretches of the curve, from nothing at probability 0.
    fn stretches(&self) -> impl Iterator<Item = [(f64, f64); 2]> + '_ {
        let points = || self.levels.iter().copied().zip(self.days.iter().copied());
        std::iter::once((0.0, 0.0)).chain(points()).zip(points()).map(|(a, b)| [a, b])
    }

    /// Hazard and days of the last point, and the days a unit of hazard takes from there: the
    /// pace of the last stretch goes on.
    fn end(&self) -> (f64, f64, f64) {
        let Some([(p0, d0), (p1, d1)]) = self.stretches().last() else { return (0.0, 0.0, 1.0) };
        let (h0, h1) = (hazard_at(p0), hazard_at(p1));
        (h1, d1, ((d1 - d0) / (h1 - h0)).max(SHORTEST))
    }

    /// Cumulated hazard once so many days have gone by without an end.
    pub fn hazard(&self, days: f64) -> f64 {
        for [(p0, d0), (p1, d1)] in self.stretches() {
            // Equal days are a jump: a case that lasts that long has lived through it.
            if days < d1 {
                let share = ((days - d0) / (d1 - d0)).clamp(0.0, 1.0);
                return hazard_at(p0 + share * (p1 - p0));
            }
        }
        let (hazard, last, pace) = self.end();
        hazard + (days - last) / pace
    }

    /// Cumulated hazard at which a case ended, seen in the minutes that promises are made in:
    /// the middle of what the curve gives to its minute. Many cases end at once, and a curve
    /// that jumps there must not read them as late.
    pub fn hazard_of_end(&self, days: f64) -> f64 {
        let minute = (days / MINUTE).floor().max(0.0);
        let before = if minute > 0.0 { self.hazard(minute * MINUTE) } else { 0.0 };
        let after = self.hazard((minute + 1.0) * MINUTE);
        // Halfway between both probabilities, written so that far tails keep their digits.
        before - (0.5 * (before - after).exp_m1()).ln_1p()
    }

    /// Days at which a cumulated hazard is reached.
    pub fn days(&self, hazard: f64) -> f64 {
        let probability = -(-hazard).exp_m1();
        for [(p0, d0), (p1, d1)] in self.stretches() {
            if probability <= p1 {
                let share = ((probability - p0) / (p1 - p0)).clamp(0.0, 1.0);
                return d0 + share * (d1 - d0);
            }
        }
        let (reached, last, pace) = self.end();
        last + (hazard - reached).max(0.0) * pace
    }
}

/// Cases that ended and cases expected to, slice by slice.
#[derive(Debug, Clone)]
struct LifeTable {
    ended: [f64; SLICES],
    expected: [f64; SLICES],
}

impl LifeTable {
    const EMPTY: Self = Self { ended: [0.0; SLICES], expected: [0.0; SLICES] };

    /// Counts the way of a case from one cumulated hazard to another.
    fn count(&mut self, from: f64, to: f64, ended: bool, weight: f64) {
        for (slice, [low, high]) in slices().enumerate() {
            if low > to {
                break;
            }
            let lived = to.min(high) - from.max(low);
            if let Some(expected) = self.expected.get_mut(slice)
                && lived > 0.0
            {
                *expected += weight * lived;
            }
            if let Some(seen) = self.ended.get_mut(slice)
                && ended
                && (low..high).contains(&to)
            {
                *seen += weight;
            }
        }
    }

    /// Forgets a share of what was counted.
    fn fade(&mut self, kept: f64) {
        self.ended.iter_mut().chain(&mut self.expected).for_each(|v| *v *= kept);
    }

    fn add(&mut self, other: &Self) {
        let pairs = self.ended.iter_mut().zip(&other.ended);
        pairs.chain(self.expected.iter_mut().zip(&other.expected)).for_each(|(a, b)| *a += b);
    }

    /// Ends over those expected, drawn towards `prior` by the weight of so many ends expected.
    fn ratios(&self, prior: &[f64; SLICES], weight: f64) -> [f64; SLICES] {
        let mut ratios = *prior;
        for ((ratio, ended), expected) in ratios.iter_mut().zip(self.ended).zip(self.expected) {
            *ratio = (ended + weight * *ratio) / (expected + weight);
        }
        ratios
    }
}

/// Slices, from and until which cumulated hazard.
fn slices() -> impl Iterator<Item = [f64; 2]> {
    let edges = || EDGES.iter().map(|&p| hazard_at(p));
    edges().zip(edges().skip(1).chain([f64::INFINITY])).map(|(low, high)| [low, high])
}

/// How much faster than promised cases have ended lately, slice by slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bend {
    ratios: [f64; SLICES],
}

impl Bend {
    /// The model as it is.
    pub const NONE: Self = Self { ratios: [1.0; SLICES] };

    /// Cumulated hazard to ask of the model for a probability wanted, of a case that has
    /// already lived through some.
    pub fn hazard(&self, reached: f64, probability: f64) -> f64 {
        let mut wanted = hazard_at(probability);
        for ([low, high], ratio) in slices().zip(self.ratios) {
            let low = low.max(reached);
            let inside = (high - low).max(0.0) * ratio;
            if wanted <= inside {
                return low + wanted / ratio;
            }
            wanted -= inside;
        }
        reached.max(FAR)
    }
}

/// A promise made, to be judged by what follows.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// When, in days.
    pub at: f64,
    /// When its case was over, in days, if it was.
    pub over: Option<f64>,
    /// State of the case then.
    pub state: usize,
    /// Promises it stands for.
    pub weight: f64,
    /// Remaining days at the levels of the model.
    pub days: Vec<f64>,
}

/// Promises under watch, and what they have taught so far.
///
/// What happens after the instant reached changes nothing: [`Watch::until`] reads the end of a
/// case only once it has passed.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    levels: &'a [f64],
    /// Instant reached, in days.
    now: f64,
    open: Vec<(Made, f64)>,
    states: Vec<LifeTable>,
    lately: LifeTable,
    /// Half-lives of what is counted, in days: by state, and of the recent pace.
    memory: [f64; 2],
    bends: Vec<Bend>,
}

/// Half-lives of the memory, in usual lives of a case: slices of a state, and recent pace.
const MEMORY: [f64; 2] = [4.0, 1.0];

impl<'a> Watch<'a> {
    /// Begins at an instant; `usual` is how long a case usually lasts, in days.
    pub fn new(levels: &'a [f64], states: usize, usual: f64, now: f64) -> Self {
        Self {
            levels,
            now,
            open: Vec::new(),
            states: vec![LifeTable::EMPTY; states],
            lately: LifeTable::EMPTY,
            memory: MEMORY.map(|lives| (lives * usual).max(SHORTEST)),
            bends: vec![Bend::NONE; states],
        }
    }

    /// Instant reached, in days.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// Days of history after which nothing of it is left to speak of.
    pub fn memory_days(usual: f64) -> f64 {
        5.0 * MEMORY[0] * usual
    }

    /// Puts a promise under watch, from when it was made or from now on if that is later.
    pub fn meet(&mut self, made: Made) {
        let curve = Curve { levels: self.levels, days: &made.days };
        let before = (self.now - made.at).max(0.0);
        let reached = if before > 0.0 { curve.hazard(before) } else { 0.0 };
        let ahead = made.at >= self.now || made.over.is_none_or(|over| over > self.now);
        if ahead && reached < FAR {
            self.open.push((made, reached));
        }
    }

    /// Lives on until an instant, and draws the lesson.
    pub fn until(&mut self, now: f64) {
        let step = now - self.now;
        if step.is_nan() || step <= 0.0 {
            return;
        }
        let [slow, fast] = self.memory.map(|half| (-step / half).exp2());
        self.states.iter_mut().for_each(|table| table.fade(slow));
        self.lately.fade(fast);
        let (states, lately, levels) = (&mut self.states, &mut self.lately, self.levels);
        self.open.retain_mut(|(made, reached)| {
            let curve = Curve { levels, days: &made.days };
            let over = made.over.filter(|&over| over <= now);
            let to = match over {
                Some(over) => curve.hazard_of_end(over - made.at),
                None => curve.hazard(now - made.at),
            };
            let to = to.max(*reached);
            if let Some(table) = states.get_mut(made.state) {
                table.count(*reached, to, over.is_some(), made.weight);
            }
            lately.count(*reached, to, over.is_some(), made.weight);
            *reached = to;
            over.is_none() && to < FAR
        });
        self.now = now;
        self.learn();
    }

    fn learn(&mut self) {
        let mut all = LifeTable::EMPTY;
        self.states.iter().for_each(|table| all.add(table));
        let usual = all.ratios(&Bend::NONE.ratios, TRUST_ALL);
        let ended: f64 = self.lately.ended.iter().sum();
        let expected: f64 = self.lately.expected.iter().zip(usual).map(|(e, r)| e * r).sum();
        let pace = (ended + TRUST_PACE) / (expected + TRUST_PACE);
        for (bend, table) in self.bends.iter_mut().zip(&self.states) {
            let ratios = table.ratios(&usual, TRUST_STATE);
            *bend = Bend { ratios: ratios.map(|r| (pace * r).clamp(1.0 / MOST, MOST)) };
        }
    }

    /// How to bend the promise for a case in a state.
    pub fn bend(&self, state: usize) -> Bend {
        self.bends.get(state).copied().unwrap_or(Bend::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEVELS: [f64; 3] = [0.1, 0.5, 0.9];

    #[test]
    fn a_curve_is_read_both_ways() {
        let days = [1.0, 4.0, 10.0];
        let curve = Curve { levels: &LEVELS, days: &days };
        assert!((curve.hazard(4.0) - 2f64.ln()).abs() < 1e-12, "half are over by the median");
        for at in [0.3, 1.0, 2.5, 7.0, 10.0, 25.0] {
            assert!((curve.days(curve.hazard(at)) - at).abs() < 1e-9, "{at}");
        }
    }

    #[test]
    fn an_end_on_a_jump_counts_for_its_middle() {
        // Half of the cases end at once: those that do are neither early nor late.
        let days = [0.0, 0.0, 10.0];
        let curve = Curve { levels: &LEVELS, days: &days };
        let middle = 1.0 - (-curve.hazard_of_end(0.0)).exp();
        assert!((middle - 0.25).abs() < 1e-3, "{middle}");
    }

    #[test]
    fn cases_twice_as_fast_bend_the_promise() {
        // Promised exponential with mean 10 days at three points; they end at a mean of 5.
        let days = LEVELS.map(|p: f64| -10.0 * (1.0 - p).ln());
        let mut watch = Watch::new(&LEVELS, 1, 5.0, 0.0);
        assert_eq!(watch.bend(0), Bend::NONE);
        // Many enough for what is seen to outweigh the trust in the model.
        for i in 0..20_000u32 {
            let at = f64::from(i) * 0.005;
            let life = -5.0 * (1.0 - (f64::from(i) * 0.618_034).fract()).ln();
            let days = days.to_vec();
            watch.meet(Made { at, over: Some(at + life), state: 0, weight: 1.0, days });
            if i % 50 == 49 {
                watch.until(at + 0.005);
            }
        }
        let curve = Curve { levels: &LEVELS, days: &days };
        let half = curve.days(watch.bend(0).hazard(0.0, 0.5));
        // The true median is 5 ln 2; the straight stretches of a three-point curve cost some.
        assert!((half / (5.0 * 2f64.ln()) - 1.0).abs() < 0.15, "{half}");
    }

    #[test]
    fn what_has_not_happened_yet_teaches_nothing() {
        let run = |later: Option<f64>| {
            let mut watch = Watch::new(&LEVELS, 1, 5.0, 0.0);
            for i in 0..200 {
                let over = if i % 2 == 0 { Some(f64::from(i) * 0.01) } else { later };
                watch.meet(Made {
                    at: 0.0,
                    over,
                    state: 0,
                    weight: 1.0,
                    days: vec![1.0, 4.0, 9.0],
                });
            }
            watch.until(3.0);
            watch.bend(0)
        };
        assert_eq!(run(None), run(Some(3.5)));
        assert_ne!(run(None), run(Some(2.5)));
    }

    proptest! {
        #[test]
        fn a_bend_keeps_the_order(
            ratios in prop::collection::vec(0.25..4.0f64, SLICES), reached in 0.0..4.0f64,
            a in 0.01..0.99f64, b in 0.01..0.99f64,
        ) {
            let bend = Bend { ratios: ratios.try_into().unwrap() };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(bend.hazard(reached, low) <= bend.hazard(reached, high));
            prop_assert!(bend.hazard(reached, low) >= reached);
            let plain = Bend::NONE.hazard(reached, a);
            prop_assert!((plain - reached - hazard_at(a)).abs() < 1e-9);
        }
    }
}
