//! The body: which processes, where, with how many people, over which days.

use std::sync::Arc;

use eclusier_calendar::{Calendar, HolidayZone, Zone, date_of, day_number, easter};
use eclusier_core::Period;
use eclusier_core::config::{Awaited, Campaign, Closure, Hold, ProcessRules, States, Target};
use jiff::ToSpan;
use jiff::civil::Date;
use rand::RngExt;

use crate::counts::{self, CountRow};
use crate::desk::{Desk, World, chance, target_worked_days};
use crate::season::Season;
use crate::spec::{self, ProcessSpec, activity};
use crate::staff::{Staff, seconds_of_one};
use crate::stream::ProcessStream;
use crate::{SynthError, ZONE};

/// How big the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Size {
    /// About fifteen people, three processes, some 25,000 events.
    #[default]
    Team,
    /// One body, six processes, some 400,000 events.
    Office,
    /// Eight bodies, six processes, some 10 million events.
    Network,
}

impl Size {
    /// Stable name, as the command line writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Size::Team => "team",
            Size::Office => "office",
            Size::Network => "network",
        }
    }

    /// Volume of each org, the office being 1.
    fn orgs(self) -> &'static [(&'static str, f64)] {
        match self {
            Size::Team => &ORGS[..1],
            Size::Office => &ORGS[..1],
            Size::Network => &ORGS,
        }
    }
}

const ORGS: [(&str, f64); 8] = [
    ("Caisse de Valbrune", 1.0),
    ("Caisse des Deux-Rives", 5.2),
    ("Caisse du Haut-Arly", 2.1),
    ("Caisse de Port-Sainte-Claire", 4.4),
    ("Caisse de Montferrand-la-Plaine", 3.3),
    ("Caisse du Pays de Brenne", 1.6),
    ("Caisse de la Côte d’Ambre", 3.9),
    ("Caisse de Sorgues-et-Lure", 2.5),
];

impl std::str::FromStr for Size {
    type Err = SynthError;
    fn from_str(text: &str) -> Result<Self, SynthError> {
        [Size::Team, Size::Office, Size::Network]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| SynthError::UnknownSize { given: text.to_owned() })
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A synthetic body: same seed, size and end, same body to the last byte.
#[derive(Debug)]
pub struct Body {
    seed: u64,
    size: Size,
    period: Period,
    calendar: Calendar,
    processes: Vec<Process>,
}

/// One process of the body.
#[derive(Debug)]
pub struct Process {
    pub(crate) spec: &'static ProcessSpec,
    pub(crate) calendar: Calendar,
    pub(crate) units: Vec<Unit>,
    seed: u64,
    rank: u64,
    period: Period,
    closures: Vec<Closure>,
}

#[derive(Debug)]
pub(crate) struct Unit {
    pub org: Arc<str>,
    pub name: Arc<str>,
    pub people: usize,
    /// Of the requests of an office at scale 1.
    share: f64,
    pub shortage: f64,
    pub first_code: u32,
}

/// Days simulated before the history begins, so that baskets and teams are in their stride.
const WARM_UP_DAYS: i32 = 56;
/// Largest team of one manager.
const LARGEST_TEAM: f64 = 12.0;
/// Share of presence that cases take when a team is sized: the rest goes to the
/// telephone, the front office, meetings and training. A small team does more of everything.
const OCCUPATION: [f64; 2] = [0.28, 0.5];

impl Body {
    /// A body of this size whose two years of history end with the day `end`.
    pub fn new(seed: u64, size: Size, end: Date) -> Self {
        let specs: Vec<&'static ProcessSpec> =
            spec::ALL.into_iter().filter(|s| size != Size::Team || s.per_day[0] > 0.0).collect();
        Self::of(seed, size, end, &specs)
    }

    /// The mutual of the public case study alone: 908 requests per worked day,
    /// 45.15 % by mail, 30.84 % by e-mail, 24.01 % by phone, few e-mails and calls answered.
    pub fn protelis(seed: u64, end: Date) -> Self {
        Self::of(seed, Size::Office, end, &[&spec::PROTELIS])
    }

    fn of(seed: u64, size: Size, end: Date, specs: &[&'static ProcessSpec]) -> Self {
        // A history needs room before and after it.
        let end = end.clamp(Date::constant(1950, 1, 1), Date::constant(2100, 12, 31));
        let from = end.checked_sub(2.years()).and_then(|d| d.checked_add(1.day())).unwrap_or(end);
        let period = Period { from, to: end };
        let closures = bridges(period);
        let calendar = Calendar::new(HolidayZone::Metropole, &[1, 2, 3, 4, 5], &closures);
        let mut next_code = 1;
        let processes = (0u64..)
            .zip(specs)
            .map(|(rank, &spec)| {
                Process::new(spec, seed, rank, size, period, &calendar, &closures, &mut next_code)
            })
            .collect();
        Self { seed, size, period, calendar, processes }
    }

    /// First and last day of the history.
    pub fn period(&self) -> Period {
        self.period
    }

    /// Size asked for.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The processes that have events.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// A process by its identifier.
    pub fn process(&self, id: &str) -> Option<&Process> {
        self.processes.iter().find(|p| p.id() == id)
    }

    /// Identifier of the process that has daily counts only.
    pub fn counts_id(&self) -> &'static str {
        counts::ID
    }

