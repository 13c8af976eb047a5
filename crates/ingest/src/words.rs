//! Words people write above columns and in cells, in French and English: what a
//! column of counts measures, which rows are totals, which sheets are notices.
//!
//! Everything is compared without case, accents or punctuation; nothing here
//! changes what is stored.

use eclusier_eventlog::MovementKind;

use crate::values;

/// Lower case, no accents, words separated by one space.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'à' | 'â' | 'ä' | 'á' | 'ã' => "a",
            'ç' => "c",
            'é' | 'è' | 'ê' | 'ë' => "e",
            'î' | 'ï' | 'í' => "i",
            'ô' | 'ö' | 'ó' => "o",
            'ù' | 'û' | 'ü' | 'ú' => "u",
            'œ' => "oe",
            'æ' => "ae",
            // Combining accents of decomposed text.
            '\u{300}'..='\u{36f}' => "",
            c if c.is_alphanumeric() => {
                out.push(c);
                continue;
            }
            _ => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
                continue;
            }
        };
        out.push_str(plain);
    }
    out.truncate(out.trim_end().len());
    out
}

/// What a column (or a word of a long table) measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Measure {
    /// A movement of the ledger.
    Kind(MovementKind),
    /// A part already counted in the outputs (`dont automatiques`).
    PartOfOutputs(MovementKind),
    /// Outputs settled by a person, said so: the split is known.
    Human,
    /// The stock at the start of the day: the closing of the day before, not posted.
    Opening,
    /// Something a ledger of items does not post: rates, targets, cumulated figures…
    Other,
}

const ARRIVALS: &str = "entree entrees entrant entrants entrante entrantes recu recus recue recues reception \
    receptions arrivee arrivees arrive arrives depot depots depose deposes deposees \
    enregistre enregistres enregistrees appel appels in incoming arrival arrivals received \
    intake inflow calls call nouveaux nouvelles new";
const OUTPUTS: &str = "sortie sorties sortant sortants sortante sortantes traite traites traitee traitees \
    liquide liquides liquidee liquidees liquidation liquidations cloture clotures cloturee \
    cloturees termine termines terminee terminees acheve acheves achevees regle regles \
    reglees decision decisions out outgoing output outputs outflow processed settled closed \
    completed handled resolved done";
const STOCK: &str = "stock stocks solde soldes restant restants restante restantes reste restes encours \
    backlog wip pending open outstanding remaining balance inventory closing portefeuille";
const CANCELLED: &str = "annule annules annulee annulees annulation annulations abandon abandons abandonne \
    abandonnes abandonnees cancelled canceled cancellations withdrawn";
const TRANSFERRED: &str = "transfere transferes transferee transferees transfert transferts transferred transfers \
    transfer reoriente reorientes reorientees redirected";
const REOPENED: &str = "rouvert rouverts rouverte rouvertes reouvert reouverts reouverte reouvertes reouverture \
    reouvertures reopened reopenings reopening";
const AUTOMATIC: &str = "automatique automatiques automatiquement auto automatise automatises automatisees \
    automatic automatically automated robot";
const HUMAN: &str =
    "manuel manuels manuelle manuelles manuellement humain humains human manual manually";
const CORRECTIONS: &str = "correction corrections regularisation regularisations ajustement ajustements \
    redressement redressements adjustment adjustments";
const OPENING: &str =
    "initial initiale debut veille matin ouverture opening precedent report start";
/// Words that turn a count into something else.
const OTHER: &str = "cumul cumule cumules cumulee cumulees cumulative ytd moyenne moyennes moyen moy mediane \
    median taux objectif objectifs cible cibles target targets prevision previsions prevu \
    prevus prevue prevues previsionnel forecast budget ecart variation evolution delai \
    delais age anciennete etp etpt fte effectif effectifs duree average mean rate ratio \
    percent pct pourcentage heures minutes jours days hours gap cout montant montants amount \
    eur euros";
/// Words that carry no meaning beside a measure.
const FILLERS: &str = "total totaux totale totales nombre nb nbre de des du d le la les l dossier dossiers \
    demande demandes piece pieces document documents jour j journee quotidien quotidienne \
    quotidiens flux en au aux a par the of at end number count counts case cases item items \
    daily per day volume volumes vol qte quantite fin soir final finale finaux cours traiter \
    attente instance instances ce dans offered presentes ouvert ouverts work progress to be \
    restent n on hand dont y compris suivi tableau situation non";
