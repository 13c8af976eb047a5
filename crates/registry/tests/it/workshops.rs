//! What workshops write: one version after the other, models kept and removed.

use eclusier_registry::{NewModel, RegistryError};

use crate::{at, open, process, run};

#[test]
fn what_a_workshop_writes_is_versioned_and_never_overwritten_unseen() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(&folder.path().join("registry.db")).await.unwrap();
        let rsa = process("rsa");
        assert_eq!(registry.workshop(&rsa).await.unwrap(), None);
        assert_eq!(registry.put_workshop(&rsa, "{}", 0, "alice", at(1)).await.unwrap(), 1);
        assert_eq!(registry.put_workshop(&rsa, "{\"a\":1}", 1, "bruno", at(2)).await.unwrap(), 2);
        let late = registry.put_workshop(&rsa, "{}", 1, "alice", at(3)).await;
        assert!(matches!(late, Err(RegistryError::Stale { what: "workshop", .. })), "{late:?}");
        let kept = registry.workshop(&rsa).await.unwrap().unwrap();
        assert_eq!(
            (kept.content.as_str(), kept.version, kept.by.as_str()),
            ("{\"a\":1}", 2, "bruno")
        );
        assert_eq!(registry.workshop(&process("autre")).await.unwrap(), None);
    });
}

#[test]
fn models_are_kept_by_process_and_their_digest_outlives_them() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let registry = open(&folder.path().join("registry.db")).await.unwrap();
        let (rsa, other) = (process("rsa"), process("autre"));
        let new = |process, name| NewModel { process, name, bpmn: "<definitions/>" };
        let first = registry.add_model(new(&rsa, "Cible"), "alice", at(1)).await.unwrap();
        registry.add_model(new(&other, "Autre"), "alice", at(2)).await.unwrap();
        assert_eq!(registry.models(&rsa).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(registry.model(&rsa, first.id).await.unwrap(), first);
        let wrong = registry.model(&other, first.id).await;
        assert!(matches!(wrong, Err(RegistryError::Missing { what: "model", .. })), "{wrong:?}");
        registry.delete_model(&rsa, first.id, "bruno", at(3)).await.unwrap();
        assert!(registry.delete_model(&rsa, first.id, "bruno", at(4)).await.is_err());
        assert_eq!(registry.models(&rsa).await.unwrap(), []);
        let log = registry.audit_entries(0, 50).await.unwrap();
        let gone = log.iter().find(|e| e.action == "model.delete").unwrap();
        assert!(gone.details.contains(&first.sha256));
    });
}