    /// Rules of the process that has daily counts only.
    pub fn counts_rules(&self) -> ProcessRules {
        let closures = self.processes.first().map_or(&[][..], |p| p.closures.as_slice());
        counts::rules(self.counts_scale(), closures)
    }

    /// Daily counts, by day then product, over the worked days.
    pub fn counts(&self) -> Vec<CountRow> {
        counts::make(self.seed, self.counts_scale(), self.period, &self.calendar)
    }

    fn counts_scale(&self) -> f64 {
        match self.size {
            Size::Team => 0.5,
            size => size.orgs().iter().map(|o| o.1).sum(),
        }
    }
}

impl Process {
    #[expect(clippy::too_many_arguments, reason = "built in one place, from named values")]
    fn new(
        spec: &'static ProcessSpec,
        seed: u64,
        rank: u64,
        size: Size,
        period: Period,
        calendar: &Calendar,
        closures: &[Closure],
        next_code: &mut u32,
    ) -> Self {
        // The shape of the teams has a stream of its own, far from those of the units.
        let mut rng = chance(seed, stream_of(rank, 0));
        let worked = (1..=365)
            .filter_map(|n| period.to.checked_sub(n.days()).ok())
            .filter(|&d| calendar.is_worked(d))
            .count() as f64;
        let rank_of_size = usize::from(size != Size::Team);
        let per_day = spec.per_day[rank_of_size];
        let mut units = Vec::new();
        for &(org, scale) in size.orgs() {
            let scale = per_day * if size == Size::Team { 1.0 } else { scale };
            let load = scale * worked * spec.expected_minutes() * 60.0 * spec.ratio;
            let people =
                (load / (seconds_of_one(worked) * OCCUPATION[rank_of_size])).ceil().max(1.0);
            let teams = (people / LARGEST_TEAM).ceil().max(1.0);
            let weights: Vec<f64> =
                (0..teams as usize).map(|_| rng.random_range(0.85..1.15)).collect();
            let sum: f64 = weights.iter().sum();
            for (k, weight) in weights.iter().enumerate() {
                let count = (people * weight / sum).round().max(1.0);
                let name =
                    if teams > 1.0 { format!("{} {}", spec.unit, k + 1) } else { spec.unit.into() };
                units.push(Unit {
                    org: org.into(),
                    name: name.into(),
                    people: count as usize,
                    share: scale * weight / sum,
                    // One team in three loses people over the last weeks.
                    shortage: if units.len().is_multiple_of(3) { spec.late_shortage } else { 0.0 },
                    first_code: *next_code,
                });
                *next_code = next_code.saturating_add(count as u32);
            }
        }
        Self {
            spec,
            calendar: calendar.clone(),
            units,
            seed,
            rank,
            period,
            closures: closures.to_vec(),
        }
    }

    /// Identifier, safe in a path.
    pub fn id(&self) -> &'static str {
        self.spec.id
    }