/// Words that name a channel when they stand beside a measure.
const CHANNELS: &str = "courrier courriers papier papiers internet web ligne online mail mails email courriel \
    courriels telephone phone guichet accueil dematerialise dematerialises dematerialisees \
    scan teleservice teleservices edi fax sms desk post letter letters paper";

const CHANNEL_HEADS: &str = "canal canaux channel media origine vecteur";
const ORG_HEADS: &str =
    "organisme organismes caisse org organisation organization body departement";
const UNIT_HEADS: &str =
    "service equipe unite unit team site pole agence cellule secteur direction department";
const PRODUCT_HEADS: &str = "prestation prestations type produit product nature motif famille processus process \
    risque categorie category file domaine activite libelle demande legislation";
const DATE_HEADS: &str = "date jour journee day periode period ds";
const KIND_HEADS: &str = "mouvement mouvements movement sens flux indicateur indicator mesure measure kind \
    rubrique";
const VALUE_HEADS: &str =
    "nombre nb nbre valeur valeurs quantite qte volume count value number quantity total y";
const TIME_PARTS: &str = "weekday semaine week mois month annee year trimestre quarter heure hour index id rang \
    ferie holiday vacances";
const PEOPLE_AND_REMARKS: &str = "responsable referent agent agents nom noms prenom gestionnaire technicien manager name \
    names person personne user utilisateur auteur saisi pilote cadre contact matricule \
    commentaire commentaires observation observations remarque remarques note notes comment \
    comments remark remarks owner";
const WEEKDAYS: &str = "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim monday \
    tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun";
const NOTICES: &str = "notice lisez lisezmoi readme read aide help instructions instruction legende legend \
    consignes documentation sommaire contents about metadonnees metadata";
const SUMS: &str = "total totaux somme sommes cumul moyenne moyennes subtotal sum average";

const ERRORS: &str =
    "#N/A #NA #REF #DIV/0 #VALUE #VALEUR #NAME #NOM #NULL #NUL #NUM #NOMBRE #SPILL #CALC";

/// Whether a word stands in a list of words.
fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|w| w == word)
}

/// Whether any word of a text stands in a list.
fn any_word(text: &str, list: &str) -> bool {
    normal(text).split(' ').any(|w| listed(list, w))
}

/// A measure found in words, and the words left beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) measure: Measure,
    /// What remains once the measure and empty words are gone, as written.
    pub(crate) rest: String,
}

/// What a header or a cell says is measured; `None` when it names no measure.
pub(crate) fn measure(text: &str) -> Option<Measured> {
    let words: Vec<(String, &str)> = text
        .split(|c: char| !(c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)))
        .filter(|w| !w.is_empty())
        .map(|w| (normal(w), w))
        .collect();
    let has = |list: &str| words.iter().any(|(w, _)| listed(list, w));
    let pair = |a: &str, b: &str| words.windows(2).any(|w| w[0].0 == a && w[1].0 == b);
    // « Soldés » are outputs, « Solde » is a stock: the accent alone tells them apart.
    let settled_word = words.iter().any(|(n, w)| {
        (n.starts_with("solde") && w.to_lowercase().starts_with("soldé"))
            || n == "soldees"
            || n == "soldee"
    });
    let in_progress = pair("en", "cours")
        || pair("en", "attente")
        || pair("en", "instance")
        || pair("a", "traiter")
        || pair("non", "traites")
        || pair("non", "traitees")
        || pair("non", "soldes");
    let stock = (has(STOCK) && !settled_word) || in_progress;
    let other = has(OTHER)
        || text.contains('%')
        || pair("n", "1") && !pair("j", "1")
        || pair("j", "1") && !stock;
    let any = stock
        || settled_word
        || [ARRIVALS, OUTPUTS, CANCELLED, TRANSFERRED, REOPENED, CORRECTIONS, AUTOMATIC, HUMAN]
            .iter()
            .any(|l| has(l));
    if other {
        return Some(Measured { measure: Measure::Other, rest: String::new() });
    }
    if !any {
        return match words.iter().all(|(w, _)| w == "opening") && !words.is_empty() {
            true => Some(Measured { measure: Measure::Opening, rest: String::new() }),
            false => None,
        };
    }
    let part = words.iter().any(|(w, _)| w == "dont") || pair("of", "which");
    use MovementKind as K;
    let (measure, used): (Measure, &[&str]) = if has(CORRECTIONS) {
        (Measure::Kind(K::Corrections), &[CORRECTIONS])
    } else if stock {
        if has(OPENING) || pair("j", "1") {
            (Measure::Opening, &[STOCK, OPENING])
        } else {
            // « Stock de clôture » closes the day, it does not settle anything.
            (Measure::Kind(K::ClosingStock), &[STOCK, OUTPUTS])
        }
    } else if has(REOPENED) {
        (Measure::Kind(K::Reopened), &[REOPENED])
    } else if has(CANCELLED) {
        (of_outputs(part, K::Cancelled), &[CANCELLED])
    } else if has(TRANSFERRED) {
        (of_outputs(part, K::Transferred), &[TRANSFERRED])
    } else if has(OUTPUTS) || settled_word {
        if has(AUTOMATIC) {
            (of_outputs(part, K::SettledAuto), &[OUTPUTS, AUTOMATIC])
        } else if has(HUMAN) {
            (Measure::Human, &[OUTPUTS, HUMAN])
        } else {
            (Measure::Kind(K::SettledHuman), &[OUTPUTS])
        }
    } else if has(ARRIVALS) {
        (Measure::Kind(K::Arrivals), &[ARRIVALS])
    } else if has(AUTOMATIC) {
        (of_outputs(part, K::SettledAuto), &[AUTOMATIC])
    } else {
        (Measure::Human, &[HUMAN])
    };
    let spent = |w: &str| {
        used.iter().any(|l| listed(l, w))
            || listed(FILLERS, w)
            || (settled_word && w.starts_with("solde"))
            || w == "which" && part
            || w == "1" && pair("j", "1")
    };
    let rest: Vec<&str> = words.iter().filter(|(n, _)| !spent(n)).map(|(_, w)| *w).collect();
    Some(Measured { measure, rest: rest.join(" ") })
}

