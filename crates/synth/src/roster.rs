//! The people of the synthetic body, as a staff office would list them.
//!
//! - Computes: names, contracts, skills and absences of the people whose codes the logs carry;
//!   teams, part-time and absences are those that the desks lived with.
//! - Units: share of a full time, hours per week, skills from 0 to 4, civil days.
//! - Shapes: a [`Body`] in, one [`Worker`] per code out, the same for the same seed.
//! - Errors: none.
//! - Source: `docs/methods/synthetic-body.md`; every name is invented.

use eclusier_calendar::date_of;
use jiff::{ToSpan, civil::Date};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    body::{Body, Process, Unit, chance_of_people},
    staff::{Staff, Why, leave_chance},
};

/// One person of the body.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// Code in the case tool.
    pub code: String,
    /// Given name.
    pub given: &'static str,
    /// Family name.
    pub family: &'static str,
    /// Address.
    pub email: String,
    /// Body.
    pub org: String,
    /// Site of the body.
    pub site: String,
    /// Service: the process worked on.
    pub service: &'static str,
    /// Team, as the logs name it.
    pub unit: String,
    /// Share of a full time.
    pub share: f64,
    /// Hours per week.
    pub weekly_hours: f64,
    /// Days of the week worked, 1 = Monday.
    pub weekdays: &'static [u8],
    /// Product, theory and practice from 0 to 4, whether the person decides alone.
    pub skills: Vec<(&'static str, u8, u8, bool)>,
    /// First day.
    pub from: Date,
    /// Last day, for those who left.
    pub to: Option<Date>,
    /// Since when somebody learns the job, and the capacity that day.
    pub learns: Option<(Date, f64)>,
    /// First and last day away, in words a roster uses; a half is the afternoon of one day.
    pub away: Vec<Away>,
}

/// One absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// First day.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// Only the afternoon.
    pub afternoon: bool,
    /// Why, in French.
    pub cause: &'static str,
}

const GIVEN: [&str; 36] = [
    "Adèle",
    "Alban",
    "Amina",
    "Aurélien",
    "Basile",
    "Bérénice",
    "Blanche",
    "Capucine",
    "Cédric",
    "Clémence",
    "Dalila",
    "Élise",
    "Émile",
    "Estelle",
    "Fanny",
    "Farid",
    "Gaël",
    "Héloïse",
    "Ibrahim",
    "Inès",
    "Jonas",
    "Léonie",
    "Lucien",
    "Maëlle",
    "Malik",
    "Nadège",
    "Noémie",
    "Octave",
    "Pauline",
    "Rachid",
    "Rémi",
    "Salomé",
    "Solène",
    "Tristan",
    "Valentine",
    "Yann",
];
const FAMILY: [&str; 48] = [
    "Aubrac",
    "Bellocq",
    "Berthoumieu",
    "Bouchardon",
    "Cassagnol",
    "Chantereau",
    "Clairvoye",
    "Coulomme",
    "Darrigade",
    "Delmarre",
    "Desrivaux",
    "Duverlin",
    "Escoffre",
    "Falgayrac",
    "Fontvieille",
    "Gaillardon",
    "Garrigolle",
    "Hautecourt",
    "Hennequart",
    "Jaubertin",
    "Kermadec-Roz",
    "Labrousse-Viel",
    "Lacombrade",
    "Lanterneau",
    "Larribeau",
    "Louvencourt",
    "Maisonsel",
    "Malaubert",
    "Mercadal",
    "Montreynaud",
    "Nadaillac",
    "Ollivarès",
    "Peyrebrune",
    "Pontarlin",
    "Queyrasse",
    "Rambourdin",
    "Rivoallec",
    "Roquefeuil-Bas",
    "Sabatelle",
    "Saintorens",
    "Taillandre",
    "Terrassonet",
    "Tourvielle",
    "Ursulet",
    "Valcarès",
    "Verdelane",
    "Vignolasse",
    "Zamponi",
];

