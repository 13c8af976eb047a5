//! The demonstration: a synthetic body goes through the same door as real files.

use std::{fs::File, io::BufWriter};

use eclusier_core::{ProcessId, ProcessRules};
use eclusier_registry::Body;
use eclusier_synth::{Body as Synthetic, Size, SynthError, Worker};
use jiff::civil::Date;

use crate::{
    App,
    error::{AppError, AppResult},
    imports::{ImportOptions, ImportReport, ImportStatus, Watch},
    processes::DEMO_KEY,
    staff::{StaffKind, StaffOptions},
};

impl App {
    /// Generates a body and imports it; says in a line what was made. A second
    /// call with the same arguments changes nothing.
    pub async fn demo(
        &self,
        size: &str,
        seed: u64,
        until: Option<Date>,
        watch: &Watch,
    ) -> AppResult<String> {
        let size: Size = size.parse().map_err(|e: SynthError| {
            AppError::invalid(
                "size",
                "taille inconnue : écrire team, office ou network",
                e.to_string(),
            )
        })?;
        let registry = &self.inner.registry;
        if registry.setting(DEMO_KEY).await?.is_none() && !self.process_ids().await?.is_empty() {
            return Err(AppError::invalid(
                "data",
                "ce dossier contient déjà des données : la démonstration en demande un vide (--data)",
                "this directory already holds data: the demonstration needs an empty one (--data)",
            ));
        }
        let made = registry.setting(DEMO_KEY).await?;
        if let (Some(made), None) = (made, until) {
            // The days go by: a body made yesterday is still the same demonstration.
            return Ok(serde_json::from_str(&made).unwrap_or(made));
        }
        let zone = jiff::tz::TimeZone::get(eclusier_synth::ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = self.now().to_zoned(zone).date();
        let until = until.unwrap_or_else(|| today.yesterday().unwrap_or(today));
        let name = "Caisse de démonstration";
        let settings = Body { name: name.into(), ..Body::default() };
        registry.put_body(&settings, &self.actor(), self.now()).await?;
        let body = std::sync::Arc::new(Synthetic::new(seed, size, until));
        let mut rows = 0;
        let mut processes = 0;
        let ids: Vec<(String, ProcessRules, bool)> = body
            .processes()
            .iter()
            .map(|p| {
                (p.id().to_owned(), ProcessRules { label: p.label().into(), ..p.rules() }, true)
            })
            .chain([(body.counts_id().to_owned(), body.counts_rules(), false)])
            .collect();
        for (id, rules, events) in ids {
            if watch.cancelled() {
                return Err(AppError::Cancelled);
            }
            let process = ProcessId::new(&id)
                .map_err(|e| AppError::invalid("process", e.to_string(), e.to_string()))?;
            let (upload, path) = self.new_upload(&format!("{id}-{until}.csv"))?;
            let (source, target, wanted) = (body.clone(), path.clone(), id.clone());
            self.blocking(move || write(&source, &wanted, events, &target)).await?;
            let mut options = ImportOptions::new(&path, process.clone());
            options.name = format!("{id}.csv");
            if !events {
                options.kind = Some(eclusier_ingest::Kind::Counts);
            }
            let report = self.import(options, watch.clone()).await?;
            self.drop_upload(&upload)?;
            refuse_bad(&report)?;
            rows += report.accepted;
            processes += 1;
            self.put_config(&process, None, &rules).await?;
        }
        self.demo_people(&body).await?;
        let made = format!("{processes} processus, {rows} lignes, au {until}");
        let json = serde_json::json!(made).to_string();
        registry.put_setting(DEMO_KEY, &json, &self.actor(), self.now()).await?;
        Ok(made)
    }
}

impl App {
    /// The people of the synthetic body: a staff list and a list of absences, imported like
    /// those of a real body.
    async fn demo_people(&self, body: &Synthetic) -> AppResult<()> {
        let workers = eclusier_synth::roster(body);
        for (kind, name, text) in [
            (StaffKind::Staff, "personnel.csv", staff_csv(&workers)),
            (StaffKind::Absences, "absences.csv", absences_csv(&workers)),
        ] {
            let staged = self.stage_staff()?;
            std::fs::write(staged.path(), text)
                .map_err(|source| AppError::Io { what: "the synthetic body".into(), source })?;
            let mut options = StaffOptions::new(staged.path(), kind);
            options.name = name.into();
            options.names = true;
            let report = self.import_staff(options).await?;
            let fine = matches!(report.status, ImportStatus::Committed | ImportStatus::Unchanged);
            if !fine || report.quarantined > 0 {
                let words = format!("{name}: {} rows refused", report.quarantined);
                let [fr, en] = report.message.unwrap_or_else(|| [words.clone(), words]);
                return Err(AppError::Refused { code: "demo".into(), fr, en });
            }
        }
        Ok(())
    }
}

/// One row for the team and the contract, then one per skill and one for who learns.
fn staff_csv(workers: &[Worker]) -> String {
    let mut text = String::from(
        "Matricule;Nom;Prénom;Courriel;Organisme;Site;Service;Équipe;Quotité;Heures par semaine;\
         Jours travaillés;Compétence;Théorie;Pratique;Habilité;Montée en charge;Du;Au\r\n",
    );
    for w in workers {
        let days: Vec<String> = w.weekdays.iter().map(u8::to_string).collect();
        let (days, share, hours) =
            (days.join(" "), w.share.to_string(), w.weekly_hours.to_string());
        let (from, to) = (w.from.to_string(), w.to.map(|to| to.to_string()).unwrap_or_default());
        let mut row = |fields: &[&str], days: [&str; 2]| {
            text.push_str(&w.code);
            for field in fields.iter().chain(&days) {
                text.push(';');
                text.push_str(field);
            }
            text.push_str("\r\n");
        };
        let who = [w.family, w.given, &w.email, &w.org, &w.site, w.service, &w.unit];
        let contract = [share.as_str(), &hours, &days, "", "", "", "", ""];
        row(&[&who[..], &contract[..]].concat(), [&from, &to]);
        for (product, theory, practice, alone) in &w.skills {
            let (theory, practice) = (theory.to_string(), practice.to_string());
            let alone = if *alone { "oui" } else { "non" };
            let skill = [product, theory.as_str(), &practice, alone, ""];
            row(&[&[""; 10][..], &skill[..]].concat(), [&from, &to]);
        }
        if let Some((since, start)) = w.learns {
            let grown = since.saturating_add(jiff::Span::new().days(180));
            let days = [since.to_string(), grown.to_string()];
            let start = start.to_string();
            row(&[&[""; 14][..], &[start.as_str()]].concat(), [&days[0], &days[1]]);
        }
    }
    text
}

fn absences_csv(workers: &[Worker]) -> String {
    let mut text = String::from("Matricule;Du;Au;Demi-journée;Motif\r\n");
    for w in workers {
        for away in &w.away {
            let half = if away.afternoon { "après-midi" } else { "" };
            let (from, to) = (away.from.to_string(), away.to.to_string());
            let row = [w.code.as_str(), &from, &to, half, away.cause];
            text.push_str(&row.join(";"));
            text.push_str("\r\n");
        }
    }
    text
}

fn parse(size: &str) -> AppResult<Size> {
    size.parse().map_err(|e: SynthError| {
        AppError::invalid("size", "taille inconnue : écrire team, office ou network", e.to_string())
    })
}

impl App {
    /// Ids of the processes of a synthetic body.
    pub fn synthetic_processes(size: &str, seed: u64, until: Date) -> AppResult<Vec<String>> {
        let body = Synthetic::new(seed, parse(size)?, until);
        Ok(body.processes().iter().map(|p| p.id().to_owned()).collect())
    }

