//! The dated configuration of a process: rules that change with the years and
//! the bodies, and are therefore data, never code.
//!
//! A version is valid from a day until the next version begins. The TOML a
//! person writes is [`ProcessRules`]; see `docs/configuration.md` for an example.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::Period;

/// Who must act before the case can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// The body itself.
    Us,
    /// The insured person.
    Insured,
    /// The employer.
    Employer,
    /// Another body.
    OtherBody,
}

/// Which days a delay counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayCounter {
    /// *Ouvrés*: days the body works, Monday to Friday unless its calendar says otherwise.
    #[default]
    Worked,
    /// *Ouvrables*: Monday to Saturday but holidays.
    Ouvrable,
    /// *Calendaires*: every day.
    Calendar,
}

/// Activities that put a case on hold for someone else, and those that take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Activities that begin the hold.
    pub enter: Vec<String>,
    /// Activities that end it; when empty, any later event ends it.
    #[serde(default)]
    pub leave: Vec<String>,
    /// Who is awaited meanwhile.
    pub awaited: Awaited,
    /// Whether the item was sent back (a return) rather than only held.
    #[serde(default)]
    pub returned: bool,
}

/// Meaning of the activities of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct States {
    /// Activities after which the case is settled by a person.
    pub settled: Vec<String>,
    /// Activities after which the case is settled without human action.
    pub settled_auto: Vec<String>,
    /// Activities that cancel the case.
    pub cancelled: Vec<String>,
    /// Activities that send the case to another body.
    pub transferred: Vec<String>,
    /// Activities that never reopen a closed case (archiving, letters…).
    pub neutral: Vec<String>,
    /// Holds.
    pub hold: Vec<Hold>,
}

impl States {
    /// Whether any activity closes a case: otherwise the default rule is learned.
    pub fn says_when_closed(&self) -> bool {
        !(self.settled.is_empty()
            && self.settled_auto.is_empty()
            && self.cancelled.is_empty()
            && self.transferred.is_empty())
    }
}

/// Parameters of the rule learned when [`States`] closes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClosingRule {
    /// An activity is terminal when at least this share of its occurrences end their case; after
    /// another activity, a silence closes once this share of the cases silent as long never
    /// moved again.
    pub terminal_share: f64,
    /// After a rare activity, a silence longer than this quantile of the gaps seen closes.
    pub silence_quantile: f64,
    /// Silence in calendar days; `None` uses the quantile.
    pub silence_days: Option<f64>,
}

impl Default for ClosingRule {
    fn default() -> Self {
        // Chosen by cutting real logs where their future is known: docs/methods/closing-rule.md.
        Self { terminal_share: 0.9, silence_quantile: 0.95, silence_days: None }
    }
}

/// A delay promised, for all products or for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Product concerned; `None` for all.
    #[serde(default)]
    pub product: Option<String>,
    /// Days allowed, counted with `counter`, day 0 being the day of reception.
    pub days: u32,
    /// Which days count.
    #[serde(default)]
    pub counter: DayCounter,
    /// Share of cases that must be in time, between 0 and 1.
    #[serde(default)]
    pub share: Option<f64>,
    /// Stock the body aims at, in cases.
    #[serde(default)]
    pub stock: Option<u64>,
}

/// A dated window left out of some figures, with the reason shown beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Product concerned; `None` for all.
    #[serde(default)]
    pub product: Option<String>,
    /// Why, shown on screen.
    pub reason: String,
}

impl Exclusion {
    /// Whether an item of this product received that day is left out.
    pub fn covers(&self, day: Date, product: Option<&str>) -> bool {
        self.from <= day
            && day <= self.to
            && self.product.as_deref().is_none_or(|p| Some(p) == product)
    }
}

/// A season that brings more work than usual: back to school, income statements, end of year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Name, shown on screen.
    pub name: String,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Product concerned; `None` for all.
    #[serde(default)]
    pub product: Option<String>,
    /// Items expected on top of the usual ones, over the whole campaign.
    #[serde(default)]
    pub expected: Option<u64>,
    /// Forecast as the last campaign of this name, not as all of them; an expected size rules.
    #[serde(default)]
    pub like_last_time: bool,
}

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Work stopped, here or where requests come from.
    Strike,
    /// A right or a procedure changed.
    Rule,
    /// Anything else.
    #[default]
    Other,
}