/// Formulas of those who work five days: share, hours, how often in a hundred.
const FORMULAS: [(f64, f64, u32); 3] = [(1.0, 36.0, 66), (1.0, 39.0, 20), (0.9, 32.4, 14)];
const FIVE_DAYS: &[u8] = &[1, 2, 3, 4, 5];
/// The part-time of the desks: Wednesdays off.
const FOUR_DAYS: &[u8] = &[1, 2, 4, 5];

/// Days of absence told before the end of the history and after it.
const BEFORE: usize = 120;
const AFTER: i64 = 60;

/// Everybody whose code the logs of a body carry, by code.
pub fn roster(body: &Body) -> Vec<Worker> {
    let mut rng = chance_of_people(body);
    let mut workers = Vec::new();
    for (nth, process) in body.processes().iter().enumerate() {
        for (number, unit) in (0u32..).zip(&process.units) {
            let (staff, _) = process.staff(number, unit);
            let place = Place { body, process, unit, staff, site: site(&unit.org, nth) };
            workers.extend((0..place.staff.people.len()).map(|rank| place.worker(rank, &mut rng)));
        }
    }
    workers
}

/// Where a service works: one process in two at the head office. The name is that of the body,
/// so that two bodies never share one.
fn site(org: &str, nth: usize) -> String {
    let of = org.strip_prefix("Caisse ").unwrap_or(org);
    if nth.is_multiple_of(2) { format!("Siège {of}") } else { format!("Antenne nord {of}") }
}

/// A unit and the people that its desk lived with.
struct Place<'a> {
    body: &'a Body,
    process: &'a Process,
    unit: &'a Unit,
    staff: Staff,
    site: String,
}

