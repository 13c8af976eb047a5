//! Accounts, roles, tokens, gates, audit and health as wire types.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_api as api;
use eclusier_api::Text;
use eclusier_app::{
    Permission, ProcessId,
    individuals::{WEEKS_FORMULA, WeeksView},
    pages::PageView,
    publications::{FigureChange, PublishedPeriod, Replay},
    retention::Due,
};
use eclusier_core::NodeId;
use eclusier_registry::{
    Account, AccountStatus, AuditEntry, AuditVerdict, Gate, HeldRole, Purge, Token,
};
use jiff::{Timestamp, civil::Date};

/// Names behind the actors of imports, jobs and audit entries.
pub(crate) type Names = BTreeMap<String, String>;

/// Names of the nodes of the organisation.
pub(crate) type Labels = BTreeMap<NodeId, String>;

fn named(names: &Names, actor: &str) -> String {
    names.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
}

fn texts(words: [&str; 2]) -> Text {
    Text::new(words[0], words[1])
}

fn process_names(processes: Option<&BTreeSet<ProcessId>>) -> Option<Vec<String>> {
    processes.map(|set| set.iter().map(ToString::to_string).collect())
}

/// An account with its roles.
pub(crate) fn account(
    account: &Account,
    grants: &[HeldRole],
    labels: &Labels,
    names: &Names,
    today: Date,
    now: Timestamp,
) -> api::AccountDto {
    let own = grants.iter().filter(|g| g.account == account.id);
    api::AccountDto {
        id: account.id.clone(),
        login: account.login.clone(),
        name: account.name.clone(),
        person: account.person.as_ref().map(|p| p.0.clone()),
        kind: if account.identity.is_some() { "provider" } else { "local" }.into(),
        status: match account.status {
            AccountStatus::Active => "active",
            AccountStatus::Disabled => "disabled",
        }
        .into(),
        second_factor: account.second.is_some(),
        locked_until: account.locked.filter(|t| *t > now).map(|t| t.to_string()),
        created_at: account.created.to_string(),
        seen_at: account.seen.map(|t| t.to_string()),
        version: account.version,
        grants: own.map(|g| grant(g, labels, names, today)).collect(),
    }
}

/// A role held.
pub(crate) fn grant(held: &HeldRole, labels: &Labels, names: &Names, today: Date) -> api::GrantDto {
    let node = held.grant.node.as_ref();
    api::GrantDto {
        id: held.id.clone(),
        account: held.account.clone(),
        account_name: named(names, &format!("account/{}", held.account)),
        role: held.grant.role.clone(),
        node: node.map(|n| n.0.clone()),
        node_label: node.and_then(|n| labels.get(n)).cloned().unwrap_or_default(),
        processes: process_names(held.grant.processes.as_ref()),
        from: held.grant.valid.from.to_string(),
        to: held.grant.valid.to.map(|d| d.to_string()),
        delegated_by: held.delegated_by.as_ref().map(|by| named(names, &format!("account/{by}"))),
        reason: held.reason.clone(),
        active: held.grant.valid.covers(today),
        version: held.version,
    }
}

/// The matrix of roles and permissions.
pub(crate) fn rights() -> api::RightsDto {
    api::RightsDto {
        roles: eclusier_core::rights::roles()
            .iter()
            .map(|(id, role)| api::RoleDto {
                id: id.clone(),
                label: role.label.clone().into(),
                permissions: crate::wire::permission_names(&role.permissions),
                masked: role.masked,
                assignable: role.assignable,
            })
            .collect(),
        permissions: Permission::ALL
            .iter()
            .map(|p| api::PermissionDto {
                id: p.as_str().into(),
                label: texts(permission_words(*p)),
            })
            .collect(),
    }
}

