//! One unit at work: requests come in, wait in baskets, are handled by those present.
//!
//! A plain daily queue, not a simulator of offices: baskets are first in first
//! out with a class of urgent work, people take the next task when they are
//! free, and everything else is chance.

use std::collections::VecDeque;
use std::sync::Arc;

use eclusier_calendar::{Calendar, date_of, day_number};
use eclusier_core::config::DayCounter;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Poisson, StandardNormal};

use crate::season::Season;
use crate::spec::{
    AFTER_HOLD, AFTER_REJECT, AFTER_REOPENING, CALL_MINUTES, Channel, ProcessSpec, SECOND_HOLD,
    activity,
};
use crate::staff::{LUNCH, Role, Staff};
use crate::stream::{Post, Truth};

pub(crate) const DAY: i64 = 86_400;

/// An event in local seconds since 1970, before names and zone are put on it.
pub(crate) struct Raw {
    pub recorded: i64,
    pub start: i64,
    pub end: i64,
    pub activity: &'static str,
    pub case: Arc<str>,
    pub person: Option<Arc<str>>,
    pub desk: u32,
    pub product: u8,
    pub channel: u8,
}

/// A case and the life it is in: references to an earlier life are ignored.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ref {
    slot: u32,
    life: u32,
}

struct Case {
    life: u32,
    id: Arc<str>,
    product: u8,
    channel: u8,
    /// Cases received before the history begins use capacity and leave no trace.
    visible: bool,
    /// Whether its reception was keyed.
    known: bool,
    on_hold: bool,
    holds: u8,
    received: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Call,
    Register,
    Instruct,
    Control,
}

#[derive(Clone, Copy)]
struct Task {
    case: Ref,
    step: Step,
    /// When it entered the basket, local seconds.
    since: i64,
    seconds: f32,
    urgent: bool,
}

enum Due {
    Scan { case: Ref, auto: bool },
    Got { case: Ref, what: &'static str },
    Remind { case: Ref },
    Close { case: Ref, what: &'static str },
    Reopen { case: Ref },
    Queue(Task),
}

const CALL: usize = 0;
const REGISTER: usize = 1;
const CONTROL: usize = 2;
const URGENT: usize = 3;
const NORMAL: usize = 4;

/// What one day of a unit needs to know of the world.
pub(crate) struct World<'a> {
    pub spec: &'static ProcessSpec,
    pub calendar: &'a Calendar,
    pub season: &'a Season,
    /// Day number of the first simulated day, and of the first day of history.
    pub first: i32,
    pub begins: i32,
}

pub(crate) struct Desk {
    number: u32,
    rng: ChaCha8Rng,
    staff: Staff,
    share: f64,
    /// Share of presence spent on cases.
    occupation: f64,
    capacity_per_day: f64,
    cases: Vec<Case>,
    free: Vec<u32>,
    baskets: [VecDeque<Task>; 5],
    queued_seconds: f64,
    agenda: Vec<Vec<Due>>,
    incoming: Vec<Task>,
    last_id: (i16, u32),
    pulls: u32,
}

impl Desk {
    pub(crate) fn new(
        number: u32,
        rng: ChaCha8Rng,
        staff: Staff,
        share: f64,
        days: usize,
        world: &World<'_>,
        worked_days: f64,
    ) -> Self {
        let requests: f64 = world.season.expected.iter().flatten().sum::<f64>() * share;
        let load = requests * world.spec.expected_minutes() * 60.0;
        let presence = staff.seconds().max(1.0);
        let occupation = (load * world.spec.ratio / presence).clamp(0.05, 0.95);
        let mut desk = Self {
            number,
            rng,
            staff,
            share,
            occupation,
            capacity_per_day: (presence * occupation / worked_days.max(1.0)).max(1.0),
            cases: Vec::new(),
            free: Vec::new(),
            baskets: Default::default(),
            queued_seconds: 0.0,
            agenda: std::iter::repeat_with(Vec::new).take(days).collect(),
            incoming: Vec::new(),
            last_id: (0, 0),
            pulls: 0,
        };
        desk.fill(world);
        desk
    }

