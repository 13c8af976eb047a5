//! Figures of one person: shut by default, by week at the finest, and every look is recorded.
//!
//! A person always sees their own. Anybody else needs the permission on the person's team
//! *and* a gate opened for a purpose that covers that team today. Answers that set people side
//! by side need the permission on the whole process and a gate that covers everybody.

use std::collections::BTreeSet;

use eclusier_calendar::{Zone, day_number};
use eclusier_core::{
    Denied, NodeId, Permission, PersonId, ProcessId, org::Person, rights::Subject,
};
use eclusier_eventlog::Filter;
use eclusier_mining::{Week, WeeksKernel};
use eclusier_registry::{AuditEntry, Gate, Session};
use jiff::{Span, civil::Date};
use serde_json::json;

use crate::{
    App,
    error::{AppError, AppResult},
    imports::Watch,
    retention::DETAIL_MONTHS,
};

/// Weeks of one person.
#[derive(Debug, Clone)]
pub struct WeeksView {
    /// Purpose of the gate it was seen through; `None` for the person.
    pub purpose: Option<String>,
    /// First and last day.
    pub period: (Date, Date),
    /// Weeks by process name.
    pub weeks: Vec<(String, Week)>,
}

/// How the weeks are counted, French then English.
pub const WEEKS_FORMULA: [&str; 2] = [
    "Tâches terminées par semaine ISO et par activité : nombre de lignes livrées portant votre pseudonyme et terminant une tâche. Ni durée, ni temps d’inactivité, ni rang ; jamais plus fin que la semaine.",
    "Tasks ended by ISO week and activity: number of delivered rows that carry your pseudonym and end a task. No duration, no idle time, no rank; never finer than a week.",
];

/// What the program knows of the holder of a handle.
pub struct Own {
    /// The account, absent for the owner of the machine.
    pub account: Option<eclusier_registry::Account>,
    /// The person behind.
    pub person: Option<Person>,
    /// Their weeks, when the logs know them.
    pub weeks: Option<WeeksView>,
    /// Who looked at their rows, latest first.
    pub looks: Vec<AuditEntry>,
    /// Their open sessions.
    pub sessions: Vec<Session>,
}

impl App {
    /// Weeks of a person, and the record that somebody looked.
    pub async fn weeks(
        &self,
        id: &PersonId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> AppResult<WeeksView> {
        let denied = || AppError::from(Denied { permission: Permission::IndividualRead });
        let own = self.who().person() == Some(id);
        let today = self.today().await?;
        let organisation = self.organisation().await?;
        let person = organisation.people.get(id);
        let mut purpose = None;
        if !own {
            self.require(Permission::IndividualRead)?;
            // An unknown person and one out of reach get the same answer.
            let person = person.ok_or_else(denied)?;
            let teams: BTreeSet<NodeId> = person.nodes(today).cloned().collect();
            let reached = teams.iter().any(|t| self.who().may_on(Permission::IndividualRead, t));
            let gates = self.inner.registry.gates().await?;
            let open = gates.iter().find(|gate| {
                gate.is_open(today)
                    && gate.node.as_ref().is_none_or(|node| {
                        let inside = organisation.subtree(node, today);
                        teams.iter().any(|t| inside.contains(t))
                    })
            });
            match open {
                Some(gate) if reached => purpose = Some(gate.purpose.clone()),
                _ => return Err(denied()),
            }
            self.note_look(&format!("person/{}", id.0), open, "weeks").await?;
        }
        let person =
            person.ok_or_else(|| AppError::NotFound { what: "person", name: id.0.clone() })?;
        // Detail older than its retention is no longer told, purged or not.
        let kept = today.checked_sub(Span::new().months(DETAIL_MONTHS)).unwrap_or(today);
        let from = from.unwrap_or(kept).max(kept);
        let to = to.unwrap_or(today).min(today).max(from);
        let mut view = WeeksView { purpose, period: (from, to), weeks: Vec::new() };
        if let Some(agent) = &person.agent {
            for process in self.process_ids().await? {
                let snapshot = match self.live(&process).await {
                    Ok(snapshot) => snapshot,
                    Err(AppError::NotFound { .. }) => continue,
                    Err(error) => return Err(error),
                };
                let rules = self.dated_rules(&process).await?;
                let name = rules.last().map_or("Europe/Paris", |r| r.rules.zone.as_str());
                let zone = Zone::new(name).unwrap_or_else(|_| Zone::utc());
                let kernel = WeeksKernel {
                    person: agent.clone(),
                    from_us: zone.start_of_day(day_number(from)),
                    until_us: zone.end_of_day(day_number(to)),
                    zone,
                };
                let label = self.label(&process).await?;
                let nothing = Filter::default();
                let weeks = self.run(snapshot, nothing, kernel, &Watch::default()).await?;
                view.weeks.extend(weeks.into_iter().map(|week| (label.clone(), week)));
            }
        }
        view.weeks
            .sort_by(|(a, x), (b, y)| (x.monday, a, &x.activity).cmp(&(y.monday, b, &y.activity)));
        Ok(view)
    }

    /// Lets through who may read individual data on a whole process, while a gate that covers
    /// everybody is open; the look is recorded first.
    pub(crate) async fn pass_gate(&self, process: &ProcessId, what: &'static str) -> AppResult<()> {
        let permission = Permission::IndividualRead;
        self.who().require_process(permission, process)?;
        let today = self.today().await?;
        let gates = self.inner.registry.gates().await?;
        let open = gates.iter().find(|g| g.node.is_none() && g.is_open(today));
        let gate = open.ok_or_else(|| AppError::from(Denied { permission }))?;
        self.note_look(&format!("process/{process}"), Some(gate), what).await
    }

    async fn note_look(
        &self,
        object: &str,
        gate: Option<&Gate>,
        what: &'static str,
    ) -> AppResult<()> {
        let details = json!({
            "what": what,
            "gate": gate.map(|g| g.id.as_str()),
            "purpose": gate.map(|g| g.purpose.as_str()),
        });
        let (by, at) = (self.actor(), self.now());
        let registry = &self.inner.registry;
        Ok(registry.record_act("individual.read", object, details, &by, at).await?)
    }

    /// What the program knows of the holder of this handle.
    pub async fn own_record(&self) -> AppResult<Own> {
        let registry = &self.inner.registry;
        let mut own = Own {
            account: None,
            person: None,
            weeks: None,
            looks: Vec::new(),
            sessions: Vec::new(),
        };
        if let Subject::Account { id, .. } = self.who().subject() {
            own.account = Some(registry.account(id).await?);
            own.sessions = registry.sessions_of(id, self.now()).await?;
        }
        if let Some(person) = self.who().person() {
            own.person = self.organisation().await?.people.get(person).cloned();
            own.looks = registry.looks_at(person, 200).await?;
            if own.person.as_ref().is_some_and(|p| p.agent.is_some()) {
                own.weeks = Some(self.weeks(person, None, None).await?);
            }
        }
        Ok(own)
    }
}