/// Something that happens once and moves arrivals: a strike, a new rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Name, shown on screen.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: EventKind,
    /// First day.
    pub from: Date,
    /// Last day; `None` for good.
    #[serde(default)]
    pub to: Option<Date>,
    /// Product concerned; `None` for all.
    #[serde(default)]
    pub product: Option<String>,
    /// Share by which arrivals are expected to change: -0.3 for three in ten fewer. `None` to
    /// learn it from what came.
    #[serde(default)]
    pub effect: Option<f64>,
}

/// Least and most that an event may be expected to do.
pub const EVENT_EFFECT: (f64, f64) = (-0.99, 20.0);

/// Where a unit time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeBasis {
    /// Measured on the body's own work.
    Measured,
    /// Told by those who do the work.
    Declared,
    /// Agreed with the body's partners.
    #[default]
    Agreed,
}

/// Working time that one item takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitTime {
    /// Product concerned; `None` for all the others.
    #[serde(default)]
    pub product: Option<String>,
    /// Activity concerned; `None` for the whole case.
    #[serde(default)]
    pub activity: Option<String>,
    /// Minutes of work.
    pub minutes: f64,
    /// Where it comes from.
    #[serde(default)]
    pub basis: TimeBasis,
}

/// A day or half-day on which the body is closed beside the holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The day.
    pub date: Date,
    /// Only half of it.
    #[serde(default)]
    pub half: bool,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Hours on which the body is open, on some weekdays it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Days of the week, 1 = Monday; all those worked when empty.
    #[serde(default)]
    pub weekdays: Vec<u8>,
    /// Opens.
    pub from: Time,
    /// Closes; 00:00 is the end of the day.
    pub to: Time,
}

/// Two activities of a case that one person must not do both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duties {
    /// First activity.
    pub a: String,
    /// Second activity.
    pub b: String,
}

/// When a process is said tense or critical. With a share to hold, by how far it is
/// missed; otherwise by the part of the stock past its date.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertRules {
    /// Tense when the share in time misses its target by more than this (0.02 is 2 points).
    pub tense_points: f64,
    /// Critical beyond this.
    pub critical_points: f64,
    /// Tense when more than this part of the stock is past its date.
    pub tense_late_share: f64,
    /// Critical beyond this.
    pub critical_late_share: f64,
}

impl Default for AlertRules {
    fn default() -> Self {
        Self {
            tense_points: 0.0,
            critical_points: 0.10,
            tense_late_share: 0.05,
            critical_late_share: 0.20,
        }
    }
}

/// One version of the rules of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessRules {
    /// Name shown on screen; the process id when empty.
    pub label: String,
    /// Time zone of the body (IANA).
    pub zone: String,
    /// Holiday zone: `metropole`, `alsace-moselle`, `guadeloupe`…
    pub calendar: String,
    /// School zone `A`, `B`, `C`, `corse`…
    pub school_zone: Option<String>,
    /// Days of the week worked, 1 = Monday.
    pub worked_weekdays: Vec<u8>,
    /// Meaning of the activities.
    pub states: States,
    /// Parameters of the default rule.
    pub closing_rule: ClosingRule,
    /// When the process is said tense or critical.
    pub alert: AlertRules,
    /// Targets; the most specific product wins.
    pub target: Vec<Target>,
    /// Windows left out of the age of stock and of delays.
    pub exclusion: Vec<Exclusion>,
    /// Periods left out of indicators and of learning, shown in grey.
    pub neutralised: Vec<Exclusion>,
    /// Local closures.
    pub closure: Vec<Closure>,
    /// Opening hours, which worked time counts; seven hours a day when empty.
    pub hours: Vec<Hours>,
    /// Activities that two people must share on each case.
    pub separate: Vec<Duties>,
    /// Seasons that bring more work than usual.
    pub campaign: Vec<Campaign>,
    /// What happens once and moves arrivals.
    pub event: Vec<Event>,
    /// Working time per item; the most specific of product and activity wins.
    pub unit_time: Vec<UnitTime>,
    /// Worked days over which mean daily output is taken for the stock in days.
    pub output_window_days: u32,
    /// Stock of the source tool typed by a person, for the control total.
    pub expected_stock: Vec<ExpectedStock>,
}