    /// A body does not begin with empty baskets.
    fn fill(&mut self, world: &World<'_>) {
        let wanted = 0.33 * target_worked_days(world.spec) * self.capacity_per_day;
        let since = i64::from(world.first) * DAY;
        while self.queued_seconds < wanted {
            let channel = self.draw(world.spec.channels.iter().map(|c| c.share));
            let case = self.open(world, world.first, channel, since);
            let task = self.instruction(world.spec, case, since, 1.0, false);
            self.push(task);
        }
    }

    pub(crate) fn person(&self, index: usize) -> Option<Arc<str>> {
        self.staff.people.get(index).map(|p| p.code.clone())
    }

    /// Cases open and, among them, on hold, that the history shows.
    pub(crate) fn open_cases(&self) -> (u64, u64) {
        let mut open = (0, 0);
        for case in &self.cases {
            if case.visible && case.known && case.is_open() {
                open.0 += 1;
                open.1 += u64::from(case.on_hold);
            }
        }
        open
    }

    /// Lives one day and appends what it recorded.
    pub(crate) fn live(
        &mut self,
        world: &World<'_>,
        day: usize,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let number = world.first.saturating_add(i32::try_from(day).unwrap_or(0));
        let midnight = i64::from(number) * DAY;
        self.meet_dues(world, day, midnight, out, truth);
        self.receive(world, day, number, out, truth);
        let mut incoming = std::mem::take(&mut self.incoming);
        incoming.sort_by_key(|t| t.since);
        for task in incoming.drain(..) {
            self.push(task);
        }
        self.incoming = incoming;
        self.work(world, day, midnight, out, truth);
    }

    fn meet_dues(
        &mut self,
        world: &World<'_>,
        day: usize,
        midnight: i64,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let dues = self.agenda.get_mut(day).map(std::mem::take).unwrap_or_default();
        for due in dues {
            match due {
                Due::Scan { case, auto } => {
                    let at = midnight + self.rng.random_range(32_400..57_600i64);
                    self.scan(world, case, auto, at, out, truth);
                }
                Due::Got { case, what } => {
                    let Some(found) = self.case_mut(case) else { continue };
                    found.on_hold = false;
                    let at = midnight + self.rng.random_range(30_600..61_200i64);
                    self.emit(case, what, (at, at), None, at, out);
                    let task = self.instruction(world.spec, case, at, AFTER_HOLD, true);
                    self.incoming.push(task);
                }
                Due::Remind { case } => {
                    if self.case_mut(case).is_some_and(|c| c.on_hold) {
                        let at = midnight + 21_600 + self.rng.random_range(0..1_800i64);
                        self.emit(case, activity::REMINDER, (at, at), None, at, out);
                    }
                }
                Due::Close { case, what } => {
                    let Some(found) = self.case_mut(case) else { continue };
                    let at = (midnight + 64_800).max(found.received + 300);
                    self.emit(case, what, (at, at), None, at, out);
                    self.close(world, case, Post::Cancelled, at, false, truth);
                }
                Due::Reopen { case } => {
                    let at = midnight + self.rng.random_range(32_400..57_600i64);
                    let Some(found) = self.case_mut(case) else { continue };
                    found.received = at;
                    found.life = found.life.wrapping_add(1);
                    let case = Ref { life: found.life, ..case };
                    let visible = found.visible;
                    self.emit(case, activity::REOPENED, (at, at), None, at, out);
                    if visible {
                        truth.post(Post::Reopened, at);
                    }
                    let task = self.instruction(world.spec, case, at, AFTER_REOPENING, true);
                    self.incoming.push(task);
                }
                Due::Queue(task) => {
                    let since = midnight + self.rng.random_range(32_400..57_600i64);
                    self.incoming.push(Task { since, ..task });
                }
            }
        }
    }

