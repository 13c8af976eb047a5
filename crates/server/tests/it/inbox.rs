//! Files left in the inbox, by the server that watches it.

use std::{path::Path, time::Duration};

use eclusier_app::ProcessId;

use crate::common::{Site, log};

async fn until(what: &str, ready: impl Fn() -> bool) {
    for _ in 0..300 {
        if ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_file_is_imported_once_stable_and_others_are_refused_with_a_reason() {
    let site = Site::new().await;
    let preview = site.upload("modele.csv", log(5).as_bytes()).await.json();
    let upload = preview["upload"].as_str().unwrap();
    let pensions = ProcessId::new("pensions").unwrap();
    site.app.save_mapping_of_upload(upload, "outil", &pensions, None).await.unwrap();

    let inbox = site.folder.path().join("inbox");
    std::fs::create_dir(&inbox).unwrap();
    std::fs::write(inbox.join("juin.csv"), log(30)).unwrap();
    std::fs::write(inbox.join("inconnu.csv"), "x;y;z\r\n1;2;3\r\n").unwrap();
    std::fs::write(inbox.join("en-cours.csv.part"), log(2)).unwrap();
    std::fs::write(inbox.join(".cache"), log(2)).unwrap();
    let settings = eclusier_server::settings::Settings::default();
    let plan = eclusier_server::Plan::new(&settings, Some("127.0.0.1:0")).unwrap();
    let server = tokio::spawn(eclusier_server::serve(site.app.clone(), plan, Some(inbox.clone())));
    until("both files taken", || {
        names(&inbox.join("done")) == ["juin.csv"]
            && names(&inbox.join("refused")) == ["inconnu.csv", "inconnu.csv.txt"]
    })
    .await;
    let reason = std::fs::read_to_string(inbox.join("refused/inconnu.csv.txt")).unwrap();
    assert!(
        reason.lines().count() == 2 && reason.contains("Données") && reason.contains("Data page"),
        "{reason}"
    );
    assert!(inbox.join("en-cours.csv.part").exists() && inbox.join(".cache").exists());
    let imports = site.app.imports(None).await.unwrap();
    assert_eq!(imports.len(), 1);
    assert_eq!((imports[0].by.as_str(), imports[0].process.as_str()), ("inbox", "pensions"));
    assert_eq!((imports[0].file_name.as_str(), imports[0].cases), ("juin.csv", 30));

    // The same file again is done, unchanged, and the first is kept.
    std::fs::write(inbox.join("juin.csv"), log(30)).unwrap();
    until("the second taken", || names(&inbox.join("done")) == ["2-juin.csv", "juin.csv"]).await;
    assert_eq!(site.app.imports(None).await.unwrap().len(), 1);
    server.abort();
}