fn of_outputs(part: bool, kind: MovementKind) -> Measure {
    if part { Measure::PartOfOutputs(kind) } else { Measure::Kind(kind) }
}

/// Where a value of a dimension goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Org,
    Unit,
    Product,
    Channel,
}

/// Which dimension a header names.
pub(crate) fn dimension(header: &str) -> Option<Dimension> {
    let text = normal(header);
    let has = |list: &str| text.split(' ').any(|w| listed(list, w));
    if has(CHANNEL_HEADS) {
        Some(Dimension::Channel)
    } else if has(ORG_HEADS) {
        Some(Dimension::Org)
    } else if has(UNIT_HEADS) {
        Some(Dimension::Unit)
    } else if has(PRODUCT_HEADS) {
        Some(Dimension::Product)
    } else {
        None
    }
}

/// Whether words beside a measure name a channel rather than a product.
pub(crate) fn is_channel(text: &str) -> bool {
    let text = normal(text);
    !text.is_empty()
        && text.split(' ').all(|w| listed(CHANNELS, w) || matches!(w, "e" | "en" | "par"))
}

/// Whether a header names the day of the row.
pub(crate) fn is_date(header: &str) -> bool {
    any_word(header, DATE_HEADS)
}

/// Whether a header names the measure of the row, in a long table.
pub(crate) fn is_kind_header(header: &str) -> bool {
    any_word(header, KIND_HEADS)
}

/// Whether a header names a bare number.
pub(crate) fn is_value_header(header: &str) -> bool {
    any_word(header, VALUE_HEADS)
}

/// Whether a column only cuts time (weekday, week, month, year): never a count.
pub(crate) fn is_time_part(header: &str) -> bool {
    any_word(header, TIME_PARTS)
}

/// Whether a header announces people or remarks: never kept beside counts.
pub(crate) fn is_person_or_remark(header: &str) -> bool {
    any_word(header, PEOPLE_AND_REMARKS)
}

/// Whether a cell names a day of the week.
pub(crate) fn is_weekday(text: &str) -> bool {
    listed(WEEKDAYS, &normal(text))
}

/// Whether a cell begins a row (or names a group) that sums up others.
pub(crate) fn is_total(text: &str) -> bool {
    let text = normal(text);
    let mut words = text.split(' ');
    match (words.next().unwrap_or(""), words.next()) {
        (first, _) if listed(SUMS, first) => true,
        ("ensemble" | "mean", after) => after.is_none(),
        ("sous", after) => matches!(after, Some("total" | "totaux")),
        ("grand" | "overall", after) => after == Some("total"),
        _ => false,
    }
}

/// Whether a label marks a row as an example to be replaced.
pub(crate) fn is_example(text: &str) -> bool {
    matches!(normal(text).split(' ').next(), Some("exemple" | "example"))
}