    fn receive(
        &mut self,
        world: &World<'_>,
        day: usize,
        number: i32,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let Some(row) = world.season.expected.get(day) else { return };
        let noise: f64 = StandardNormal.sample(&mut self.rng);
        let noise = (0.07 * noise).exp();
        for (c, &expected) in row.iter().enumerate() {
            let mean = expected * self.share * noise;
            let Ok(law) = Poisson::new(mean) else { continue };
            let count = law.sample(&mut self.rng) as u32;
            for _ in 0..count {
                self.receive_one(world, day, number, c, out, truth);
            }
        }
    }

    fn receive_one(
        &mut self,
        world: &World<'_>,
        day: usize,
        number: i32,
        channel_index: usize,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let Some(channel) = world.spec.channels.get(channel_index) else { return };
        let at = i64::from(number) * DAY + self.hour(channel.channel);
        let case = self.open(world, number, channel_index, at);
        let auto = self.rng.random_bool(channel.auto);
        if channel.channel == Channel::Mail {
            let wait = match self.rng.random::<f64>() {
                x if x < 0.72 => 0,
                x if x < 0.92 => 1,
                x if x < 0.97 => 2,
                _ => self.rng.random_range(3..13),
            };
            if wait == 0 {
                let scanned = at + self.rng.random_range(3_600..21_600i64);
                self.scan(world, case, auto, scanned, out, truth);
            } else {
                // Keyed late: the reception keeps its day, the record comes with the scan.
                let on = world.calendar.add(DayCounter::Worked, date_of(number), wait);
                self.plan(day, day_number(on) - number, Due::Scan { case, auto });
            }
            return;
        }
        self.emit(case, activity::RECEIVED, (at, at), None, at, out);
        self.count_arrival(case, truth);
        if self.rng.random_bool(channel.dropped) {
            if channel.channel == Channel::Phone {
                let gone = at + 60 + self.rng.random_range(0..240i64);
                self.emit(case, activity::NO_ANSWER, (gone, gone), None, gone, out);
                self.close(world, case, Post::Cancelled, gone, false, truth);
            } else {
                let after = self.rng.random_range(30..60);
                self.plan(day, after, Due::Close { case, what: activity::NO_ANSWER });
            }
            return;
        }
        self.take_up(world, case, auto, at, out, truth);
    }

    /// The mail is scanned: only now does the case tool know of it.
    fn scan(
        &mut self,
        world: &World<'_>,
        case: Ref,
        auto: bool,
        at: i64,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let Some(found) = self.case_mut(case) else { return };
        let received = found.received;
        let channel = usize::from(found.channel);
        self.emit(case, activity::RECEIVED, (received, received), None, at, out);
        self.count_arrival(case, truth);
        self.emit(case, activity::SCANNED, (at, at), None, at, out);
        let dropped = world.spec.channels.get(channel).map_or(0.0, |c| c.dropped);
        if self.rng.random_bool(dropped) {
            let day = day_index(world, at);
            let after = self.rng.random_range(60..90);
            self.plan(day, after, Due::Close { case, what: activity::NO_ANSWER });
            return;
        }
        self.take_up(world, case, auto, at, out, truth);
    }

    /// What follows the reception: the machine, a call, or the basket of registration.
    fn take_up(
        &mut self,
        world: &World<'_>,
        case: Ref,
        auto: bool,
        at: i64,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let end_of_day = at - at.rem_euclid(DAY) + DAY - 1;
        if auto {
            let checked = (at + self.rng.random_range(60..600i64)).min(end_of_day);
            let settled = (checked + self.rng.random_range(60..2_400i64)).min(end_of_day);
            self.emit(case, activity::AUTO_CHECK, (checked, checked), None, checked, out);
            self.emit(case, activity::AUTO_SETTLED, (settled, settled), None, settled, out);
            self.notify(case, settled, out);
            let reopened = self.rng.random_bool(world.spec.reopened * 0.4);
            self.close(world, case, Post::SettledAuto, settled, reopened, truth);
            return;
        }
        let phone = self.case_mut(case).is_some_and(|c| {
            world
                .spec
                .channels
                .get(usize::from(c.channel))
                .is_some_and(|s| s.channel == Channel::Phone)
        });
        if phone {
            let seconds = self.spread(CALL_MINUTES * 60.0, 0.4);
            self.incoming.push(Task { case, step: Step::Call, since: at, seconds, urgent: true });
            return;
        }
        if self.rng.random_bool(world.spec.cancelled) {
            let days: f64 = Exp1.sample(&mut self.rng);
            let after = 1 + (days * 18.0).min(120.0) as i32;
            self.plan(day_index(world, at), after, Due::Close { case, what: activity::CANCELLED });
        }
        let task = self.registration(world.spec, case, at);
        // Now and then a file is put aside and forgotten.
        if self.rng.random_bool(0.004) {
            let after = self.rng.random_range(20..70);
            self.plan_worked(world, at, after, Due::Queue(task));
        } else {
            self.incoming.push(task);
        }
    }

