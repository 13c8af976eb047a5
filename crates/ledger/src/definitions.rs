//! What each figure means, in the words shown on screen.
//!
//! Every definition ends with its value on [`EXAMPLE`], a list of cases small
//! enough to be counted by hand; the tests compute that value, so the wording on
//! screen is the wording tested.

use eclusier_core::Unit;

/// One figure, defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Definition {
    /// Stable id.
    pub id: &'static str,
    /// Version of the formula, growing by one when its meaning changes.
    pub version: u32,
    /// Unit of the value.
    pub unit: Unit,
    /// Label, French then English.
    pub label: [&'static str; 2],
    /// Formula in words, French then English.
    pub formula: [&'static str; 2],
    /// Value on [`EXAMPLE`]; `None` when there is nothing to measure there.
    pub example: Option<f64>,
}

impl Definition {
    /// `stock@1`.
    pub fn formula_version(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }
}

/// The list of cases on which every definition gives its value.
///
/// Days are worked Monday to Friday without any holiday between.
pub const EXAMPLE: [&str; 2] = [
    "Du lundi 3 au vendredi 28 mars 2025, cible 10 jours ouvrés, dix dossiers. \
     A reçu le 3, traité le 5. B reçu le 3, traité le 12. C reçu le 4, traité le 24. \
     D reçu le 5, traité automatiquement le 5. E reçu le 6, renvoyé à l’assuré le 10, revenu le 17, traité le 18. \
     F reçu le 7, annulé le 11. G reçu le 6, toujours ouvert. \
     H reçu le 17, renvoyé à l’assuré le 21, toujours attendu. I reçu le 18, ouvert. J reçu le 27, ouvert. \
     Situation le vendredi 28 mars au soir.",
    "From Monday 3 to Friday 28 March 2025, target 10 worked days, ten cases. \
     A received on 3, settled on 5. B received on 3, settled on 12. C received on 4, settled on 24. \
     D received on 5, settled automatically on 5. E received on 6, returned to the insured on 10, back on 17, settled on 18. \
     F received on 7, cancelled on 11. G received on 6, still open. \
     H received on 17, returned to the insured on 21, still awaited. I received on 18, open. J received on 27, open. \
     Situation on the evening of Friday 28 March.",
];

macro_rules! definitions {
    ($($id:literal v $version:literal $unit:ident = $example:expr;
       $label_fr:literal, $label_en:literal; $fr:literal, $en:literal;)*) => {
        /// Every definition, in the order screens show them.
        pub const ALL: &[Definition] = &[$(Definition {
            id: $id, version: $version, unit: Unit::$unit, example: $example,
            label: [$label_fr, $label_en], formula: [$fr, $en],
        }),*];
    };
}

definitions! {
    "stock" v 1 Case = Some(4.0);
    "Stock", "Work in progress";
    "Dossiers ouverts à la fin du dernier jour de la période.",
    "Cases open at the end of the last day of the period.";

    "stock_actionable" v 1 Case = Some(3.0);
    "Stock actionnable", "Actionable stock";
    "Stock moins les dossiers qui attendent quelqu’un d’autre (assuré, employeur, autre organisme).",
    "Stock less the cases that wait for someone else (insured, employer, other body).";

    "stock_days" v 1 WorkedDay = Some(16.0);
    "Stock en jours de travail", "Stock in days of work";
    "Stock divisé par la sortie moyenne d’un jour ouvré, sur les 20 derniers jours ouvrés (nombre réglable) : dossiers traités, automatiques compris. Les jours de fermeture et neutralisés quittent la moyenne.",
    "Stock divided by the mean output of a worked day, over the last 20 worked days (configurable): cases settled, automatic ones included. Closed and neutralised days leave the mean.";

    "backlog_age_15" v 1 Ratio = Some(0.75);
    "Antériorité à 15 jours ouvrés", "Stock received within 15 worked days";
    "Dossiers en stock reçus depuis 15 jours ouvrés au plus, divisés par les dossiers en stock. Les dossiers reçus pendant une fenêtre d’exclusion quittent les deux nombres.",
    "Cases in stock received at most 15 worked days ago, divided by the cases in stock. Cases received in an exclusion window leave both numbers.";

    "backlog_age_15_months" v 1 Ratio = None;
    "Antériorité à 15 jours ouvrés, cumul des fins de mois", "Stock received within 15 worked days, over month ends";
    "Somme des numérateurs divisée par la somme des dénominateurs de l’antériorité, au dernier jour ouvré de chaque mois de la période (et non la moyenne des taux).",
    "Sum of the numerators divided by the sum of the denominators of the age of stock, on the last worked day of each month of the period (not the mean of the rates).";

    "oldest_age" v 1 WorkedDay = Some(16.0);
    "Plus ancien dossier", "Oldest case";
    "Plus grand nombre de jours ouvrés depuis la réception, parmi les dossiers ouverts, en instance compris. Le jour de réception est le jour 0.",
    "Largest number of worked days since reception among open cases, held ones included. The day of reception is day 0.";

    "oldest_age_actionable" v 1 WorkedDay = Some(16.0);
    "Plus ancien dossier, hors instance", "Oldest case, held ones left out";
    "Plus grand nombre de jours ouvrés depuis la réception, parmi les dossiers ouverts qui n’attendent personne d’autre.",
    "Largest number of worked days since reception among open cases that wait for nobody else.";

    "clearance" v 1 Ratio = Some(0.5);
    "Taux d’écoulement", "Clearance";
    "Dossiers traités (automatiques compris) divisés par les arrivées de la période. Peut dépasser 100 %. Les jours neutralisés quittent les deux nombres.",
    "Cases settled (automatic ones included) divided by the arrivals of the period. May exceed 100%. Neutralised days leave both numbers.";

    "return_rate" v 1 Ratio = Some(0.4);
    "Taux d’allers-retours", "Return rate";
    "Renvois et mises en attente de la période, faute d’une pièce ou d’une réponse, divisés par les dossiers traités. Un dossier renvoyé deux fois compte deux fois.",
    "Returns and holds of the period, for something missing, divided by the cases settled. A case sent back twice counts twice.";

    "straight_through_rate" v 1 Ratio = Some(0.2);
    "Taux de liquidation automatique", "Straight-through rate";
    "Dossiers traités sans action humaine, divisés par les dossiers traités de la période.",
    "Cases settled without human action, divided by the cases settled in the period.";

    "lead_time_mean" v 1 WorkedDay = Some(6.2);
    "Délai moyen", "Mean lead time";
    "Moyenne des jours ouvrés de la réception au traitement, sur les dossiers traités dans la période et restés clos à sa fin. Le jour de réception est le jour 0.",
    "Mean of the worked days from reception to settlement, over the cases settled in the period and still closed at its end. The day of reception is day 0.";

    "lead_time_p50" v 1 WorkedDay = Some(7.0);
    "Délai médian", "Median lead time";
    "Médiane des délais des dossiers traités dans la période (interpolation linéaire entre les deux rangs voisins, type 7).",
    "Median lead time of the cases settled in the period (linear interpolation between the two nearest ranks, type 7).";

    "lead_time_p75" v 1 WorkedDay = Some(8.0);
    "Délai, 3e quartile", "Lead time, third quartile";
    "Délai sous lequel se trouvent 75 % des dossiers traités dans la période (interpolation linéaire, type 7).",
    "Lead time below which 75% of the cases settled in the period lie (linear interpolation, type 7).";

    "lead_time_p90" v 1 WorkedDay = Some(11.6);
    "Délai, 9e décile", "Lead time, ninth decile";
    "Délai sous lequel se trouvent 90 % des dossiers traités dans la période (interpolation linéaire, type 7).",
    "Lead time below which 90% of the cases settled in the period lie (linear interpolation, type 7).";

    "net_lead_time_mean" v 1 WorkedDay = Some(5.2);
    "Délai net moyen", "Mean net lead time";
    "Moyenne des délais, moins les jours ouvrés passés à attendre quelqu’un d’autre.",
    "Mean lead time, less the worked days spent waiting for someone else.";

    "net_lead_time_p50" v 1 WorkedDay = Some(3.0);
    "Délai net médian", "Median net lead time";
    "Médiane des délais, moins les jours ouvrés passés à attendre quelqu’un d’autre.",
    "Median lead time, less the worked days spent waiting for someone else.";

    "net_lead_time_p75" v 1 WorkedDay = Some(7.0);
    "Délai net, 3e quartile", "Net lead time, third quartile";
    "3e quartile des délais, moins les jours ouvrés passés à attendre quelqu’un d’autre.",
    "Third quartile of lead times, less the worked days spent waiting for someone else.";

    "net_lead_time_p90" v 1 WorkedDay = Some(11.2);
    "Délai net, 9e décile", "Net lead time, ninth decile";
    "9e décile des délais, moins les jours ouvrés passés à attendre quelqu’un d’autre.",
    "Ninth decile of lead times, less the worked days spent waiting for someone else.";

    "in_time_closed" v 1 Ratio = Some(0.8);
    "Dans le délai, parmi les clos", "In time, among the closed";
    "Dossiers traités au plus tard à leur échéance, divisés par les dossiers traités dans la période. Ne dit rien des dossiers encore ouverts : lire à côté de l’antériorité du stock.",
    "Cases settled by their deadline, divided by the cases settled in the period. Says nothing of the cases still open: read it beside the age of stock.";

    "in_time_due" v 1 Ratio = Some(2.0 / 3.0);
    "Dans le délai, parmi les dus", "In time, among the due";
    "Dossiers dont l’échéance tombe dans la période et traités à cette échéance, divisés par les dossiers dont l’échéance tombe dans la période. Les dossiers ouverts en retard restent au dénominateur.",
    "Cases whose deadline falls in the period and settled by it, divided by the cases whose deadline falls in the period. Open overdue cases stay in the denominator.";

    "overdue" v 1 Case = Some(1.0);
    "En retard", "Overdue";
    "Dossiers ouverts dont l’échéance est passée.",
    "Open cases whose deadline has passed.";

    "due_soon_1" v 1 Case = Some(1.0);
    "En retard sous 1 jour ouvré", "Late within 1 worked day";
    "Dossiers ouverts dont l’échéance tombe sous 1 jour ouvré et que l’on ne traitera pas d’ici là : leur rang, du plus ancien reçu au plus récent, divisé par la sortie moyenne des 20 derniers jours ouvrés, dépasse les jours qui restent ; ou ils attendent quelqu’un d’autre. Le dénominateur est le nombre d’échéances.",
    "Open cases whose deadline falls within 1 worked day and which will not be handled by then: their rank, oldest reception first, divided by the mean output of the last 20 worked days, exceeds the days left; or they wait for someone else. The denominator is the number of deadlines.";

    "due_soon_3" v 1 Case = Some(2.0);
    "En retard sous 3 jours ouvrés", "Late within 3 worked days";
    "Le même calcul pour les échéances sous 3 jours ouvrés.",
    "The same for deadlines within 3 worked days.";

    "due_soon_5" v 1 Case = Some(2.0);
    "En retard sous 5 jours ouvrés", "Late within 5 worked days";
    "Le même calcul pour les échéances sous 5 jours ouvrés.",
    "The same for deadlines within 5 worked days.";
}

/// The definition of an id.
pub fn find(id: &str) -> Option<&'static Definition> {
    ALL.iter().find(|d| d.id == id)
}
