//! What a list changes, in words, for whoever decides.
//!
//! - Computes: one line per edit that a list means, with the names of the screens.
//! - Units: civil days, first and last included.
//! - Shapes: edits and the organisation before them in, [`StaffChange`]s out.
//! - Errors: none.
//! - Source: `docs/organisation.md`.

use std::collections::{BTreeMap, HashMap};

use eclusier_core::{
    Lang, NodeId, Organisation, PersonId,
    org::{DatedFact, Edit, Fact, Person, Validity},
};
use jiff::civil::Date;

use crate::organisation::kind_fr;

/// How something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSort {
    /// It begins to be known.
    Added,
    /// It is known otherwise.
    Changed,
    /// It ends, or was never true.
    Ended,
}

impl ChangeSort {
    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeSort::Added => "added",
            ChangeSort::Changed => "changed",
            ChangeSort::Ended => "ended",
        }
    }
}

/// One change that a list makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffChange {
    /// First line of the file that speaks of it.
    pub line: Option<u64>,
    /// Whose: a name, when names are kept, or that of a unit; empty otherwise.
    pub whose: String,
    /// How.
    pub sort: ChangeSort,
    /// What, French then English.
    pub words: [String; 2],
}

/// Changes told one by one; beyond, the figures speak.
const MOST: usize = 200;

/// The changes that edits make, the first of them.
pub(crate) fn told(
    edits: &[Edit],
    lines: &BTreeMap<PersonId, u64>,
    before: &Organisation,
) -> Vec<StaffChange> {
    let names = Names::of(edits, before);
    edits
        .iter()
        .take(MOST)
        .map(|edit| {
            let (sort, words) = words(edit, &names);
            StaffChange {
                line: edit.person().and_then(|id| lines.get(id).copied()),
                whose: names.whose(edit),
                sort,
                words,
            }
        })
        .collect()
}

/// What the screens call people and units, before the edits or after them.
struct Names<'a> {
    before: &'a Organisation,
    nodes: HashMap<&'a NodeId, &'a str>,
    people: HashMap<&'a PersonId, &'a Person>,
}

impl<'a> Names<'a> {
    fn of(edits: &'a [Edit], before: &'a Organisation) -> Self {
        let mut names = Self { before, nodes: HashMap::new(), people: HashMap::new() };
        for edit in edits {
            match edit {
                Edit::AddNode { node } | Edit::PutNode { node } => {
                    names.nodes.insert(&node.id, &node.label);
                }
                Edit::AddPerson { person } | Edit::PutPerson { person } => {
                    names.people.insert(&person.id, person);
                }
                _ => {}
            }
        }
        names
    }

    fn node(&self, id: &NodeId) -> &str {
        let known = || self.before.nodes.get(id).map(|node| node.label.as_str());
        self.nodes.get(id).copied().or_else(known).unwrap_or("?")
    }

    fn whose(&self, edit: &Edit) -> String {
        match (edit.node(), edit.person()) {
            (Some(node), _) => self.node(node).to_owned(),
            (None, Some(id)) => {
                let known = || self.before.people.get(id);
                let person = self.people.get(id).copied().or_else(known);
                person.map_or_else(String::new, |p| {
                    format!("{} {}", p.given, p.family).trim().to_owned()
                })
            }
            (None, None) => String::new(),
        }
    }

    fn fact(&self, person: &PersonId, id: i64) -> Option<&DatedFact> {
        self.before.people.get(person)?.facts.iter().find(|fact| fact.id == id)
    }

    /// What holds, in a language.
    fn what(&self, fact: &Fact, lang: Lang) -> String {
        let fr = lang == Lang::Fr;
        match fact {
            Fact::Membership { node } if fr => format!("rattachement à « {} »", self.node(node)),
            Fact::Membership { node } => format!("member of “{}”", self.node(node)),
            Fact::Contract { share, weekly_hours, .. } => {
                let percent = number((share * 1e4).round() / 1e2, lang);
                let hours = number(*weekly_hours, lang);
                match fr {
                    true => format!("contrat à {percent}\u{202f}%, {hours}\u{a0}h par semaine"),
                    false => format!("contract of {percent}%, {hours} h a week"),
                }
            }
            Fact::Skill { skill, theory, practice, authorised, .. } => match (fr, authorised) {
                (true, true) => {
                    format!(
                        "compétence {skill} (théorie {theory}, pratique {practice}, décide seul)"
                    )
                }
                (true, false) => {
                    format!("compétence {skill} (théorie {theory}, pratique {practice})")
                }
                (false, true) => {
                    format!("skill {skill} (theory {theory}, practice {practice}, decides alone)")
                }
                (false, false) => format!("skill {skill} (theory {theory}, practice {practice})"),
            },
            // Why somebody is away is not told in a list that others may look at.
            Fact::Absence { .. } => "absence".to_owned(),
            Fact::RampUp { start } => {
                let percent = number((start * 1e4).round() / 1e2, lang);
                match fr {
                    true => format!("montée en charge depuis {percent}\u{202f}%"),
                    false => format!("ramp-up from {percent}%"),
                }
            }
        }
    }

