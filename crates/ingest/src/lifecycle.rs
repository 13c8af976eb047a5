//! What pairing of lifecycle rows should tell a person.

use eclusier_eventlog::Pairing;

use crate::finding::{Code, Finding, Findings};

/// The findings of an import whose rows carry lifecycle transitions; none when every
/// start met its completion, or when no transition was delivered.
pub fn lifecycle_findings(pairing: &Pairing) -> Vec<Finding> {
    let Pairing { paired, lone_completes, lone_starts, schedules, others } = *pairing;
    let mut findings = Findings::default();
    findings.summary(
        Code::ScheduleRows,
        schedules,
        [
            format!("{schedules} lignes « schedule » : elles marquent l’entrée dans la corbeille, ce ne sont pas des tâches"),
            format!("{schedules} “schedule” rows: they mark the entry in the basket and are no tasks"),
        ],
    );
    // When nothing is ever started, a completion is simply how this log writes its events.
    let never_started = paired == 0 && lone_starts == 0;
    findings.summary(
        Code::LoneComplete,
        lone_completes,
        if never_started {
            [
                format!("{lone_completes} lignes « complete » et aucune ligne « start » : chaque ligne est une tâche sans durée, le temps de traitement n’est pas connu"),
                format!("{lone_completes} “complete” rows and no “start” row: each row is a task of no length, touch time is unknown"),
            ]
        } else {
            [
                format!("{lone_completes} fins sans début correspondant : tâches sans durée"),
                format!("{lone_completes} completions without a matching start: tasks of no length"),
            ]
        },
    );
    findings.summary(
        Code::LoneStart,
        lone_starts,
        [
            format!("{lone_starts} débuts sans fin : tâches encore ouvertes"),
            format!("{lone_starts} starts without completion: tasks still open"),
        ],
    );
    findings.summary(
        Code::OtherTransition,
        others,
        [
            format!("{others} lignes d’une autre transition (suspendre, reprendre, affecter…) : gardées comme événements, elles ne font pas de tâche"),
            format!("{others} rows of another transition (suspend, resume, assign…): kept as events, they make no task"),
        ],
    );
    findings.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_said() {
        assert!(lifecycle_findings(&Pairing { paired: 9, ..Pairing::default() }).is_empty());
        let all = Pairing { paired: 1, lone_completes: 2, lone_starts: 3, schedules: 4, others: 5 };
        let found: Vec<_> =
            lifecycle_findings(&all).into_iter().map(|f| (f.code, f.count)).collect();
        assert_eq!(
            found,
            [
                (Code::ScheduleRows, 4),
                (Code::LoneComplete, 2),
                (Code::LoneStart, 3),
                (Code::OtherTransition, 5)
            ]
        );
        let only = lifecycle_findings(&Pairing { lone_completes: 7, ..Pairing::default() });
        assert!(only[0].fr.contains("aucune ligne « start »"));
    }
}
