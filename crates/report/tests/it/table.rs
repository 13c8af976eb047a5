//! Tables on paper: all rows, in order, each once.

use eclusier_core::lang::Lang;
use eclusier_report::{TableSheet, page::Align, pdf, table::Column, table_pages};
use proptest::prelude::*;

fn sheet(rows: usize) -> TableSheet {
    let column = |head: &str, align| Column { head: head.into(), align };
    TableSheet {
        title: "Attentes entre deux tâches".into(),
        about: "CAF de démonstration · Allocation de rentrée · du 1er janvier au 30 juin 2026"
            .into(),
        freshness: "Données au 30 juin 2026, 18 h · waits v1".into(),
        columns: vec![
            column("De", Align::Left),
            column("Vers", Align::Left),
            column("Dossiers", Align::Right),
            column("Attente médiane", Align::Right),
            column("Cause principale", Align::Left),
        ],
        rows: (0..rows)
            .map(|i| {
                vec![
                    format!("Vérification de la complétude n°\u{a0}{i}"),
                    "Demande de pièces complémentaires à l'allocataire".into(),
                    format!("{}", i * 37),
                    "2,4\u{a0}j".into(),
                    if i % 3 == 0 {
                        String::new()
                    } else {
                        "pièces attendues de l'allocataire, relance au bout de quinze jours".into()
                    },
                ]
            })
            .collect(),
        made: Some([2026, 7, 1, 8, 30]),
        made_words: "imprimé le 1er juillet 2026".into(),
    }
}

#[test]
fn every_row_is_printed_once_in_order() {
    for rows in [0, 1, 25, 26, 200] {
        let document = table_pages(&sheet(rows), Lang::Fr);
        let mut seen = Vec::new();
        for (i, page) in document.pages.iter().enumerate() {
            assert_eq!(page.outside(), Vec::<String>::new());
            let texts: Vec<&str> = page.texts().iter().map(|t| t.text.as_str()).collect();
            assert!(texts.contains(&format!("Page {}/{}", i + 1, document.pages.len()).as_str()));
            seen.extend(
                texts.iter().filter_map(|t| t.split_once("n°\u{a0}")?.1.parse::<usize>().ok()),
            );
        }
        assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        let file = pdf(&document).unwrap();
        assert_eq!(file, pdf(&document).unwrap());
    }
    if let Some(dir) = std::env::var_os("ECLUSIER_LOOK") {
        let file = pdf(&table_pages(&sheet(60), Lang::Fr)).unwrap();
        std::fs::write(std::path::PathBuf::from(dir).join("table.pdf"), file).unwrap();
    }
}

/// A file must have a title, even when its page has none.
#[test]
fn a_table_without_a_title_is_written() {
    for title in ["", " \u{0}\n", "\u{200b}", "日本"] {
        let sheet = TableSheet { title: title.into(), ..sheet(2) };
        let file = pdf(&table_pages(&sheet, Lang::Fr));
        assert!(file.is_ok(), "{title:?}: {:?}", file.err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn whatever_the_table_nothing_sticks_out(
        heads in prop::collection::vec(("\\PC{0,30}", any::<bool>()), 0..14),
        rows in prop::collection::vec(prop::collection::vec("\\PC{0,90}", 0..15), 0..12),
        words in prop::collection::vec("\\PC{0,150}", 4),
    ) {
        let sheet = TableSheet {
            title: words[0].clone(),
            about: words[1].clone(),
            freshness: words[2].clone(),
            made_words: words[3].clone(),
            columns: heads
                .into_iter()
                .map(|(head, right)| Column { head, align: if right { Align::Right } else { Align::Left } })
                .collect(),
            rows,
            made: None,
        };
        let document = table_pages(&sheet, Lang::En);
        for page in &document.pages {
            prop_assert_eq!(page.outside(), Vec::<String>::new());
        }
        let file = pdf(&document);
        prop_assert!(file.is_ok(), "{:?}", file.err());
    }
}