    /// Name shown on screen.
    pub fn label(&self) -> &'static str {
        self.spec.label
    }

    /// How many people work on it.
    pub fn people(&self) -> usize {
        self.units.iter().map(|u| u.people).sum()
    }

    /// Orgs and units, in the order of their numbers.
    pub fn units(&self) -> impl Iterator<Item = (&str, &str)> {
        self.units.iter().map(|u| (&*u.org, &*u.name))
    }

    /// Its calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Streams its events in the order they were keyed.
    pub fn events(&self) -> Result<ProcessStream<'_>, SynthError> {
        Ok(ProcessStream::new(self, Zone::new(ZONE)?))
    }

    /// The rules a person would have written for it.
    pub fn rules(&self) -> ProcessRules {
        let spec = self.spec;
        let mut hold: Vec<Hold> = spec
            .holds
            .iter()
            .map(|h| Hold {
                enter: vec![h.ask.into()],
                leave: vec![h.got.into()],
                awaited: h.awaited,
                returned: false,
            })
            .collect();
        hold.push(Hold {
            enter: vec![activity::SENT_BACK.into()],
            leave: vec![activity::COMPLETED.into()],
            awaited: Awaited::Insured,
            returned: true,
        });
        let mut settled = vec![activity::SETTLED.to_owned(), activity::REFUSED.to_owned()];
        if spec.at_once > 0.0 {
            settled.push(activity::ANSWERED.to_owned());
        }
        let target = |product: Option<&str>, days| Target {
            product: product.map(str::to_owned),
            days,
            counter: spec.counter,
            share: Some(spec.target_share),
            stock: None,
        };
        // A body in good order keeps half of the days allowed as stock.
        let per_day: f64 = self.units.iter().map(|u| u.share).sum();
        let stock = tens(per_day * target_worked_days(spec) * 0.5);
        let whole = Target { stock: Some(stock), ..target(None, spec.target_days) };
        let own = spec.products.iter().filter_map(|p| Some(target(Some(p.name), p.target_days?)));
        ProcessRules {
            label: spec.label.into(),
            zone: ZONE.into(),
            calendar: HolidayZone::Metropole.as_str().into(),
            school_zone: Some("A".into()),
            states: States {
                settled,
                settled_auto: vec![activity::AUTO_SETTLED.into()],
                cancelled: vec![activity::CANCELLED.into(), activity::NO_ANSWER.into()],
                transferred: vec![activity::TRANSFERRED.into()],
                neutral: vec![activity::NOTIFIED.into()],
                hold,
            },
            target: own.chain([whole]).collect(),
            closure: self.closures.clone(),
            campaign: self.campaigns(),
            ..ProcessRules::default()
        }
    }

    /// The campaigns of the years simulated and of the year that follows.
    fn campaigns(&self) -> Vec<Campaign> {
        let (first, days) = self.span();
        let last = first.saturating_add(i32::try_from(days).unwrap_or(0)).saturating_add(366);
        let years = date_of(first).year()..=date_of(last).year();
        let of = |year: i16, campaign: &spec::Campaign| {
            let day = |(month, day): (i8, i8)| Date::new(year, month, day).ok();
            Some(Campaign {
                name: campaign.name.into(),
                from: day(campaign.from)?,
                to: day(campaign.to)?,
                product: None,
                expected: None,
                like_last_time: false,
            })
        };
        let mut campaigns: Vec<Campaign> =
            years.flat_map(|y| self.spec.campaigns.iter().filter_map(move |c| of(y, c))).collect();
        campaigns.sort_by_key(|c| c.from);
        campaigns
    }

    /// Season, desks, first simulated day, first day of history, number of days simulated.
    pub(crate) fn set_up(&self) -> (Season, Vec<Desk>, i32, i32, usize) {
        let begins = day_number(self.period.from);
        let (first, days) = self.span();
        let mut rng = chance(self.seed, stream_of(self.rank, 1));
        let season = Season::new(self.spec, &self.calendar, first, days, &mut rng);
        let worked =
            (first..).take(days).filter(|&d| self.calendar.is_worked(date_of(d))).count() as f64;
        let world =
            World { spec: self.spec, calendar: &self.calendar, season: &season, first, begins };
        let desks = (0u32..)
            .zip(&self.units)
            .map(|(number, unit)| {
                let (staff, rng) = self.staff(number, unit);
                Desk::new(number, rng, staff, unit.share, days, &world, worked)
            })
            .collect();
        (season, desks, first, begins, days)
    }

    /// First simulated day and number of days simulated.
    pub(crate) fn span(&self) -> (i32, usize) {
        let first = day_number(self.period.from) - WARM_UP_DAYS;
        (first, usize::try_from(day_number(self.period.to) - first + 1).unwrap_or(0))
    }

    /// The people of a unit and their presence, and the chance that goes on from there.
    pub(crate) fn staff(&self, number: u32, unit: &Unit) -> (Staff, rand_chacha::ChaCha8Rng) {
        let (first, days) = self.span();
        let mut rng = chance(self.seed, stream_of(self.rank, 2 + u64::from(number)));
        let (count, code) = (unit.people, unit.first_code);
        let staff = Staff::new(count, code, &self.calendar, first, days, unit.shortage, &mut rng);
        (staff, rng)
    }
}

/// A round number a person would write.
pub(crate) fn tens(value: f64) -> u64 {
    (value / 10.0).ceil().max(1.0) as u64 * 10
}

/// The chance that makes people: far from the streams of every process.
pub(crate) fn chance_of_people(body: &Body) -> rand_chacha::ChaCha8Rng {
    chance(body.seed, u64::MAX)
}

/// Streams of chance never meet: a process has room for 2^20 of them.
fn stream_of(rank: u64, number: u64) -> u64 {
    (rank << 20) | number
}

/// Local closures: the Friday after Ascension, and the afternoons of the two eves.
fn bridges(period: Period) -> Vec<Closure> {
    let mut list = Vec::new();
    for year in period.from.year() - 1..=period.to.year() + 1 {
        let bridge = easter(year).and_then(|d| d.checked_add(40.days()).ok());
        list.extend(bridge.map(|date| Closure {
            date,
            half: false,
            reason: "Pont de l’Ascension".into(),
        }));
        for (day, reason) in [(24, "Veille de Noël"), (31, "Veille du jour de l’an")] {
            let eve = Date::new(year, 12, day).ok();
            list.extend(eve.map(|date| Closure { date, half: true, reason: reason.into() }));
        }
    }
    list
}