    /// What holds and when, in both languages.
    fn dated(&self, fact: &DatedFact) -> [String; 2] {
        [Lang::Fr, Lang::En]
            .map(|lang| format!("{}{}", self.what(&fact.fact, lang), days(&fact.valid, lang)))
    }
}

fn words(edit: &Edit, names: &Names<'_>) -> (ChangeSort, [String; 2]) {
    match edit {
        Edit::AddNode { node } => {
            let first = node.places.iter().map(|p| p.valid.from).min().unwrap_or_default();
            let (fr, en) = (kind_fr(node.kind), node.kind.as_str());
            let from = [day(first, Lang::Fr), day(first, Lang::En)];
            let words = [
                format!("{fr} à créer, dès le {}", from[0]),
                format!("{en} to make, from {}", from[1]),
            ];
            (ChangeSort::Added, words)
        }
        Edit::PutNode { node } => {
            let first = node.places.iter().map(|p| p.valid.from).min().unwrap_or_default();
            let words = [
                format!("existe dès le {}", day(first, Lang::Fr)),
                format!("stands from {}", day(first, Lang::En)),
            ];
            (ChangeSort::Changed, words)
        }
        Edit::AddPerson { .. } => {
            (ChangeSort::Added, ["personne à ajouter".into(), "person to add".into()])
        }
        Edit::PutPerson { person } => {
            let known = names.before.people.get(&person.id);
            match (known.map(|known| known.active), person.active) {
                (Some(true), false) => {
                    (ChangeSort::Ended, ["quitte l’organisme".into(), "leaves the body".into()])
                }
                (Some(false), true) => {
                    (ChangeSort::Changed, ["revient dans l’organisme".into(), "is back".into()])
                }
                _ => (
                    ChangeSort::Changed,
                    [
                        "nom, adresse ou identifiant mis à jour".into(),
                        "name, address or identifier brought up to date".into(),
                    ],
                ),
            }
        }
        Edit::AddFact { fact, .. } => (ChangeSort::Added, names.dated(fact)),
        Edit::PutFact { person, fact } => {
            let told = names.dated(fact);
            let Some(known) = names.fact(person, fact.id) else {
                return (ChangeSort::Changed, told);
            };
            let sooner = fact.valid.to.is_some_and(|to| known.valid.to.is_none_or(|k| to < k));
            if sooner && known.fact == fact.fact && known.valid.from == fact.valid.from {
                return (ChangeSort::Ended, told);
            }
            let [was_fr, was_en] = names.dated(known);
            let [fr, en] = told;
            let words = [format!("{fr} (au lieu de : {was_fr})"), format!("{en} (was: {was_en})")];
            (ChangeSort::Changed, words)
        }
        Edit::DropFact { person, fact, .. } => {
            let [fr, en] =
                names.fact(person, *fact).map(|known| names.dated(known)).unwrap_or_default();
            (ChangeSort::Ended, [format!("{fr} : à retirer"), format!("{en}: to remove")])
        }
    }
}

fn days(valid: &Validity, lang: Lang) -> String {
    let from = day(valid.from, lang);
    match (valid.to.map(|to| day(to, lang)), lang) {
        (None, Lang::Fr) => format!(", à partir du {from}"),
        (None, _) => format!(", from {from}"),
        (Some(to), Lang::Fr) if to == from => format!(", le {to}"),
        (Some(to), _) if to == from => format!(", on {to}"),
        (Some(to), Lang::Fr) => format!(", du {from} au {to}"),
        (Some(to), _) => format!(", from {from} to {to}"),
    }
}

fn day(day: Date, lang: Lang) -> String {
    match lang {
        Lang::Fr => day.strftime("%d/%m/%Y").to_string(),
        Lang::En => day.to_string(),
    }
}

fn number(value: f64, lang: Lang) -> String {
    let text = value.to_string();
    if lang == Lang::Fr { text.replace('.', ",") } else { text }
}
