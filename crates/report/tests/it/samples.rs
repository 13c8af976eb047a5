//! Sheets as the program fills them.

use eclusier_report::stream::{
    Figure, SheetOther, SheetStep, SheetTarget, SheetTotals, StreamSheet,
};

pub const NAMES: [&str; 12] = [
    "Réception et numérisation du courrier",
    "Vérification de la complétude des pièces justificatives",
    "Demande de pièces complémentaires à l'allocataire",
    "Instruction du droit",
    "Calcul",
    "Contrôle de la liquidation par un vérificateur habilité",
    "Correction après rejet",
    "Validation",
    "Mise en paiement",
    "Notification à l'assuré",
    "Archivage électronique",
    "Clôture",
];

/// A usual sheet of `n` steps, with a target or none.
pub fn usual(n: usize, target: bool) -> StreamSheet {
    let hour = 3600.0;
    let day = 7.0 * hour;
    let steps: Vec<SheetStep> = (0..n)
        .map(|i| SheetStep {
            name: NAMES[i % NAMES.len()].to_owned(),
            cases: 1400 - 20 * i as u64,
            touch_s: Figure::of(240.0 + 300.0 * (i % 5) as f64),
            first_pass: Figure::of(1.0 - 0.06 * (i % 4) as f64),
            output_per_day: Figure::of(34.5 - i as f64),
            people: match i % 3 {
                2 => Figure::missing("moins de cinq personnes"),
                _ => Figure::of(6.0 + i as f64),
            },
            stock: Figure::of(12.0 + 80.0 * (i % 4) as f64),
            stock_days: Figure::of(0.4 + 2.3 * (i % 4) as f64),
            wait_s: Figure::of(if i == 0 { 0.0 } else { day * (0.3 + 1.7 * (i * i % 5) as f64) }),
            case_touch_s: Figure::of(300.0 + 330.0 * (i % 5) as f64),
            wait_holds_touch: false,
            value_adding: Some(i % 4 == 3),
            causes: match i % 5 {
                2 | 3 => vec![
                    "pièces attendues de l'allocataire 61\u{202f}%".into(),
                    "groupage le vendredi 22\u{202f}%".into(),
                ],
                _ => Vec::new(),
            },
            target: (target && i % 2 == 1).then(|| SheetTarget {
                wait_s: Some(day * 0.5),
                touch_s: Some(240.0),
                first_pass: Some(0.97),
                note: "Contrôle des pièces dès l'accueil".into(),
            }),
        })
        .collect();
    let sum = |f: &dyn Fn(&SheetStep) -> f64| steps.iter().map(f).sum::<f64>();
    let wait = sum(&|s| s.wait_s.value.unwrap()) + 0.4 * day;
    let touch = sum(&|s| s.case_touch_s.value.unwrap()) + 240.0;
    StreamSheet {
        process: "Allocation de rentrée".into(),
        perimeter: "CAF de démonstration, service Prestations".into(),
        period: "du 1er janvier au 30 juin 2026".into(),
        freshness: "Données au 30 juin 2026, 18 h".into(),
        formula: "value_stream v1 · dossiers clos de la période".into(),
        customer: "Allocataires".into(),
        cases: 1434,
        worked_days: Figure::of(124.0),
        arrivals_per_day: Figure::of(11.8),
        output_per_day: Figure::of(11.56),
        open_cases: Figure::of(342.0),
        day_s: Some(day),
        other: Some(SheetOther {
            activities: 21,
            wait_s: Figure::of(0.4 * day),
            touch_s: Figure::of(240.0),
        }),
        totals: SheetTotals {
            lead_s: Figure::of(wait + touch),
            lead_calendar_s: Figure::of((wait + touch) * 4.6),
            wait_s: Figure::of(wait),
            touch_s: Figure::of(touch),
            touch_share: Figure::of(touch / (wait + touch)),
            value_added_share: Figure::of(0.3 * touch / (wait + touch)),
            first_time_right: Figure::of(0.67),
            target_lead_s: target.then_some(0.7 * (wait + touch)),
            target_wait_s: target.then_some(0.69 * wait),
            target_touch_s: target.then_some(0.9 * touch),
        },
        target_note: "Objectif de l’atelier du 2 juillet : 8 jours".into(),
        caveats: vec![
            "Heures ouvrées de 9 h à 12 h et de 13 h à 17 h, du lundi au vendredi.".into(),
        ],
        made: Some([2026, 7, 1, 8, 30]),
        made_words: "imprimé le 1er juillet 2026 à 10 h 30".into(),
        steps,
    }
}

/// A sheet with nothing known, and names and numbers of no measure.
pub fn strange() -> StreamSheet {
    let missing = || Figure::missing("pas d'heure de début dans les données");
    let steps = (0..12)
        .map(|i| SheetStep {
            name: match i {
                0 => "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww".into(),
                1 => "Étape 日本語 <script>&\"'\u{0}\n\u{202e} fin".into(),
                2 => "anticonstitutionnellement-intergouvernementalisation_sous_reserve/de.validation".into(),
                3 => String::new(),
                4 => "Vérification de la complétude des pièces justificatives et relance de l'allocataire \
                      en cas d'absence de réponse sous trente jours".into(),
                _ => format!("5eb74a1b83b6addb8454997d580d01b638e24a6{i}"),
            },
            cases: u64::MAX,
            touch_s: if i % 2 == 0 { missing() } else { Figure::of(1e15) },
            first_pass: Figure::missing("aucun dossier"),
            output_per_day: Figure::of(f64::NAN),
            people: Figure::missing("personne n'est nommé"),
            stock: Figure::of(123_456_789_012.0),
            stock_days: Figure::of(9.87e11),
            wait_s: Figure::of(1e18),
            case_touch_s: Figure::of(-5.0),
            wait_holds_touch: true,
            value_adding: Some(true),
            causes: vec!["cause ".repeat(60)],
            target: Some(SheetTarget {
                wait_s: Some(f64::INFINITY),
                touch_s: Some(1e300),
                first_pass: Some(-1.0),
                note: "note ".repeat(80),
            }),
        })
        .collect();
    StreamSheet {
        process: "Procédure ".repeat(30),
        perimeter: "Périmètre ".repeat(60),
        period: "période ".repeat(10),
        freshness: "fraîcheur ".repeat(40),
        formula: "formule ".repeat(40),
        caveats: vec!["réserve ".repeat(90); 5],
        target_note: "objectif ".repeat(90),
        made_words: "fait ".repeat(90),
        customer: "Client ".repeat(20),
        steps,
        ..StreamSheet::default()
    }
}