    /// Writes the CSV of a synthetic process; gives back how many rows.
    pub async fn generate(
        &self,
        size: &str,
        process: &str,
        seed: u64,
        until: Date,
        to: &std::path::Path,
    ) -> AppResult<u64> {
        let body = Synthetic::new(seed, parse(size)?, until);
        let (process, to) = (process.to_owned(), to.to_path_buf());
        self.blocking(move || write(&body, &process, true, &to)).await
    }
}

fn write(body: &Synthetic, id: &str, events: bool, path: &std::path::Path) -> AppResult<u64> {
    let broken = |e: SynthError| AppError::Io {
        what: "the synthetic body".into(),
        source: std::io::Error::other(e.to_string()),
    };
    let file = File::create(path)
        .map_err(|source| AppError::Io { what: "the synthetic body".into(), source })?;
    let file = BufWriter::with_capacity(1 << 18, file);
    if !events {
        return eclusier_synth::write_counts_csv(body, file).map_err(broken);
    }
    match body.process(id) {
        Some(process) => eclusier_synth::write_csv(process, file).map_err(broken),
        None => Ok(0),
    }
}

/// Our own files must be read whole: anything else is a defect to be seen at once.
fn refuse_bad(report: &ImportReport) -> AppResult<()> {
    let fine = matches!(report.status, ImportStatus::Committed | ImportStatus::Unchanged);
    if fine && report.quarantined == 0 {
        return Ok(());
    }
    let [fr, en] = report.message.clone().unwrap_or_else(|| {
        let words = format!("{}: {} rows refused", report.file, report.quarantined);
        [words.clone(), words]
    });
    Err(AppError::Refused { code: "demo".into(), fr, en })
}