/// What a permission allows, French then English.
fn permission_words(permission: Permission) -> [&'static str; 2] {
    use Permission as P;
    match permission {
        P::FiguresRead => ["Voir stocks, flux, âges et délais", "See stock, flow, ages and delays"],
        P::CasesRead => ["Voir les listes de dossiers", "See lists of cases"],
        P::LogRead => [
            "Voir le détail pseudonymisé : carte, variantes, attentes, retours, coûts",
            "See pseudonymised detail: map, variants, waits, returns, costs",
        ],
        P::WorkshopWrite => [
            "Noter ce que trouve un atelier : causes, cible, modèles",
            "Write down what a workshop finds: causes, target, models",
        ],
        P::DataRead => ["Voir l’historique des imports", "See the history of imports"],
        P::DataWrite => ["Importer des fichiers, les annuler", "Import files, take them back"],
        P::CountsWrite => {
            ["Saisir comptages et totaux de contrôle", "Type counts and control totals"]
        }
        P::ConfigRead => ["Voir la configuration datée", "See the dated configuration"],
        P::ConfigWrite => ["Modifier la configuration datée", "Change the dated configuration"],
        P::ExportsWrite => ["Exporter ce qui est affiché", "Export what is shown"],
        P::PeriodsWrite => ["Publier et rectifier des périodes", "Publish and restate periods"],
        P::OrganisationRead => ["Voir l’organisation", "See the organisation"],
        P::OrganisationWrite => ["Modifier l’organisation", "Change the organisation"],
        P::PeopleRead => [
            "Voir les personnes : contrat, compétences, présence",
            "See people: contract, skills, presence",
        ],
        P::PeopleWrite => ["Modifier les personnes", "Change people"],
        P::AbsencesCause => ["Voir la cause des absences", "See why people are away"],
        P::IndividualRead => [
            "Voir les semaines d’une personne, par une ouverture enregistrée",
            "See the weeks of one person, through a recorded opening",
        ],
        P::AccountsRead => ["Voir les comptes et les jetons", "See accounts and tokens"],
        P::AccountsWrite => ["Gérer les comptes et les jetons", "Manage accounts and tokens"],
        P::RightsRead => ["Voir qui tient quel rôle", "See who holds which role"],
        P::RightsWrite => ["Donner et retirer des rôles", "Grant and withdraw roles"],
        P::DelegationWrite => {
            ["Prêter ses rôles, entre deux dates", "Lend one’s roles, between two days"]
        }
        P::GatesRead => {
            ["Voir les ouvertures de données individuelles", "See openings of individual data"]
        }
        P::GatesWrite => {
            ["Ouvrir et fermer l’accès aux données individuelles", "Open and close individual data"]
        }
        P::RetentionWrite => ["Purger ce qui a passé sa durée", "Purge what is past its time"],
        P::AuditRead => ["Lire le journal d’audit", "Read the audit log"],
        P::SystemRead => ["Voir la santé du programme", "See the health of the program"],
        P::SystemWrite => ["Régler le programme, le sauvegarder", "Set up the program, back it up"],
        P::MethodRead => {
            ["Voir définitions, formules et notices", "See definitions, formulas and notices"]
        }
        P::WallRead => {
            ["Afficher les totaux de l’écran mural", "Show the totals of the wall screen"]
        }
        P::DirectoryWrite => [
            "Tenir à jour personnes et équipes depuis l’annuaire",
            "Keep people and teams up to date from the directory",
        ],
    }
}

/// A token.
pub(crate) fn token(token: &Token) -> api::TokenDto {
    api::TokenDto {
        id: token.id.clone(),
        kind: token.kind.as_str().into(),
        name: token.name.clone(),
        permissions: crate::wire::permission_names(&token.permissions),
        node: token.node.as_ref().map(|n| n.0.clone()),
        processes: process_names(token.processes.as_ref()),
        created_at: token.created.to_string(),
        expires_at: token.expires.to_string(),
        revoked_at: token.revoked.map(|t| t.to_string()),
        used_at: token.used.map(|t| t.to_string()),
    }
}

/// A gate of individual data.
pub(crate) fn gate(gate: &Gate, labels: &Labels, names: &Names, today: Date) -> api::GateDto {
    let node = gate.node.as_ref();
    api::GateDto {
        id: gate.id.clone(),
        purpose: gate.purpose.clone(),
        node: node.map(|n| n.0.clone()),
        node_label: node.and_then(|n| labels.get(n)).cloned().unwrap_or_default(),
        dpia: gate.dpia.to_string(),
        council: gate.council.to_string(),
        information: gate.information.to_string(),
        from: gate.valid.from.to_string(),
        to: gate.valid.to.map(|d| d.to_string()).unwrap_or_default(),
        opened_by: named(names, &gate.opened_by),
        opened_at: gate.opened.to_string(),
        closed_by: gate.closed.as_ref().map(|(by, _)| named(names, by)),
        closed_at: gate.closed.as_ref().map(|(_, at)| at.to_string()),
        reason: gate.reason.clone(),
        open: gate.is_open(today),
    }
}