/// Whether a sheet explains rather than holds data.
pub(crate) fn is_notice(sheet: &str) -> bool {
    let text = normal(sheet);
    let first = text.split(' ').next().unwrap_or("");
    listed(NOTICES, first)
        || text.starts_with("mode d emploi")
        || text.starts_with("a lire")
        || text.starts_with("how to")
}

/// Whether a text is a number or a date rather than a name.
pub(crate) fn looks_like_value(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() {
        return false;
    }
    matches!(values::parse_number(text, None), Ok(Some(_)) | Err(values::NumberProblem::Ambiguous))
        || values::orders_of(text.as_bytes(), values::DEFAULT_PIVOT).next().is_some()
}

/// Whether a text is an error of a spreadsheet, in either language.
pub(crate) fn is_error(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('#') && listed(ERRORS, &text.trim_end_matches(['!', '?']).to_ascii_uppercase())
        || text.starts_with("Err:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use MovementKind as K;

    #[test]
    fn headers_of_counts_are_understood() {
        for (text, measure, rest) in [
            ("Entrées", Measure::Kind(K::Arrivals), ""),
            ("Nb de dossiers reçus", Measure::Kind(K::Arrivals), ""),
            ("Flux entrant", Measure::Kind(K::Arrivals), ""),
            ("ARRIVEES", Measure::Kind(K::Arrivals), ""),
            ("calls", Measure::Kind(K::Arrivals), ""),
            ("Sorties", Measure::Kind(K::SettledHuman), ""),
            ("Dossiers traités", Measure::Kind(K::SettledHuman), ""),
            ("Liquidés", Measure::Kind(K::SettledHuman), ""),
            ("Soldés", Measure::Kind(K::SettledHuman), ""),
            ("Solde", Measure::Kind(K::ClosingStock), ""),
            ("Stock", Measure::Kind(K::ClosingStock), ""),
            ("Stock fin de journée", Measure::Kind(K::ClosingStock), ""),
            ("Stock de clôture", Measure::Kind(K::ClosingStock), ""),
            ("Restant", Measure::Kind(K::ClosingStock), ""),
            ("Reste à traiter", Measure::Kind(K::ClosingStock), ""),
            ("En-cours", Measure::Kind(K::ClosingStock), ""),
            ("Dossiers en attente", Measure::Kind(K::ClosingStock), ""),
            ("Stock initial", Measure::Opening, ""),
            ("Stock J-1", Measure::Opening, ""),
            ("Annulés", Measure::Kind(K::Cancelled), ""),
            ("Transférés", Measure::Kind(K::Transferred), ""),
            ("Rouverts", Measure::Kind(K::Reopened), ""),
            ("Automatiques", Measure::Kind(K::SettledAuto), ""),
            ("Traités automatiquement", Measure::Kind(K::SettledAuto), ""),
            ("dont automatiques", Measure::PartOfOutputs(K::SettledAuto), ""),
            ("Traités manuellement", Measure::Human, ""),
            ("Corrections", Measure::Kind(K::Corrections), ""),
            ("Entrées Réversion", Measure::Kind(K::Arrivals), "Réversion"),
            ("Retraite - Stock", Measure::Kind(K::ClosingStock), "Retraite"),
            ("Entrées courrier", Measure::Kind(K::Arrivals), "courrier"),
            ("Taux d’entrées", Measure::Other, ""),
            ("Stock en jours", Measure::Other, ""),
            ("Entrées N-1", Measure::Other, ""),
            ("Cumul entrées", Measure::Other, ""),
            ("Objectif stock", Measure::Other, ""),
            ("settled_auto", Measure::Kind(K::SettledAuto), ""),
            ("closing_stock", Measure::Kind(K::ClosingStock), ""),
        ] {
            let got = super::measure(text);
            assert_eq!(got, Some(Measured { measure, rest: rest.into() }), "{text}");
        }
        for none in ["Prestation", "Retraite", "Date", "", "weekday", "attendances"] {
            assert_eq!(super::measure(none), None, "{none}");
        }
    }

    #[test]
    fn totals_and_notices_are_known() {
        for yes in ["Total", "TOTAL GÉNÉRAL", "Sous-total", "Somme", "Grand total", "Ensemble"] {
            assert!(is_total(yes), "{yes}");
        }
        for no in ["Totalité", "Retraite", "", "Ensemble des services"] {
            assert!(!is_total(no), "{no}");
        }
        assert!(is_notice("Notice") && is_notice("Lisez-moi") && !is_notice("Données"));
        assert!(is_error("#N/A") && is_error("#DIV/0!") && is_error("#NOM?") && !is_error("#12"));
    }
}
