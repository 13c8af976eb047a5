//! The people of the synthetic body, as a staff office would list them.
//!
//! - Computes: names, contracts, skills and absences of the people whose codes the logs carry.
//! - Units: share of a full time, hours per week, skills from 0 to 4, civil days.
//! - Shapes: a [`Body`] in, one [`Worker`] per code out, the same for the same seed.
//! - Errors: none.
//! - Source: `docs/methods/synthetic-body.md`; every name is invented.

use jiff::{ToSpan, civil::Date};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::body::{Body, Process, Unit, chance_of_people};

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
    /// Capacity on the first day of somebody who still learns.
    pub learns: Option<f64>,
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

/// Formulas of the week: share, hours, weekdays, how often in a hundred.
const FORMULAS: [(f64, f64, &[u8], u32); 5] = [
    (1.0, 36.0, &[1, 2, 3, 4, 5], 62),
    (1.0, 39.0, &[1, 2, 3, 4, 5], 14),
    (0.8, 28.8, &[1, 2, 4, 5], 13),
    (0.9, 32.4, &[1, 2, 3, 4, 5], 7),
    (0.5, 18.0, &[1, 2, 3], 4),
];

/// Days of absence told before the end of the history and after it.
const BEFORE: i64 = 90;
const AFTER: i64 = 60;

/// Everybody whose code the logs of a body carry, by code.
pub fn roster(body: &Body) -> Vec<Worker> {
    let mut rng = chance_of_people(body);
    let mut workers = Vec::new();
    for process in body.processes() {
        for unit in &process.units {
            for rank in 0..unit.people {
                workers.push(worker(body, process, unit, rank, &mut rng));
            }
        }
    }
    workers
}

fn worker(
    body: &Body,
    process: &Process,
    unit: &Unit,
    rank: usize,
    rng: &mut ChaCha8Rng,
) -> Worker {
    let period = body.period();
    let one = |list: &'static [&'static str], rng: &mut ChaCha8Rng| {
        list.get(rng.random_range(0..list.len())).copied().unwrap_or("Camille")
    };
    let (given, family) = (one(&GIVEN, rng), one(&FAMILY, rng));
    let mut draw = rng.random_range(0..100u32);
    let formula = FORMULAS.iter().find(|(.., often)| {
        let found = draw < *often;
        draw = draw.saturating_sub(*often);
        found
    });
    let (share, weekly_hours, weekdays, _) = formula.copied().unwrap_or(FORMULAS[0]);
    let code = format!("AG{:05}", unit.first_code.saturating_add(u32::try_from(rank).unwrap_or(0)));
    // The same people as in the desks: those in the middle of the list go at the end.
    let gone = (unit.people as f64 * unit.shortage).round() as usize;
    let leaves = rank >= 2 && rank < 2 + gone;
    let to = period.to.checked_sub(84.days()).ok().filter(|_| leaves);
    let newcomer = !leaves && rank > 3 && rng.random_bool(0.06);
    let from = match newcomer {
        true => period.to.checked_sub(rng.random_range(40..200i64).days()).unwrap_or(period.from),
        false => period.from,
    };
    let mut skills = Vec::new();
    for (at, product) in process.spec.products.iter().enumerate() {
        // Everybody knows the first product; the others are shared out.
        if at == 0 || rng.random_bool(0.55) {
            let practice = if newcomer { 1 } else { rng.random_range(2..=4u8) };
            let theory = practice.saturating_add(u8::from(rng.random_bool(0.3))).min(4);
            skills.push((product.name, theory, practice, practice >= 3));
        }
    }
    let last = to.unwrap_or_else(|| period.to.saturating_add(AFTER.days()));
    let away = absences(body, from, last, rng);
    let ascii = |text: &str| -> String {
        let plain = text.to_lowercase();
        plain
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
    };
    Worker {
        email: format!("{}.{}.{}@caisse.example", ascii(given), ascii(family), code.to_lowercase()),
        code,
        given,
        family,
        org: unit.org.to_string(),
        service: process.spec.label,
        unit: unit.name.to_string(),
        share,
        weekly_hours,
        weekdays,
        skills,
        from,
        to,
        learns: newcomer.then_some(0.3),
        away,
    }
}

/// Leave in weeks, days off, short illnesses and training, over the last and next months.
fn absences(body: &Body, from: Date, last: Date, rng: &mut ChaCha8Rng) -> Vec<Away> {
    let end = body.period().to;
    let begin = end.saturating_sub(BEFORE.days()).max(from);
    let mut away = Vec::new();
    let mut day = begin;
    while day <= last && day <= end.saturating_add(AFTER.days()) {
        let draw = rng.random_range(0..1_000u32);
        // What lies ahead is known only when it was asked for: nobody is ill in advance.
        let ahead = day > end;
        let (days, cause, afternoon) = match draw {
            0..12 => (rng.random_range(5..12i64), "Congés payés", false),
            12..26 => (1, "RTT", rng.random_bool(0.4)),
            26..34 if !ahead => (rng.random_range(1..6i64), "Maladie", false),
            34..38 => (rng.random_range(1..3i64), "Formation", false),
            38..39 if !ahead => (1, "Heures de délégation", true),
            _ => (0, "", false),
        };
        if days > 0 {
            let to = day.saturating_add((days - 1).days()).min(last);
            away.push(Away { from: day, to, afternoon, cause });
        }
        day = day.saturating_add(days.max(1).days());
    }
    away
}