/// Retention.
pub(crate) fn retention(due: &[Due], purges: &[Purge], names: &Names) -> api::RetentionDto {
    api::RetentionDto {
        rules: rules(due),
        purges: purges
            .iter()
            .map(|p| api::PurgeDto {
                at: p.at.to_string(),
                by: named(names, &p.by),
                what: p.what.clone(),
                before: p.before.to_string(),
                removed: p.removed,
                proof: p.proof.clone(),
            })
            .collect(),
    }
}

/// The rules of retention.
pub(crate) fn rules(due: &[Due]) -> Vec<api::RetentionRuleDto> {
    due.iter()
        .map(|d| api::RetentionRuleDto {
            id: d.rule.id.into(),
            label: texts(d.rule.label),
            months: u32::try_from(d.rule.months).unwrap_or(0),
            due: d.rows,
        })
        .collect()
}

/// An entry of the audit log.
pub(crate) fn audit_entry(entry: &AuditEntry, names: &Names) -> api::AuditEntryDto {
    api::AuditEntryDto {
        seq: entry.seq,
        at: entry.at.to_string(),
        by: named(names, &entry.actor),
        action: entry.action.clone(),
        label: texts(act_words(&entry.action)),
        object: entry.object.clone(),
        details: entry.details.clone(),
        hash: entry.hash.clone(),
    }
}

/// An act of the audit log, French then English; the generic words for one not listed.
fn act_words(action: &str) -> [&'static str; 2] {
    match action {
        "import.commit" => ["Fichier importé", "File imported"],
        "import.undo" => ["Import annulé", "Import taken back"],
        "snapshot.compact" | "lake.compact" => ["Fichiers regroupés", "Files merged"],
        "config.put" => ["Configuration modifiée", "Configuration changed"],
        "config.delete" => ["Configuration retirée", "Configuration removed"],
        "setting.put" => ["Réglage modifié", "Setting changed"],
        "control_total.put" | "control_total.delete" => {
            ["Total de contrôle saisi", "Control total typed"]
        }
        "mapping.save" => ["Correspondance enregistrée", "Mapping saved"],
        "workshop.put" => ["Atelier enregistré", "Workshop saved"],
        "model.add" => ["Modèle ajouté", "Model added"],
        "model.delete" => ["Modèle retiré", "Model removed"],
        "mapping.delete" => ["Correspondance supprimée", "Mapping deleted"],
        "job.create" => ["Tâche lancée", "Job started"],
        "job.cancel" => ["Arrêt d’une tâche demandé", "Job asked to stop"],
        "job.end" => ["Tâche terminée", "Job ended"],
        "period.close" => ["Période publiée", "Period published"],
        "period.restate" => ["Période rectifiée", "Period restated"],
        "sign_in" => ["Connexion", "Sign-in"],
        "sign_in.failed" => ["Connexion refusée", "Sign-in refused"],
        "sign_out" => ["Déconnexion", "Sign-out"],
        "session.end" => ["Autres sessions fermées", "Other sessions ended"],
        "account.create" => ["Compte créé", "Account made"],
        "account.update" | "account.status" => ["Compte modifié", "Account changed"],
        "account.password" => ["Mot de passe changé", "Password changed"],
        "account.second_factor" => ["Second facteur modifié", "Second factor changed"],
        "role.grant" => ["Rôle donné", "Role granted"],
        "role.end" => ["Fin d’un rôle fixée", "End of a role set"],
        "token.create" => ["Jeton créé", "Token made"],
        "token.revoke" => ["Jeton retiré", "Token withdrawn"],
        "gate.open" => ["Données individuelles ouvertes", "Individual data opened"],
        "gate.close" => ["Données individuelles fermées", "Individual data closed"],
        "individual.read" => ["Lignes individuelles consultées", "Individual rows looked at"],
        "individual.file" => ["Fichier sur une personne produit", "File about a person made"],
        "retention.purge" => ["Purge", "Purge"],
        "export" => ["Export", "Export"],
        "backup" | "registry.backup" => ["Sauvegarde", "Backup"],
        "backup.rehearse" => ["Essai de restauration", "Rehearsal of a restore"],
        "restore" | "registry.restore" | "backup.restored" => ["Restauration", "Restore"],
        "staff.import" => ["Liste du personnel importée", "Staff list imported"],
        "absences.import" => ["Absences importées", "Absences imported"],
        _ if action.starts_with("node.") || action.starts_with("organisation") => {
            ["Organisation modifiée", "Organisation changed"]
        }
        _ if action.starts_with("person") || action.starts_with("fact.") => {
            ["Fiche d’une personne modifiée", "Record of a person changed"]
        }
        _ => ["Autre acte", "Other act"],
    }
}