/// Control total: the stock the source tool shows on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedStock {
    /// Day, at its end.
    pub date: Date,
    /// Stock shown by the source tool.
    pub stock: i64,
}

impl Default for ProcessRules {
    fn default() -> Self {
        Self {
            label: String::new(),
            zone: "Europe/Paris".into(),
            calendar: "metropole".into(),
            school_zone: None,
            worked_weekdays: vec![1, 2, 3, 4, 5],
            states: States::default(),
            closing_rule: ClosingRule::default(),
            alert: AlertRules::default(),
            target: Vec::new(),
            exclusion: Vec::new(),
            neutralised: Vec::new(),
            closure: Vec::new(),
            hours: Vec::new(),
            separate: Vec::new(),
            campaign: Vec::new(),
            event: Vec::new(),
            unit_time: Vec::new(),
            output_window_days: 20,
            expected_stock: Vec::new(),
        }
    }
}

/// A defect found in a configuration, for a person to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigProblem {
    /// Key path (`target[0].days`).
    pub key: String,
    /// What is wrong and what to write, in French.
    pub fr: String,
    /// The same in English.
    pub en: String,
}

impl ProcessRules {
    /// Reads the TOML a person wrote; unknown keys are refused with their line.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Writes the TOML back.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    /// The target of a product: its own if there is one, else the general one.
    pub fn target_for(&self, product: Option<&str>) -> Option<&Target> {
        self.target
            .iter()
            .find(|t| t.product.is_some() && t.product.as_deref() == product)
            .or_else(|| self.target.iter().find(|t| t.product.is_none()))
    }