    fn work(
        &mut self,
        world: &World<'_>,
        day: usize,
        midnight: i64,
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        // Who is free, when: (free at, ends, person).
        let mut there: Vec<(i64, i64, usize)> = Vec::with_capacity(self.staff.people.len());
        for (i, &halves) in self.staff.on(day).iter().enumerate() {
            let Some(person) = self.staff.people.get(i) else { continue };
            match halves {
                2 => there.push((midnight + person.starts, midnight + person.ends, i)),
                1 => there.push((midnight + person.starts, midnight + person.lunch, i)),
                _ => {}
            }
        }
        if there.is_empty() {
            return;
        }
        // People are lent when the baskets are empty, and stay longer when they overflow.
        let days_of_stock = self.queued_seconds / self.capacity_per_day;
        let pressure = days_of_stock / target_worked_days(world.spec);
        let boost = (0.76 + 0.6 * pressure).clamp(0.72, 1.16);
        // A team that has just lost people finds no help at once.
        let boost = if self.staff.is_short(day) { boost.min(1.0) } else { boost };
        let rest = (1.0 / (self.occupation * boost).min(0.97)) - 1.0;
        while let Some(k) = (0..there.len()).min_by_key(|&k| there.get(k).map(|t| (t.0, t.2))) {
            let Some(&(now, ends, person)) = there.get(k) else { break };
            if now >= ends {
                there.swap_remove(k);
                continue;
            }
            let next = match self.take(person, now, midnight) {
                Taken::Task(task, basket) => {
                    let Some(who) = self.staff.people.get(person) else { break };
                    let seconds = (f64::from(task.seconds) * who.pace) as i64 + 1;
                    let lunch = (midnight + who.lunch, midnight + who.lunch + LUNCH);
                    let start = if now >= lunch.0 && now < lunch.1 { lunch.1 } else { now };
                    let mut end = start + seconds;
                    if start < lunch.0 && end > lunch.0 && ends > lunch.1 {
                        end += LUNCH;
                    }
                    if end > ends + 1_200 && start > midnight + who.starts + 3_600 {
                        // It will be begun tomorrow.
                        self.put_back(task, basket);
                        ends
                    } else {
                        let end = end.min(midnight + 72_000);
                        self.handle(world, task, person, (start, end), out, truth);
                        let jitter = self.rng.random_range(0.5..1.5);
                        end + (seconds as f64 * rest * jitter) as i64 + 20
                    }
                }
                Taken::Wait(until) => until.max(now + 60),
                Taken::Nothing => now + 1_800,
            };
            if let Some(slot) = there.get_mut(k) {
                slot.0 = next;
            }
        }
    }

