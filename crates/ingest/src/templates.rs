//! Spreadsheets to download and fill: daily counts, events, staff; French or English.
//!
//! - Computes: xlsx files with typed example rows, entry checks and a notice.
//! - Units: items per day; dates and instants of the body; shares of a full time.
//! - Shapes: a language in, the bytes of a workbook out, the same for the same version.
//! - Errors: [`TemplateError`] when the workbook cannot be written.
//! - Source: the columns are those the readers of this crate know without a mapping.

use eclusier_core::Lang;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties,
    ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

/// A template could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write the template {template}")]
pub struct TemplateError {
    /// Which template.
    pub template: &'static str,
    /// Cause.
    #[source]
    pub source: XlsxError,
}

/// Rows prepared for entry: entry checks and formats reach that far.
const ROWS: u32 = 5_000;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Holds {
    Text,
    Day,
    Instant,
    Count,
    Signed,
    Share,
    Hours,
}

/// One column: heading, explanation (French, English), type and the example values.
struct Column {
    heading: [&'static str; 2],
    help: [&'static str; 2],
    holds: Holds,
    required: bool,
    examples: [Cell; 3],
}

/// An example value.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Empty,
    Text([&'static str; 2]),
    Number(f64),
    Day(u8),
    Instant(u8, u16, u8),
}

use Cell::{Day, Empty, Instant, Number, Text};

const fn column(
    heading: [&'static str; 2],
    help: [&'static str; 2],
    holds: Holds,
    required: bool,
    examples: [Cell; 3],
) -> Column {
    Column { heading, help, holds, required, examples }
}

/// Template of daily counts.
pub fn counts(lang: Lang) -> Result<Vec<u8>, TemplateError> {
    let product = [
        Text(["EXEMPLE Retraite", "EXAMPLE Pension"]),
        Text(["EXEMPLE Retraite", "EXAMPLE Pension"]),
        Text(["EXEMPLE Réversion", "EXAMPLE Survivor"]),
    ];
    let columns = [
        column(
            ["Date", "Date"],
            [
                "Jour compté. Une ligne par jour et par prestation.",
                "Day counted. One row per day and product.",
            ],
            Holds::Day,
            true,
            [Day(6), Day(7), Day(7)],
        ),
        column(
            ["Prestation", "Product"],
            [
                "Type de demande. Toujours écrit de la même façon.",
                "Kind of request. Always written the same way.",
            ],
            Holds::Text,
            false,
            product,
        ),
        column(
            ["Unité", "Unit"],
            [
                "Service ou équipe, si le suivi est fait par équipe.",
                "Department or team, if counts are kept by team.",
            ],
            Holds::Text,
            false,
            [Text(["Équipe A", "Team A"]); 3],
        ),
        column(
            ["Canal", "Channel"],
            [
                "Courrier, internet, accueil… si les entrées sont comptées par canal.",
                "Post, online, desk… if arrivals are counted by channel.",
            ],
            Holds::Text,
            false,
            [Empty; 3],
        ),
        column(
            ["Entrées", "Received"],
            [
                "Dossiers reçus ce jour-là, à leur date de réception.",
                "Cases received that day, at their date of reception.",
            ],
            Holds::Count,
            false,
            [Number(120.0), Number(95.0), Number(31.0)],
        ),
        column(
            ["Traités manuellement", "Settled manually"],
            ["Dossiers terminés par une personne.", "Cases settled by a person."],
            Holds::Count,
            false,
            [Number(88.0), Number(101.0), Number(30.0)],
        ),
        column(
            ["Traités automatiquement", "Settled automatically"],
            [
                "Dossiers terminés sans action humaine ; laisser vide si inconnu.",
                "Cases settled without human action; leave empty if unknown.",
            ],
            Holds::Count,
            false,
            [Number(12.0), Number(9.0), Number(0.0)],
        ),
        column(
            ["Annulés", "Cancelled"],
            ["Dossiers annulés ou sans suite.", "Cases cancelled or withdrawn."],
            Holds::Count,
            false,
            [Number(2.0), Number(0.0), Empty],
        ),
        column(
            ["Transférés", "Transferred"],
            ["Dossiers envoyés à un autre organisme.", "Cases sent to another body."],
            Holds::Count,
            false,
            [Number(1.0), Number(3.0), Empty],
        ),
        column(
            ["Rouverts", "Reopened"],
            ["Dossiers terminés puis repris.", "Cases settled, then taken up again."],
            Holds::Count,
            false,
            [Number(0.0), Number(1.0), Empty],
        ),
        column(
            ["Corrections", "Corrections"],
            [
                "Correction d’inventaire, positive ou négative.",
                "Inventory correction, positive or negative.",
            ],
            Holds::Signed,
            false,
            [Empty, Number(-4.0), Empty],
        ),
        column(
            ["Stock en fin de jour", "Stock at end of day"],
            [
                "Dossiers ouverts le soir, tels que l’outil les montre. Un écart avec les flux sera montré, jamais masqué.",
                "Cases open in the evening, as the tool shows them. A gap with the flows is shown, never hidden.",
            ],
            Holds::Count,
            false,
            [Number(430.0), Number(409.0), Number(77.0)],
        ),
    ];
    let notes = [
        [
            "Une cellule vide veut dire « inconnu », jamais zéro : écrire 0 quand il n’y a rien eu.",
            "An empty cell means “unknown”, never zero: write 0 when there was nothing.",
        ],
        [
            "Une seule colonne de comptage suffit : les écrans disent ce qui manque.",
            "One column of counts is enough: screens say what is missing.",
        ],
        [
            "Ne pas ajouter de ligne de total : elle serait laissée de côté.",
            "Do not add a row of totals: it would be left out.",
        ],
    ];
    write("counts", lang, ["Comptages", "Counts"], &columns, &notes)
}

/// Template of events: one row per task.
pub fn events(lang: Lang) -> Result<Vec<u8>, TemplateError> {
    let columns = [
        column(
            ["N° dossier", "Case number"],
            [
                "Numéro du dossier, en texte : les zéros du début comptent. Jamais un numéro de sécurité sociale.",
                "Number of the case, as text: leading zeros matter. Never a national identity number.",
            ],
            Holds::Text,
            true,
            [
                Text(["EXEMPLE-0001", "EXAMPLE-0001"]),
                Text(["EXEMPLE-0001", "EXAMPLE-0001"]),
                Text(["EXEMPLE-0002", "EXAMPLE-0002"]),
            ],
        ),
        column(
            ["Activité", "Activity"],
            [
                "Ce qui a été fait : réception, étude, notification…",
                "What was done: reception, examination, notification…",
            ],
            Holds::Text,
            true,
            [
                Text(["Réception", "Reception"]),
                Text(["Étude", "Examination"]),
                Text(["Réception", "Reception"]),
            ],
        ),
        column(
            ["Début", "Start"],
            ["Début de la tâche, s’il est connu.", "Start of the task, if known."],
            Holds::Instant,
            false,
            [Instant(6, 9, 0), Instant(7, 10, 15), Instant(7, 9, 5)],
        ),
        column(
            ["Fin", "End"],
            [
                "Fin de la tâche, ou son seul instant connu.",
                "End of the task, or its only known instant.",
            ],
            Holds::Instant,
            true,
            [Instant(6, 9, 10), Instant(7, 11, 40), Instant(7, 9, 20)],
        ),
        column(
            ["Agent", "Agent"],
            [
                "Identifiant de l’agent, remplacé à l’import par un pseudonyme ; peut rester vide.",
                "Identifier of the agent, replaced on import by a pseudonym; may stay empty.",
            ],
            Holds::Text,
            false,
            [Text(["A101", "A101"]), Text(["A102", "A102"]), Text(["A101", "A101"])],
        ),
        column(
            ["Unité", "Unit"],
            ["Service ou équipe.", "Department or team."],
            Holds::Text,
            false,
            [Text(["Équipe A", "Team A"]); 3],
        ),
        column(
            ["Prestation", "Product"],
            ["Type de demande.", "Kind of request."],
            Holds::Text,
            false,
            [
                Text(["Retraite", "Pension"]),
                Text(["Retraite", "Pension"]),
                Text(["Réversion", "Survivor"]),
            ],
        ),
        column(
            ["Canal", "Channel"],
            ["Courrier, internet, accueil…", "Post, online, desk…"],
            Holds::Text,
            false,
            [Text(["Courrier", "Post"]), Text(["Courrier", "Post"]), Text(["Internet", "Online"])],
        ),
    ];
    let notes = [
        [
            "Une ligne par tâche ou par étape ; l’ordre des lignes départage les instants égaux.",
            "One row per task or step; the order of rows settles equal instants.",
        ],
        [
            "Pas de nom, pas de motif médical, pas de texte libre.",
            "No name, no medical motive, no free text.",
        ],
    ];
    write("events", lang, ["Événements", "Events"], &columns, &notes)
}

/// Template of the staff list.
pub fn staff(lang: Lang) -> Result<Vec<u8>, TemplateError> {
    let columns = [
        column(
            ["Matricule", "Staff ID"],
            [
                "Le même identifiant que dans les journaux : il sera remplacé par le même pseudonyme. Pas de nom.",
                "The same identifier as in the logs: it is replaced by the same pseudonym. No name.",
            ],
            Holds::Text,
            true,
            [
                Text(["EXEMPLE-101", "EXAMPLE-101"]),
                Text(["EXEMPLE-102", "EXAMPLE-102"]),
                Text(["EXEMPLE-103", "EXAMPLE-103"]),
            ],
        ),
        column(
            ["Organisme", "Organisation"],
            ["Organisme employeur.", "Employing body."],
            Holds::Text,
            false,
            [Text(["Organisme 1", "Body 1"]); 3],
        ),
        column(
            ["Unité", "Unit"],
            ["Service ou équipe.", "Department or team."],
            Holds::Text,
            false,
            [
                Text(["Équipe A", "Team A"]),
                Text(["Équipe A", "Team A"]),
                Text(["Équipe B", "Team B"]),
            ],
        ),
        column(
            ["Quotité (1 = temps plein)", "Contract share (1 = full time)"],
            ["Part d’un temps plein : 0,8 pour 80 %.", "Share of a full time: 0.8 for 80%."],
            Holds::Share,
            false,
            [Number(1.0), Number(0.8), Number(0.5)],
        ),
        column(
            ["Heures par semaine", "Hours per week"],
            ["Horaire hebdomadaire du contrat.", "Weekly hours of the contract."],
            Holds::Hours,
            false,
            [Number(36.0), Number(28.8), Number(18.0)],
        ),
        column(
            ["Jours travaillés", "Worked days"],
            [
                "Jours de la semaine travaillés : lun mar jeu ven, ou 1-5.",
                "Days of the week worked: mon tue thu fri, or 1-5.",
            ],
            Holds::Text,
            false,
            [
                Text(["lun-ven", "mon-fri"]),
                Text(["lun mar jeu ven", "mon tue thu fri"]),
                Text(["lun mar", "mon tue"]),
            ],
        ),
        column(
            ["Compétences", "Skills"],
            [
                "Types de dossiers que la personne sait traiter, séparés par des points-virgules.",
                "Kinds of cases the person can handle, separated by semicolons.",
            ],
            Holds::Text,
            false,
            [
                Text(["Retraite ; Réversion", "Pension; Survivor"]),
                Text(["Retraite", "Pension"]),
                Text(["Réversion", "Survivor"]),
            ],
        ),
        column(
            ["Du", "From"],
            ["Premier jour dans l’unité.", "First day in the unit."],
            Holds::Day,
            false,
            [Day(6), Day(6), Day(6)],
        ),
        column(
            ["Au", "To"],
            [
                "Dernier jour, compris ; vide si la personne est toujours là.",
                "Last day, included; empty if the person is still there.",
            ],
            Holds::Day,
            false,
            [Empty, Empty, Day(31)],
        ),
    ];
    let notes = [
        [
            "Un changement d’unité ou de quotité s’écrit sur une nouvelle ligne, avec ses dates.",
            "A change of unit or share is a new row, with its dates.",
        ],
        [
            "Un niveau par compétence : ajouter des colonnes « Compétence RSA », « Compétence … », de 0 à 4.",
            "A level per skill: add columns “Skill RSA”, “Skill …”, from 0 to 4.",
        ],
        [
            "Les noms ne sont conservés que si on le demande à l’import (colonnes Nom, Prénom, Courriel) ; aucun motif d’absence ne doit figurer ici.",
            "Names are kept only when the import is asked to (columns Last name, First name, Email); no cause of absence may stand here.",
        ],
    ];
    write("staff", lang, ["Agents", "Staff"], &columns, &notes)
}

/// Template of the list of absences.
pub fn absences(lang: Lang) -> Result<Vec<u8>, TemplateError> {
    let columns = [
        column(
            ["Matricule", "Staff ID"],
            [
                "Le même identifiant que dans la liste du personnel. Pas de nom.",
                "The same identifier as in the staff list. No name.",
            ],
            Holds::Text,
            true,
            [
                Text(["EXEMPLE-101", "EXAMPLE-101"]),
                Text(["EXEMPLE-102", "EXAMPLE-102"]),
                Text(["EXEMPLE-103", "EXAMPLE-103"]),
            ],
        ),
        column(
            ["Du", "From"],
            ["Premier jour d’absence.", "First day away."],
            Holds::Day,
            true,
            [Day(6), Day(7), Day(13)],
        ),
        column(
            ["Au", "To"],
            [
                "Dernier jour d’absence, compris ; vide pour un seul jour.",
                "Last day away, included; empty for one day.",
            ],
            Holds::Day,
            false,
            [Day(10), Empty, Day(17)],
        ),
        column(
            ["Demi-journée", "Half day"],
            [
                "« matin » ou « après-midi » pour une demi-journée ; vide sinon.",
                "“morning” or “afternoon” for half a day; empty otherwise.",
            ],
            Holds::Text,
            false,
            [Empty, Text(["après-midi", "afternoon"]), Empty],
        ),
        column(
            ["Motif", "Reason"],
            [
                "Congé, RTT, maladie, congé parental, formation, mandat, autre. Les managers ne le voient pas.",
                "Leave, recovery, sickness, parental leave, training, mandate, other. Managers do not see it.",
            ],
            Holds::Text,
            false,
            [Text(["Congé", "Leave"]), Text(["RTT", "Recovery"]), Text(["Formation", "Training"])],
        ),
    ];
    let notes = [
        [
            "Le motif n’est montré qu’aux ressources humaines et à la personne elle-même ; il peut rester vide.",
            "The reason is shown to human resources and to the person only; it may stay empty.",
        ],
        [
            "Reprendre une absence avec d’autres dates la remplace.",
            "Writing an absence again with other dates replaces it.",
        ],
    ];
    write("absences", lang, ["Absences", "Absences"], &columns, &notes)
}

fn pick(lang: Lang, words: [&'static str; 2]) -> &'static str {
    lang.pick(words[0], words[1])
}

fn write(
    template: &'static str,
    lang: Lang,
    sheet: [&'static str; 2],
    columns: &[Column],
    notes: &[[&'static str; 2]],
) -> Result<Vec<u8>, TemplateError> {
    build(lang, sheet, columns, notes).map_err(|source| TemplateError { template, source })
}

fn build(
    lang: Lang,
    sheet: [&'static str; 2],
    columns: &[Column],
    notes: &[[&'static str; 2]],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // A fixed date: the same version always gives the same bytes.
    let made = ExcelDateTime::from_ymd(2025, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title("Éclusier").set_creation_datetime(&made));
    fill(book.add_worksheet(), lang, sheet, columns)?;
    notice(book.add_worksheet(), lang, columns, notes)?;
    book.save_to_buffer()
}

fn fill(
    s: &mut Worksheet,
    lang: Lang,
    sheet: [&'static str; 2],
    columns: &[Column],
) -> Result<(), XlsxError> {
    s.set_name(pick(lang, sheet))?;
    s.set_freeze_panes(1, 0)?;
    let head = |required: bool| {
        let base = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter)
            .set_border_bottom(FormatBorder::Medium);
        if required {
            base.set_background_color(Color::RGB(0x1F_3A5F)).set_font_color(Color::White)
        } else {
            base.set_background_color(Color::RGB(0xDC_E6F1))
        }
    };
    let day = pick(lang, ["dd/mm/yyyy", "yyyy-mm-dd"]);
    let instant = pick(lang, ["dd/mm/yyyy hh:mm", "yyyy-mm-dd hh:mm"]);
    s.set_row_height(0, 32)?;
    for (c, column) in (0u16..).zip(columns) {
        s.write_string_with_format(0, c, pick(lang, column.heading), &head(column.required))?;
        let number_format = match column.holds {
            Holds::Text => "@",
            Holds::Day => day,
            Holds::Instant => instant,
            Holds::Count | Holds::Signed => "0",
            Holds::Share => "0.00",
            Holds::Hours => "0.0",
        };
        let plain = Format::new().set_num_format(number_format);
        let width = if column.holds == Holds::Text { 20 } else { 16 };
        s.set_column_width(c, width)?;
        s.set_column_format(c, &plain)?;
        // Examples are grey and slanted: nobody takes them for figures.
        let example = plain.set_italic().set_font_color(Color::RGB(0x7F_7F7F));
        for (r, cell) in (1u32..).zip(column.examples) {
            match cell {
                Empty => {}
                Text(words) => {
                    s.write_string_with_format(r, c, pick(lang, words), &example)?;
                }
                Number(value) => {
                    s.write_number_with_format(r, c, value, &example)?;
                }
                Day(d) => {
                    s.write_datetime_with_format(
                        r,
                        c,
                        ExcelDateTime::from_ymd(2025, 1, d)?,
                        &example,
                    )?;
                }
                Instant(d, h, m) => {
                    let at = ExcelDateTime::from_ymd(2025, 1, d)?.and_hms(h, m, 0)?;
                    s.write_datetime_with_format(r, c, at, &example)?;
                }
            }
        }
        if let Some(check) = check(lang, column)? {
            s.add_data_validation(1, c, ROWS, c, &check)?;
        }
    }
    Ok(())
}

/// The entry check of a column.
fn check(lang: Lang, column: &Column) -> Result<Option<DataValidation>, XlsxError> {
    let rule = DataValidation::new();
    let (rule, words) = match column.holds {
        Holds::Text => return Ok(None),
        Holds::Day | Holds::Instant => (
            rule.allow_date(DataValidationRule::GreaterThanOrEqualTo(ExcelDateTime::from_ymd(
                1950, 1, 1,
            )?)),
            [
                "Une date est attendue, jour d’abord : 31/01/2025.",
                "A date is expected: 2025-01-31.",
            ],
        ),
        Holds::Count => (
            rule.allow_whole_number(DataValidationRule::GreaterThanOrEqualTo(0)),
            [
                "Un nombre entier, 0 ou plus. Vide si inconnu.",
                "A whole number, 0 or more. Empty if unknown.",
            ],
        ),
        Holds::Signed => (
            rule.allow_whole_number(DataValidationRule::Between(-10_000_000, 10_000_000)),
            ["Un nombre entier, positif ou négatif.", "A whole number, positive or negative."],
        ),
        Holds::Share => (
            rule.allow_decimal_number(DataValidationRule::Between(0.0, 1.0)),
            ["Une part entre 0 et 1 : 0,8 pour 80 %.", "A share between 0 and 1: 0.8 for 80%."],
        ),
        Holds::Hours => (
            rule.allow_decimal_number(DataValidationRule::Between(0.0, 60.0)),
            ["Des heures par semaine, de 0 à 60.", "Hours per week, from 0 to 60."],
        ),
    };
    let title: String = pick(lang, column.heading).chars().take(32).collect();
    Ok(Some(
        rule.set_error_title(title)?
            .set_error_message(pick(lang, words))?
            .set_error_style(DataValidationErrorStyle::Stop),
    ))
}

fn notice(
    s: &mut Worksheet,
    lang: Lang,
    columns: &[Column],
    notes: &[[&'static str; 2]],
) -> Result<(), XlsxError> {
    s.set_name("Notice")?;
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let bold = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    s.set_column_width(0, 32)?;
    s.set_column_width(1, 14)?;
    s.set_column_width(2, 80)?;
    let title = ["Comment remplir ce modèle", "How to fill this template"];
    s.write_string_with_format(
        0,
        0,
        pick(lang, title),
        &Format::new().set_bold().set_font_size(14),
    )?;
    let steps = [
        [
            "1. Remplacer les lignes d’exemple, en gris, par les vôtres.",
            "1. Replace the example rows, in grey, by yours.",
        ],
        [
            "2. Garder la ligne d’en-tête telle quelle ; une colonne sans objet peut rester vide.",
            "2. Keep the header row as it is; a column without use may stay empty.",
        ],
        [
            "3. Déposer le fichier sur la page Données : un aperçu précède l’import.",
            "3. Drop the file on the Data page: a preview comes before the import.",
        ],
    ];
    let mut row = 2;
    for line in steps.iter().chain(notes) {
        s.write_string_with_format(row, 0, pick(lang, *line), &Format::new())?;
        row += 1;
    }
    row += 1;
    for (c, words) in
        (0u16..).zip([["Colonne", "Column"], ["Obligatoire", "Required"], ["Sens", "Meaning"]])
    {
        s.write_string_with_format(row, c, pick(lang, words), &bold)?;
    }
    for column in columns {
        row += 1;
        s.write_string_with_format(row, 0, pick(lang, column.heading), &bold)?;
        let required = if column.required { ["oui", "yes"] } else { ["non", "no"] };
        s.write_string_with_format(row, 1, pick(lang, required), &wrap)?;
        s.write_string_with_format(row, 2, pick(lang, column.help), &wrap)?;
    }
    Ok(())
}