    /// Checks ranges and contradictions; an empty list means the rules can be used.
    pub fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut say = |key: &str, fr: String, en: String| {
            problems.push(ConfigProblem { key: key.into(), fr, en });
        };
        if jiff::tz::TimeZone::get(&self.zone).is_err() {
            say(
                "zone",
                format!(
                    "fuseau horaire inconnu « {} » : écrire par exemple Europe/Paris",
                    self.zone
                ),
                format!("unknown time zone {:?}: write for example Europe/Paris", self.zone),
            );
        }
        if self.worked_weekdays.is_empty()
            || self.worked_weekdays.iter().any(|d| !(1..=7).contains(d))
        {
            say(
                "worked_weekdays",
                "jours travaillés : une liste non vide de nombres de 1 (lundi) à 7".into(),
                "worked weekdays: a non-empty list of numbers from 1 (Monday) to 7".into(),
            );
        }
        for (key, share) in [
            ("closing_rule.terminal_share", self.closing_rule.terminal_share),
            ("closing_rule.silence_quantile", self.closing_rule.silence_quantile),
        ] {
            if !(share > 0.0 && share <= 1.0) {
                say(
                    key,
                    format!("{share} : une part entre 0 et 1 est attendue"),
                    format!("{share}: a share between 0 and 1 is expected"),
                );
            }
        }
        for (key, value) in [
            ("alert.tense_points", self.alert.tense_points),
            ("alert.critical_points", self.alert.critical_points),
            ("alert.tense_late_share", self.alert.tense_late_share),
            ("alert.critical_late_share", self.alert.critical_late_share),
        ] {
            if !(0.0..=1.0).contains(&value) {
                say(
                    key,
                    format!("{value} : un seuil entre 0 et 1 est attendu (5 % s’écrit 0.05)"),
                    format!("{value}: a threshold between 0 and 1 is expected (5% is 0.05)"),
                );
            }
        }
        let alert = &self.alert;
        for (key, tense, critical) in [
            ("alert.critical_points", alert.tense_points, alert.critical_points),
            ("alert.critical_late_share", alert.tense_late_share, alert.critical_late_share),
        ] {
            if critical < tense {
                say(
                    key,
                    format!("critique à {critical}, avant tendu à {tense} : inverser les seuils"),
                    format!("critical at {critical}, before tense at {tense}: swap the thresholds"),
                );
            }
        }
        for (i, target) in self.target.iter().enumerate() {
            if target.share.is_some_and(|s| !(0.0..=1.0).contains(&s)) {
                say(
                    &format!("target[{i}].share"),
                    "la part à tenir se donne entre 0 et 1 (85 % s’écrit 0.85)".into(),
                    "the share to hold is given between 0 and 1 (85 % is 0.85)".into(),
                );
            }
            if self.target.iter().take(i).any(|other| other.product == target.product) {
                say(
                    &format!("target[{i}].product"),
                    "deux cibles pour le même produit : n’en garder qu’une".into(),
                    "two targets for the same product: keep one".into(),
                );
            }
        }
        for (key, windows) in [("exclusion", &self.exclusion), ("neutralised", &self.neutralised)] {
            for (i, window) in windows.iter().enumerate() {
                if Period::new(window.from, window.to).is_err() {
                    let [fr, en] = backwards(window.from, window.to);
                    say(&format!("{key}[{i}]"), fr, en);
                }
            }
        }
        for (i, campaign) in self.campaign.iter().enumerate() {
            if Period::new(campaign.from, campaign.to).is_err() {
                let [fr, en] = backwards(campaign.from, campaign.to);
                say(&format!("campaign[{i}]"), fr, en);
            }
            if campaign.name.trim().is_empty() {
                say(
                    &format!("campaign[{i}].name"),
                    "une campagne porte un nom".into(),
                    "a campaign has a name".into(),
                );
            }
        }
        for (i, event) in self.event.iter().enumerate() {
            if let Some(to) = event.to.filter(|to| *to < event.from) {
                let [fr, en] = backwards(event.from, to);
                say(&format!("event[{i}]"), fr, en);
            }
            if event.name.trim().is_empty() {
                say(
                    &format!("event[{i}].name"),
                    "un événement porte un nom".into(),
                    "an event has a name".into(),
                );
            }
            let (least, most) = EVENT_EFFECT;
            if event.effect.is_some_and(|e| !(least..=most).contains(&e)) {
                say(
                    &format!("event[{i}].effect"),
                    "l’effet attendu est une part entre -0.99 et 20 (30\u{a0}% de moins s’écrit -0.3)".into(),
                    "the expected effect is a share between -0.99 and 20 (30% fewer is -0.3)".into(),
                );
            }
        }
        for (i, time) in self.unit_time.iter().enumerate() {
            if !(time.minutes > 0.0 && time.minutes <= LONGEST_ITEM) {
                say(
                    &format!("unit_time[{i}].minutes"),
                    format!(
                        "{} minutes : un temps de travail entre 0 et 10 000 minutes est attendu",
                        time.minutes
                    ),
                    format!(
                        "{} minutes: a working time between 0 and 10,000 minutes is expected",
                        time.minutes
                    ),
                );
            }
            let same = |o: &UnitTime| (&o.product, &o.activity) == (&time.product, &time.activity);
            if self.unit_time.iter().take(i).any(same) {
                say(
                    &format!("unit_time[{i}]"),
                    "deux temps unitaires pour le même produit et la même activité : n’en garder qu’un".into(),
                    "two unit times for the same product and activity: keep one".into(),
                );
            }
        }
        for (i, hours) in self.hours.iter().enumerate() {
            if hours.to != Time::midnight() && hours.to <= hours.from {
                say(
                    &format!("hours[{i}]"),
                    format!(
                        "ouvert de {} à {} : la fin vient après le début",
                        hours.from, hours.to
                    ),
                    format!(
                        "open from {} to {}: the end comes after the beginning",
                        hours.from, hours.to
                    ),
                );
            }
            if hours.weekdays.iter().any(|d| !(1..=7).contains(d)) {
                say(
                    &format!("hours[{i}].weekdays"),
                    "jours de la semaine : des nombres de 1 (lundi) à 7".into(),
                    "weekdays: numbers from 1 (Monday) to 7".into(),
                );
            }
        }
        for (i, duties) in self.separate.iter().enumerate() {
            if duties.a == duties.b {
                say(
                    &format!("separate[{i}]"),
                    format!("« {} » deux fois : nommer deux activités", duties.a),
                    format!("“{}” twice: name two activities", duties.a),
                );
            }
        }
        let closing = [
            &self.states.settled,
            &self.states.settled_auto,
            &self.states.cancelled,
            &self.states.transferred,
        ];
        let mut seen = std::collections::BTreeSet::new();
        for activity in closing.into_iter().flatten() {
            if !seen.insert(activity) {
                say(
                    "states",
                    format!("l’activité « {activity} » ferme le dossier de deux façons"),
                    format!("activity {activity:?} closes a case in two ways"),
                );
            }
        }
        problems
    }
}