    /// The next task of a person: their role first, and what has waited too long before all.
    fn take(&mut self, person: usize, now: i64, midnight: i64) -> Taken {
        let role = self.staff.people.get(person).map_or(Role::Handler, |p| p.role);
        let old = |basket: &VecDeque<Task>, days: i64| {
            basket.front().is_some_and(|t| t.since < midnight - days * DAY)
        };
        self.pulls = self.pulls.wrapping_add(1);
        // One in six is taken from the ordinary basket first, so that it never starves.
        let (first, second) =
            if self.pulls.is_multiple_of(6) { (NORMAL, URGENT) } else { (URGENT, NORMAL) };
        let late_register = old(&self.baskets[REGISTER], 2);
        let late_control = old(&self.baskets[CONTROL], 5);
        let order: [usize; 5] = match role {
            Role::All => [CALL, REGISTER, CONTROL, first, second],
            Role::Controller => [CONTROL, CALL, first, second, REGISTER],
            Role::Registrar => [REGISTER, CALL, first, second, CONTROL],
            Role::Handler if late_register => [CALL, REGISTER, first, second, CONTROL],
            Role::Handler if late_control => [CALL, CONTROL, first, second, REGISTER],
            Role::Handler => [CALL, first, second, REGISTER, CONTROL],
        };
        let mut soonest = i64::MAX;
        for basket in order {
            // Work of another role is taken over only when it has waited too long.
            let others = match (role, basket) {
                (Role::All, _) | (Role::Controller, CONTROL) | (Role::Registrar, REGISTER) => false,
                (_, CONTROL) => !late_control,
                (_, REGISTER) => !late_register,
                _ => false,
            };
            if others {
                continue;
            }
            while let Some(&front) = self.baskets.get(basket).and_then(VecDeque::front) {
                if self.case_mut(front.case).is_none() {
                    self.pop(basket);
                    continue;
                }
                if front.since > now {
                    soonest = soonest.min(front.since);
                    break;
                }
                if basket == NORMAL && self.rng.random_bool(0.12) {
                    self.shuffle_front(now);
                    // The file brought forward may belong to a closed case.
                    continue;
                }
                return match self.pop(basket) {
                    Some(task) => Taken::Task(task, basket),
                    None => Taken::Nothing,
                };
            }
        }
        if soonest == i64::MAX { Taken::Nothing } else { Taken::Wait(soonest) }
    }

    /// Someone picks a file further down the pile.
    fn shuffle_front(&mut self, now: i64) {
        let basket = &mut self.baskets[NORMAL];
        let other = self.rng.random_range(0..basket.len().clamp(1, 40));
        if basket.get(other).is_some_and(|t| t.since <= now) {
            basket.swap(0, other);
        }
    }

    fn handle(
        &mut self,
        world: &World<'_>,
        task: Task,
        person: usize,
        span: (i64, i64),
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let spec = world.spec;
        let case = task.case;
        let (start, end) = span;
        let who = self.person(person);
        match task.step {
            Step::Call => {
                self.emit(case, activity::CALL, span, who.clone(), end, out);
                if self.rng.random_bool(spec.at_once) {
                    self.emit(case, activity::ANSWERED, (end, end), who, end, out);
                    let reopened = self.rng.random_bool(spec.reopened);
                    self.close(world, case, Post::SettledHuman, end, reopened, truth);
                } else {
                    let task = self.registration(spec, case, end);
                    self.push(task);
                }
            }
            Step::Register => {
                self.emit(case, activity::REGISTER, span, who.clone(), end, out);
                if self.rng.random_bool(spec.returned) {
                    self.emit(case, activity::SENT_BACK, (end, end), who, end, out);
                    self.hold(world, case, end, activity::COMPLETED, 18.0, 0.15);
                } else {
                    let task = self.instruction(spec, case, end, 1.0, false);
                    self.push(task);
                }
            }
            Step::Instruct => {
                let holds = self.case_mut(case).map_or(0, |c| c.holds);
                let chance = match holds {
                    0 => spec.hold,
                    1 => spec.hold * SECOND_HOLD,
                    _ => 0.0,
                };
                // The decision is made in the last minutes of the same sitting.
                let decided = start + ((end - start) as f64 * self.instruct_share(spec)) as i64;
                if holds == 0 && self.rng.random_bool(spec.transferred) {
                    self.emit(case, activity::INSTRUCT, span, who.clone(), end, out);
                    self.emit(case, activity::TRANSFERRED, (end, end), who, end, out);
                    self.close(world, case, Post::Transferred, end, false, truth);
                } else if self.rng.random_bool(chance) {
                    self.emit(case, activity::INSTRUCT, span, who.clone(), end, out);
                    let h = self.draw(spec.holds.iter().map(|h| h.share));
                    if let Some(hold) = spec.holds.get(h) {
                        self.emit(case, hold.ask, (end, end), who, end, out);
                        self.hold(world, case, end, hold.got, hold.mean_days, hold.never);
                    }
                } else if self.rng.random_bool(spec.control) {
                    self.emit(case, activity::INSTRUCT, span, who, end, out);
                    let seconds =
                        self.spread((spec.control_minutes + spec.decide_minutes) * 60.0, 0.4);
                    self.push(Task {
                        case,
                        step: Step::Control,
                        since: end,
                        seconds,
                        urgent: true,
                    });
                } else {
                    self.emit(case, activity::INSTRUCT, (start, decided), who, decided, out);
                    self.decide(world, case, person, (decided, end), out, truth);
                }
            }
            Step::Control => {
                let share = spec.control_minutes / (spec.control_minutes + spec.decide_minutes);
                let checked = start + ((end - start) as f64 * share) as i64;
                self.emit(case, activity::CONTROL, (start, checked), who.clone(), checked, out);
                if self.rng.random_bool(spec.reject) {
                    self.emit(case, activity::REJECTED, (checked, checked), who, checked, out);
                    let task = self.instruction(spec, case, checked, AFTER_REJECT, true);
                    self.push(task);
                } else {
                    self.decide(world, case, person, (checked, end), out, truth);
                }
            }
        }
    }

