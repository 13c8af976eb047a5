//! The staff list as a file: what it says is what importing it again would say.

use eclusier_core::{
    Lang, NodeId, Organisation, Permission,
    org::{DatedFact, Fact, NodeKind, Person},
};
use jiff::tz::TimeZone;

use crate::{
    App,
    error::AppResult,
    exports::{Cell, Column, ExportFormat, Holds, Table},
    organisation::plain,
};

const fn column(name: &'static str, fr: &'static str, en: &'static str, holds: Holds) -> Column {
    Column { name, fr, en, holds }
}

/// Columns of the list, in order; the headings are those the reader knows.
const COLUMNS: [Column; 20] = [
    column("person", "Identifiant", "Staff ID", Holds::Text),
    column("family", "Nom", "Last name", Holds::Text),
    column("given", "Prénom", "First name", Holds::Text),
    column("email", "Courriel", "Email", Holds::Text),
    column("org", "Organisme", "Organisation", Holds::Text),
    column("site", "Site", "Site", Holds::Text),
    column("service", "Service", "Department", Holds::Text),
    column("unit", "Équipe", "Team", Holds::Text),
    column("share", "Quotité", "Contract share", Holds::Number),
    column("weekly_hours", "Heures par semaine", "Hours per week", Holds::Number),
    column("weekdays", "Jours travaillés", "Worked days", Holds::Text),
    column("calendar", "Calendrier", "Calendar", Holds::Text),
    column("skill", "Compétence", "Skill", Holds::Text),
    column("theory", "Théorie", "Theory", Holds::Whole),
    column("practice", "Pratique", "Practice", Holds::Whole),
    column("intensity", "Intensité", "Intensity", Holds::Number),
    column("authorised", "Habilité", "Authorised", Holds::Text),
    column("ramp_up", "Montée en charge", "Ramp-up", Holds::Number),
    column("from", "Du", "From", Holds::Day),
    column("to", "Au", "To", Holds::Day),
];

/// Rank of a column by its stable name.
const fn at(name: &str) -> usize {
    let mut rank = 0;
    while rank < COLUMNS.len() {
        let (a, b) = (COLUMNS[rank].name.as_bytes(), name.as_bytes());
        let mut same = a.len() == b.len();
        let mut i = 0;
        while same && i < a.len() {
            same = a[i] == b[i];
            i += 1;
        }
        if same {
            return rank;
        }
        rank += 1;
    }
    COLUMNS.len()
}

impl App {
    /// The staff list of people in reach, one row per dated fact; absences are not in it.
    pub async fn staff_list(&self, format: ExportFormat, lang: Lang) -> AppResult<Vec<u8>> {
        self.require(Permission::PeopleRead)?;
        let organisation = self.organisation().await?;
        let today = self.today().await?;
        let mut people: Vec<&Person> = organisation
            .people
            .values()
            .filter(|person| self.may_see(&organisation, person, today))
            .collect();
        people.sort_by_cached_key(|p| (plain(&format!("{} {}", p.family, p.given)), p.id.clone()));
        let mut rows = Vec::new();
        for person in people {
            let mut facts: Vec<&DatedFact> = person.facts.iter().collect();
            facts.sort_by_key(|fact| (fact.valid.from, fact.id));
            rows.extend(facts.iter().filter_map(|fact| row(&organisation, person, fact, lang)));
        }
        let body = self.inner.registry.body().await?;
        let count = rows.len() as u64;
        let table = Table {
            title: ["Personnel".into(), "Staff".into()],
            columns: COLUMNS.to_vec(),
            rows,
            notice: vec![
                (
                    ["Contenu".into(), "Content".into()],
                    lang.pick(
                        "une ligne par période ; aucune absence ; l’identifiant est celui du programme",
                        "one row per period; no absence; the identifier is the program's",
                    )
                    .to_owned(),
                ),
                (["Au".into(), "As of".into()], today.to_string()),
            ],
            zone: TimeZone::get(&body.zone).unwrap_or(TimeZone::UTC),
        };
        let bytes = self.write_table(table, format, lang).await?;
        self.record_export("staff", count).await?;
        Ok(bytes)
    }
}

fn row(
    organisation: &Organisation,
    person: &Person,
    fact: &DatedFact,
    lang: Lang,
) -> Option<Vec<Cell>> {
    let mut cells = vec![Cell::Empty; COLUMNS.len()];
    let mut set = |name: &str, cell: Cell| {
        if let Some(slot) = cells.get_mut(at(name)) {
            *slot = cell;
        }
    };
    let text = |text: &str| match text {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    };
    set("person", text(&person.id.0));
    set("family", text(&person.family));
    set("given", text(&person.given));
    set("email", text(&person.email));
    set("from", Cell::Day(fact.valid.from));
    set("to", fact.valid.to.map_or(Cell::Empty, Cell::Day));
    match &fact.fact {
        Fact::Membership { node } => {
            let path = path(organisation, node, fact);
            // A site that hangs below no body stands for one.
            let body = path.iter().any(|n| n.0 == NodeKind::Body);
            let top = if body { NodeKind::Body } else { NodeKind::Site };
            for (name, kind) in [
                ("org", Some(top)),
                ("site", body.then_some(NodeKind::Site)),
                ("service", Some(NodeKind::Service)),
                ("unit", Some(NodeKind::Team)),
            ] {
                let found = path.iter().find(|n| Some(n.0) == kind);
                set(name, found.map_or(Cell::Empty, |(_, code)| text(code)));
            }
        }
        Fact::Contract { share, weekly_hours, worked_weekdays, calendar } => {
            set("share", Cell::Number(*share));
            set("weekly_hours", Cell::Number(*weekly_hours));
            set("weekdays", text(&weekdays(worked_weekdays, lang)));
            set("calendar", text(calendar.as_deref().unwrap_or("")));
        }
        Fact::Skill { skill, theory, practice, intensity, authorised } => {
            set("skill", text(skill));
            set("theory", Cell::Whole(i64::from(*theory)));
            set("practice", Cell::Whole(i64::from(*practice)));
            set("intensity", intensity.map_or(Cell::Empty, Cell::Number));
            let words = if *authorised { ("oui", "yes") } else { ("non", "no") };
            set("authorised", text(lang.pick(words.0, words.1)));
        }
        Fact::RampUp { start } => set("ramp_up", Cell::Number(*start)),
        Fact::Absence { .. } => return None,
    }
    Some(cells)
}

/// Kind and code of a node and of those above, on the first day of a membership.
fn path<'a>(
    organisation: &'a Organisation,
    node: &NodeId,
    fact: &DatedFact,
) -> Vec<(NodeKind, &'a str)> {
    let above = organisation.above(node, fact.valid.from);
    std::iter::once(node)
        .chain(above.iter())
        .filter_map(|id| organisation.nodes.get(id))
        .map(|node| (node.kind, node.code.as_str()))
        .collect()
}

fn weekdays(days: &[u8], lang: Lang) -> String {
    let fr = ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"];
    let en = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let names = if lang == Lang::Fr { fr } else { en };
    let name = |day: &u8| usize::from(*day).checked_sub(1).and_then(|i| names.get(i)).copied();
    days.iter().filter_map(name).collect::<Vec<_>>().join(" ")
}
