//! How long data about people is kept, and the purge that proves it is gone.

use eclusier_core::Permission;
use eclusier_registry::Purge;
use jiff::{Span, civil::Date};

use crate::{App, error::AppResult};

/// Months during which the detail of one person is told and kept.
pub const DETAIL_MONTHS: i64 = 3;
/// Months an absence is kept after its last day.
const ABSENCE_MONTHS: i64 = 13;
/// Months the record of a sign-in session is kept: none beyond its end.
const SESSION_MONTHS: i64 = 0;
/// Months a person who left stays named.
const LEAVER_MONTHS: i64 = 13;

/// A rule of retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionRule {
    /// Stable id.
    pub id: &'static str,
    /// What is kept, French then English.
    pub label: [&'static str; 2],
    /// Months.
    pub months: i64,
}

/// The rules, in the order they are shown.
pub const RULES: &[RetentionRule] = &[
    RetentionRule {
        id: "individual_detail",
        label: [
            "Détail hebdomadaire d’une personne : consultable sur cette durée, jamais conservé à part",
            "Weekly detail of one person: can be seen over this time, never stored apart",
        ],
        months: DETAIL_MONTHS,
    },
    RetentionRule {
        id: "absences",
        label: ["Absences passées", "Past absences"],
        months: ABSENCE_MONTHS,
    },
    RetentionRule {
        id: "leavers",
        label: [
            "Nom et adresse des personnes parties (le compte rendu des droits garde leur numéro)",
            "Name and address of people who left (the record of rights keeps their number)",
        ],
        months: LEAVER_MONTHS,
    },
    RetentionRule {
        id: "sessions",
        label: ["Sessions terminées", "Ended sessions"],
        months: SESSION_MONTHS,
    },
];

/// A rule and what it would remove today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: RetentionRule,
    /// Rows that would go.
    pub rows: u64,
}

impl App {
    /// The rules with what a purge would remove today, and the purges made, latest first.
    pub async fn retention(&self) -> AppResult<(Vec<Due>, Vec<Purge>)> {
        self.require(Permission::MethodRead)?;
        let today = self.today().await?;
        let mut due = Vec::with_capacity(RULES.len());
        for rule in RULES {
            let rows =
                self.inner.registry.purgeable(rule.id, before(rule, today), self.now()).await?;
            due.push(Due { rule: *rule, rows });
        }
        Ok((due, self.inner.registry.purges().await?))
    }

    /// The rules alone: they concern everybody.
    pub fn retention_rules(&self) -> Vec<Due> {
        RULES.iter().map(|rule| Due { rule: *rule, rows: 0 }).collect()
    }

    /// Removes what is older than its retention; each rule leaves its proof.
    pub async fn purge(&self) -> AppResult<Vec<Purge>> {
        self.require_all(Permission::RetentionWrite)?;
        let today = self.today().await?;
        let mut made = Vec::new();
        for rule in RULES {
            let before = before(rule, today);
            let registry = &self.inner.registry;
            made.extend(registry.purge(rule.id, before, &self.actor(), self.now()).await?);
        }
        Ok(made)
    }
}

fn before(rule: &RetentionRule, today: Date) -> Date {
    today.checked_sub(Span::new().months(rule.months)).unwrap_or(Date::MIN)
}