    fn instruct_share(&self, spec: &ProcessSpec) -> f64 {
        spec.instruct_minutes / (spec.instruct_minutes + spec.decide_minutes)
    }

    fn decide(
        &mut self,
        world: &World<'_>,
        case: Ref,
        person: usize,
        span: (i64, i64),
        out: &mut Vec<Raw>,
        truth: &mut Truth,
    ) {
        let refused = self.rng.random_bool(world.spec.refused);
        let name = if refused { activity::REFUSED } else { activity::SETTLED };
        let who = self.person(person);
        self.emit(case, name, span, who, span.1, out);
        self.notify(case, span.1, out);
        let reopened = self.rng.random_bool(world.spec.reopened);
        self.close(world, case, Post::SettledHuman, span.1, reopened, truth);
    }

    /// The letter leaves with the batch of the evening.
    fn notify(&mut self, case: Ref, settled: i64, out: &mut Vec<Raw>) {
        let midnight = settled - settled.rem_euclid(DAY);
        let batch = midnight + 73_000 + self.rng.random_range(0..900i64);
        let at = batch.max(settled + 1).min((midnight + DAY - 1).max(settled));
        self.emit(case, activity::NOTIFIED, (at, at), None, at, out);
    }

    fn hold(
        &mut self,
        world: &World<'_>,
        case: Ref,
        at: i64,
        got: &'static str,
        mean_days: f64,
        never: f64,
    ) {
        let Some(found) = self.case_mut(case) else { return };
        found.on_hold = true;
        found.holds = found.holds.saturating_add(1);
        let day = day_index(world, at);
        if self.rng.random_bool(never) {
            self.plan(day, 30, Due::Remind { case });
            let after = self.rng.random_range(60..75);
            self.plan(day, after, Due::Close { case, what: activity::NO_ANSWER });
            return;
        }
        let z: f64 = StandardNormal.sample(&mut self.rng);
        let after = (mean_days * (0.6 * z - 0.18).exp()).clamp(1.0, 150.0) as i32;
        if after > 30 {
            self.plan(day, 30, Due::Remind { case });
        }
        // Answers are opened on worked days.
        let on = date_of(world.first.saturating_add(i32::try_from(day).unwrap_or(0)) + after);
        let worked = day_number(world.calendar.first_worked_on_or_after(on));
        let wait = worked - world.first - i32::try_from(day).unwrap_or(0);
        self.plan(day, wait, Due::Got { case, what: got });
    }