impl Place<'_> {
    fn worker(&self, rank: usize, rng: &mut ChaCha8Rng) -> Worker {
        let (period, unit) = (self.body.period(), self.unit);
        let person = self.staff.people.get(rank);
        let (given, family) = (one(&GIVEN, rng), one(&FAMILY, rng));
        let draw = rng.random_range(0..100u32);
        let mut below = 0;
        let formula = FORMULAS.iter().find(|(.., often)| {
            below += often;
            draw < below
        });
        let (share, weekly_hours, weekdays) = match formula {
            _ if person.is_some_and(|p| p.part_time) => (0.8, 28.8, FOUR_DAYS),
            Some((share, hours, _)) => (*share, *hours, FIVE_DAYS),
            None => (1.0, 36.0, FIVE_DAYS),
        };
        let code = person.map(|p| p.code.to_string()).unwrap_or_default();
        let gone = self.left(rank);
        // Somebody who took up the job lately was elsewhere in the team: the logs know
        // everybody from their first day.
        let newcomer = gone.is_none() && rank > 3 && rng.random_bool(0.06);
        let learns = newcomer.then(|| {
            let since = rng.random_range(10..60i64).days();
            (period.to.checked_sub(since).unwrap_or(period.from), 0.3)
        });
        let mut skills = Vec::new();
        for (at, product) in self.process.spec.products.iter().enumerate() {
            // Everybody knows the first product; the others are shared out.
            if at == 0 || rng.random_bool(0.55) {
                let practice = if newcomer { 1 } else { rng.random_range(2..=4u8) };
                let theory = practice.saturating_add(u8::from(rng.random_bool(0.3))).min(4);
                skills.push((product.name, theory, practice, practice >= 3));
            }
        }
        let mut away = self.lived(rank, rng);
        if gone.is_none() {
            away.extend(self.planned(rank, rng));
        }
        let address = format!("{}.{}.{}", ascii(given), ascii(family), code.to_lowercase());
        Worker {
            email: format!("{address}@caisse.example"),
            code,
            given,
            family,
            org: unit.org.to_string(),
            site: self.site.clone(),
            service: self.process.spec.label,
            unit: unit.name.to_string(),
            share,
            weekly_hours,
            weekdays,
            skills,
            from: period.from,
            to: gone,
            learns,
            away,
        }
    }

    /// The last day of somebody who left the team.
    fn left(&self, rank: usize) -> Option<Date> {
        let (first, days) = self.process.span();
        let gone = (0..days).find(|day| self.staff.why(*day, rank) == Why::Gone)?;
        let last = i32::try_from(gone).ok()?.checked_sub(1)?;
        // One that was on leave the day the others left is gone from that day too.
        let short = self.staff.short_from().checked_sub(1).and_then(|d| i32::try_from(d).ok());
        Some(date_of(first.saturating_add(short.map_or(last, |short| short.min(last)))))
    }

    /// The absences that the desk lived with over the last months.
    fn lived(&self, rank: usize, rng: &mut ChaCha8Rng) -> Vec<Away> {
        let (first, days) = self.process.span();
        let last = self.left(rank);
        let mut away: Vec<Away> = Vec::new();
        let mut running: Option<Why> = None;
        for at in days.saturating_sub(BEFORE)..days {
            let day = date_of(first.saturating_add(i32::try_from(at).unwrap_or(0)));
            if last.is_some_and(|last| day > last) {
                break;
            }
            let why = self.staff.why(at, rank);
            let worked = self.process.calendar.is_worked(day);
            let told = match why {
                Why::Leave => Some("Congés payés"),
                Why::Ill => Some("Maladie"),
                Why::Day => Some(if rng.random_bool(0.7) { "RTT" } else { "Formation" }),
                Why::There | Why::PartTime | Why::Gone => None,
            };
            let Some(cause) = told.filter(|_| worked) else {
                // A week-end or a day off does not cut a leave in two.
                running = running.filter(|_| !worked && told.is_some());
                continue;
            };
            match away.last_mut() {
                Some(known) if running == Some(why) && why != Why::Day => known.to = day,
                _ => away.push(Away { from: day, to: day, afternoon: false, cause }),
            }
            running = Some(why);
        }
        away
    }

    /// What lies ahead: leave and days asked for, and the illness of the last day going on.
    fn planned(&self, rank: usize, rng: &mut ChaCha8Rng) -> Vec<Away> {
        let (_, days) = self.process.span();
        let end = self.body.period().to;
        let now = days.checked_sub(1).map_or(Why::There, |last| self.staff.why(last, rank));
        let mut away = Vec::new();
        let mut free = end.saturating_add(1.day());
        if now == Why::Ill {
            let to = end.saturating_add(rng.random_range(1..5i64).days());
            away.push(Away { from: free, to, afternoon: false, cause: "Maladie" });
            free = to.saturating_add(1.day());
        }
        let mut on_leave = now == Why::Leave;
        let mut day = end.saturating_add(1.day());
        while day <= end.saturating_add(AFTER.days()) {
            let weekday = day.weekday().to_monday_zero_offset();
            if weekday == 0 {
                on_leave = rng.random_bool(leave_chance(day));
            }
            let until = day.saturating_add(i64::from((4 - weekday).max(0)).days());
            if on_leave && weekday < 5 && day >= free {
                away.push(Away { from: day, to: until, afternoon: false, cause: "Congés payés" });
                free = until.saturating_add(1.day());
            } else if weekday < 5 && day >= free && rng.random_bool(0.02) {
                let (afternoon, cause) = match rng.random_bool(0.7) {
                    true => (rng.random_bool(0.4), "RTT"),
                    false => (false, "Formation"),
                };
                away.push(Away { from: day, to: day, afternoon, cause });
            }
            day = day.saturating_add(1.day());
        }
        away
    }
}

fn one(list: &'static [&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    list.get(rng.random_range(0..list.len())).copied().unwrap_or("Camille")
}

/// A name as addresses write it.
fn ascii(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'à' | 'â' => 'a',
            'ï' | 'î' => 'i',
            'ô' => 'o',
            'ç' => 'c',
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        })
        .collect()
}