/// Minutes of work beyond which a unit time is a typing mistake: four weeks.
const LONGEST_ITEM: f64 = 10_000.0;

fn backwards(from: Date, to: Date) -> [String; 2] {
    [
        format!("la fin {to} précède le début {from}"),
        format!("the end {to} comes before the start {from}"),
    ]
}

/// A version of the rules and the day it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatedRules {
    /// First day of validity.
    pub from: Date,
    /// The rules.
    pub rules: ProcessRules,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_survive_a_round_trip_through_toml() {
        let mut rules = ProcessRules { label: "Retraite".into(), ..Default::default() };
        rules.states.settled.push("Notification envoyée".into());
        rules.states.hold.push(Hold {
            enter: vec!["Pièce demandée".into()],
            leave: vec![],
            awaited: Awaited::Insured,
            returned: true,
        });
        rules.target.push(Target {
            product: None,
            days: 15,
            counter: DayCounter::Worked,
            share: Some(0.85),
            stock: None,
        });
        let text = rules.to_toml().unwrap_or_default();
        assert_eq!(ProcessRules::from_toml(&text).ok(), Some(rules));
    }

    #[test]
    fn hours_are_read_as_times_of_the_day_and_checked() {
        let text = "[[hours]]\nweekdays = [1, 2]\nfrom = \"08:30\"\nto = \"17:00\"\n";
        let rules = ProcessRules::from_toml(text).unwrap_or_default();
        assert_eq!(rules.hours.len(), 1);
        assert!(rules.check().is_empty());
        assert_eq!(ProcessRules::from_toml(&rules.to_toml().unwrap_or_default()).ok(), Some(rules));
        let wrong = ProcessRules::from_toml("[[hours]]\nfrom = \"12:00\"\nto = \"09:00\"\n");
        assert_eq!(wrong.unwrap_or_default().check().len(), 1);
    }

    #[test]
    fn an_unknown_key_is_refused_not_ignored() {
        assert!(ProcessRules::from_toml("zonne = \"Europe/Paris\"").is_err());
    }

    #[test]
    fn contradictions_are_named() {
        let mut rules = ProcessRules { zone: "Europe/Pari".into(), ..Default::default() };
        rules.states.settled.push("Fin".into());
        rules.states.cancelled.push("Fin".into());
        let keys: Vec<_> = rules.check().into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["zone", "states"]);
    }

    #[test]
    fn thresholds_campaigns_and_times_that_cannot_be_are_named() {
        let day = jiff::civil::date;
        let campaign = |name: &str, from, to| Campaign {
            name: name.into(),
            from,
            to,
            product: None,
            expected: None,
            like_last_time: false,
        };
        let event = |name: &str, to, effect| Event {
            name: name.into(),
            kind: EventKind::Strike,
            from: day(2026, 3, 2),
            to,
            product: None,
            effect,
        };
        let time = |minutes| UnitTime {
            product: Some("RSA".into()),
            activity: None,
            minutes,
            basis: TimeBasis::Measured,
        };
        let target = Target {
            product: None,
            days: 10,
            counter: DayCounter::Worked,
            share: None,
            stock: None,
        };
        let mut rules = ProcessRules {
            campaign: vec![
                campaign("Rentrée", day(2026, 9, 1), day(2026, 8, 1)),
                campaign(" ", day(2026, 1, 1), day(2026, 1, 31)),
            ],
            event: vec![
                event("Grève", Some(day(2026, 3, 1)), Some(-0.3)),
                event("", None, Some(-1.0)),
                event("Décret", None, None),
                event("Grève", Some(day(2026, 3, 2)), Some(f64::NAN)),
            ],
            unit_time: vec![time(24.5), time(f64::NAN)],
            target: vec![target.clone(), target],
            ..Default::default()
        };
        (rules.alert.tense_points, rules.alert.critical_late_share) = (0.2, 1.5);
        let keys: Vec<_> = rules.check().into_iter().map(|p| p.key).collect();
        assert_eq!(
            keys,
            [
                "alert.critical_late_share",
                "alert.critical_points",
                "target[1].product",
                "campaign[0]",
                "campaign[1].name",
                "event[0]",
                "event[1].name",
                "event[1].effect",
                "event[3].effect",
                "unit_time[1].minutes",
                "unit_time[1]",
            ]
        );
        assert!(ProcessRules::default().check().is_empty());
    }
}