    fn registration(&mut self, spec: &ProcessSpec, case: Ref, since: i64) -> Task {
        let seconds = self.spread(spec.register_minutes * 60.0, 0.4);
        Task { case, step: Step::Register, since, seconds, urgent: false }
    }

    /// A task of instruction; the decision of the same sitting is counted in.
    fn instruction(
        &mut self,
        spec: &ProcessSpec,
        case: Ref,
        since: i64,
        share: f64,
        back: bool,
    ) -> Task {
        let product = self.case_mut(case).map_or(0, |c| c.product);
        let product = spec.products.get(usize::from(product));
        let weight = product.map_or(1.0, |p| p.weight);
        let minutes = spec.instruct_minutes * weight * share + spec.decide_minutes;
        let seconds = self.spread(minutes * 60.0, 0.45).min(14_000.0);
        let urgent = back || product.is_some_and(|p| p.urgent);
        Task { case, step: Step::Instruct, since, seconds, urgent }
    }

    fn push(&mut self, task: Task) {
        let basket = match task.step {
            Step::Call => CALL,
            Step::Register => REGISTER,
            Step::Control => CONTROL,
            Step::Instruct if task.urgent => URGENT,
            Step::Instruct => NORMAL,
        };
        self.queued_seconds += f64::from(task.seconds);
        self.baskets[basket].push_back(task);
    }

    fn put_back(&mut self, task: Task, basket: usize) {
        self.queued_seconds += f64::from(task.seconds);
        if let Some(basket) = self.baskets.get_mut(basket) {
            basket.push_front(task);
        }
    }

    fn pop(&mut self, basket: usize) -> Option<Task> {
        let task = self.baskets.get_mut(basket)?.pop_front()?;
        self.queued_seconds -= f64::from(task.seconds);
        Some(task)
    }

    fn open(&mut self, world: &World<'_>, number: i32, channel: usize, received: i64) -> Ref {
        let product = self.draw(world.spec.products.iter().map(|p| p.share));
        let year = date_of(number).year();
        let rank = if self.last_id.0 == year { self.last_id.1 + 1 } else { 1 };
        self.last_id = (year, rank);
        let code = world.spec.code;
        let case = Case {
            life: 0,
            id: format!("{code}{:02}{:03}{rank:06}", year.rem_euclid(100), self.number).into(),
            product: u8::try_from(product).unwrap_or(0),
            channel: u8::try_from(channel).unwrap_or(0),
            visible: number >= world.begins,
            known: false,
            on_hold: false,
            holds: 0,
            received,
        };
        match self.free.pop() {
            Some(slot) => match self.cases.get_mut(slot as usize) {
                Some(place) => {
                    // An even life is open; the next even one after a closed life.
                    let life = place.life.wrapping_add(1);
                    *place = Case { life, ..case };
                    Ref { slot, life }
                }
                None => Ref { slot, life: 0 },
            },
            None => {
                self.cases.push(case);
                Ref { slot: u32::try_from(self.cases.len() - 1).unwrap_or(u32::MAX), life: 0 }
            }
        }
    }

    /// The case, if it still lives the life the reference was taken in.
    fn case_mut(&mut self, case: Ref) -> Option<&mut Case> {
        self.cases.get_mut(case.slot as usize).filter(|c| c.life == case.life)
    }

    fn close(
        &mut self,
        world: &World<'_>,
        case: Ref,
        how: Post,
        at: i64,
        reopened: bool,
        truth: &mut Truth,
    ) {
        let Some(found) = self.case_mut(case) else { return };
        found.life = found.life.wrapping_add(1);
        found.on_hold = false;
        let life = found.life;
        if found.visible {
            truth.post(how, at);
        }
        if reopened {
            let after = self.rng.random_range(6..55);
            let case = Ref { life, ..case };
            self.plan_worked(world, at, after, Due::Reopen { case });
        } else {
            self.free.push(case.slot);
        }
    }

    fn count_arrival(&mut self, case: Ref, truth: &mut Truth) {
        let Some(found) = self.case_mut(case) else { return };
        found.known = true;
        if found.visible {
            truth.post(Post::Arrivals, found.received);
        }
    }