/// Whether the chain holds.
pub(crate) fn verdict(verdict: &AuditVerdict) -> api::AuditVerdictDto {
    let fault = verdict.fault.map(|f| f.seq);
    let words = match fault {
        None => Text::new(
            format!("Chaîne intacte : {} inscriptions vérifiées.", verdict.entries),
            format!("The chain is whole: {} entries verified.", verdict.entries),
        ),
        Some(seq) => Text::new(
            format!(
                "Chaîne rompue à l’inscription n° {seq} : le journal a été modifié hors du programme. Restaurer la dernière sauvegarde vérifiée et comparer."
            ),
            format!(
                "The chain is broken at entry {seq}: the log was changed outside the program. Restore the last verified backup and compare."
            ),
        ),
    };
    api::AuditVerdictDto {
        whole: verdict.is_whole(),
        entries: verdict.entries,
        head: verdict.head.clone(),
        fault,
        words,
    }
}

/// Weeks of one person.
pub(crate) fn weeks(view: &WeeksView) -> api::WeeksDto {
    api::WeeksDto {
        formula: texts(WEEKS_FORMULA),
        purpose: view.purpose.clone(),
        period: api::PeriodDto { from: view.period.0.to_string(), to: view.period.1.to_string() },
        weeks: view
            .weeks
            .iter()
            .map(|(process, week)| {
                let iso = week.monday.iso_week_date();
                api::WeekDto {
                    week: format!("{}-W{:02}", iso.year(), iso.week()),
                    process: process.clone(),
                    activity: week.activity.clone(),
                    tasks: week.tasks,
                }
            })
            .collect(),
    }
}

/// A page.
pub(crate) fn page(view: &PageView) -> api::PageDto {
    api::PageDto {
        name: view.name.into(),
        title: texts(view.title),
        text: view.text.clone(),
        conformity: view.conformity.clone(),
        editable: view.editable,
        version: view.version,
    }
}

fn difference(change: &FigureChange) -> api::DifferenceDto {
    let value = |side: &Option<BTreeMap<String, serde_json::Value>>| {
        side.as_ref().and_then(|fields| fields.get("value")).and_then(serde_json::Value::as_f64)
    };
    api::DifferenceDto {
        id: change.id.clone(),
        earlier: value(&change.before),
        later: value(&change.after),
    }
}

/// Publications of a process, latest first.
pub(crate) fn publications(
    periods: &[PublishedPeriod],
    label: &str,
    names: &Names,
) -> Vec<api::PublicationDto> {
    let mut all = Vec::new();
    for period in periods {
        for view in &period.publications {
            all.push(api::PublicationDto {
                process: period.process.to_string(),
                label: label.to_owned(),
                period: api::PeriodDto {
                    from: period.period.from.to_string(),
                    to: period.period.to.to_string(),
                },
                rank: i64::try_from(view.rank).unwrap_or(i64::MAX),
                at: view.at.to_string(),
                by: named(names, &view.by),
                reason: view.reason.clone(),
                snapshot: view.snapshot.0,
                config_revision: view.config_revision,
                differences: view.changes.iter().map(difference).collect(),
            });
        }
    }
    all.sort_by(|a, b| b.at.cmp(&a.at));
    all
}

/// What a replay found.
pub(crate) fn replay(replay: &Replay) -> api::ReplayDto {
    api::ReplayDto {
        same: replay.holds(),
        figures: replay.figures as u64,
        differences: replay.changes.iter().map(difference).collect(),
    }
}