    fn plan(&mut self, day: usize, after: i32, due: Due) {
        let at = day.saturating_add(usize::try_from(after.max(1)).unwrap_or(1));
        if let Some(slot) = self.agenda.get_mut(at) {
            slot.push(due);
        }
    }

    fn plan_worked(&mut self, world: &World<'_>, at: i64, worked_days: i64, due: Due) {
        let day = day_index(world, at);
        let number = world.first.saturating_add(i32::try_from(day).unwrap_or(0));
        let on = world.calendar.add_number(DayCounter::Worked, number, worked_days);
        self.plan(day, on - number, due);
    }

    fn emit(
        &mut self,
        case: Ref,
        activity: &'static str,
        span: (i64, i64),
        person: Option<Arc<str>>,
        recorded: i64,
        out: &mut Vec<Raw>,
    ) {
        let desk = self.number;
        let Some(found) = self.case_mut(case).filter(|c| c.visible) else { return };
        out.push(Raw {
            recorded,
            start: span.0,
            end: span.1,
            activity,
            case: found.id.clone(),
            person,
            desk,
            product: found.product,
            channel: found.channel,
        });
    }

    /// Index drawn with the given shares.
    fn draw(&mut self, shares: impl Iterator<Item = f64>) -> usize {
        let x: f64 = self.rng.random();
        let mut sum = 0.0;
        let mut last = 0;
        for (i, share) in shares.enumerate() {
            sum += share;
            last = i;
            if x < sum {
                return i;
            }
        }
        last
    }

    /// A length around a mean, never below a fifth of it.
    fn spread(&mut self, mean: f64, sigma: f64) -> f32 {
        let z: f64 = StandardNormal.sample(&mut self.rng);
        let factor = (sigma * z - sigma * sigma / 2.0).exp();
        (mean * factor.clamp(0.2, 4.0)) as f32
    }

    /// Second of the day at which a request comes; nothing comes while the clocks may change.
    fn hour(&mut self, channel: Channel) -> i64 {
        let z: f64 = StandardNormal.sample(&mut self.rng);
        let x: f64 = self.rng.random();
        let (hour, low, high) = match channel {
            Channel::Mail => (9.0 + 0.5 * z, 8.0, 10.9),
            Channel::Phone if x < 0.6 => (10.3 + 1.1 * z, 8.6, 17.0),
            Channel::Phone => (14.8 + 1.0 * z, 8.6, 17.0),
            Channel::Email if x < 0.55 => (10.0 + 1.6 * z, 5.5, 23.4),
            Channel::Email => (15.5 + 2.6 * z, 5.5, 23.4),
            Channel::Online if x < 0.4 => (10.5 + 1.8 * z, 5.5, 23.4),
            Channel::Online if x < 0.75 => (15.0 + 2.2 * z, 5.5, 23.4),
            Channel::Online => (20.3 + 1.3 * z, 5.5, 23.4),
        };
        // Out of bounds is drawn flat, so that no hour attracts all the outliers.
        let hour = if (low..high).contains(&hour) { hour } else { low + (high - low) * x };
        (hour * 3600.0) as i64
    }
}

enum Taken {
    Task(Task, usize),
    /// Something will come at that second.
    Wait(i64),
    Nothing,
}

impl Case {
    /// Closing turns the life odd, reopening and reuse turn it even.
    fn is_open(&self) -> bool {
        self.life.is_multiple_of(2)
    }
}

fn day_index(world: &World<'_>, at: i64) -> usize {
    usize::try_from(at.div_euclid(DAY) - i64::from(world.first)).unwrap_or(0)
}

/// The target of a process in worked days.
pub(crate) fn target_worked_days(spec: &ProcessSpec) -> f64 {
    let days = f64::from(spec.target_days);
    match spec.counter {
        DayCounter::Worked => days,
        DayCounter::Ouvrable => days * 5.0 / 6.0,
        DayCounter::Calendar => days * 5.0 / 7.0,
    }
}

/// The stream of chance of one unit: independent of how many others there are.
pub(crate) fn chance(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}
