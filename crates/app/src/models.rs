//! Models of a process: found in the log, kept for reference, compared with the cases.

use eclusier_core::{Permission, ProcessId};
use eclusier_mining::{
    AlignOptions, Conformance, ConformanceError, PetriNet, ProcessTree, Traces, TracesKernel,
    VariantsKernel,
    bpmn::{self, BpmnError, Diagram, Finding, Kind, NetError},
    conformance::{Method, conformance},
    discovery::{DiscoveryError, Options, discover},
};
pub use eclusier_registry::ModelRecord;
use eclusier_registry::NewModel;

use crate::{
    App, Study,
    error::{AppError, AppResult},
    imports::Watch,
};

/// A model found in a log.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// Blocks.
    pub tree: ProcessTree,
    /// BPMN 2.0 with its drawing.
    pub bpmn: String,
    /// Threshold.
    pub noise: f64,
    /// Activities of the model.
    pub activities: u64,
    /// Gateways of the drawing.
    pub gateways: u64,
    /// Cases read.
    pub cases: u64,
}

/// Largest document taken, bytes.
pub const MOST_BPMN: usize = 8 << 20;

/// A reference model read: what is on it and what was left out.
#[derive(Debug, Clone)]
pub struct ReadModel {
    /// The drawing.
    pub diagram: Diagram,
    /// The net on which cases are replayed.
    pub net: PetriNet,
    /// What the reader could not follow.
    pub findings: Vec<Finding>,
}

/// Reads a BPMN document.
pub fn read_model(text: &[u8]) -> AppResult<ReadModel> {
    let refused =
        |code: &str, fr: String, en: String| AppError::Refused { code: code.into(), fr, en };
    if text.len() > MOST_BPMN {
        return Err(refused(
            "model_too_large",
            "ce document dépasse 8 Mio : n’en garder que le processus".into(),
            "this document is larger than 8 MiB: keep the process alone".into(),
        ));
    }
    let (diagram, findings) = bpmn::read(text).map_err(|e| {
        let [fr, en] = unreadable(&e, text);
        refused("bpmn_unreadable", fr, en)
    })?;
    let net = diagram
        .to_net()
        .map_err(|e| refused("bpmn_not_a_process", without_run(&e), e.to_string()))?;
    Ok(ReadModel { diagram, net, findings })
}

/// Why a document is no diagram, and the line where it is known.
fn unreadable(error: &BpmnError, text: &[u8]) -> [String; 2] {
    // Bytes are counted in UTF-8: of another encoding only the byte is told.
    let line = |byte: u64| {
        let before = text.get(..usize::try_from(byte).ok()?)?;
        std::str::from_utf8(text).ok()?;
        Some(before.iter().filter(|&&b| b == b'\n').count() + 1)
    };
    let (fr, at) = match error {
        BpmnError::TooLarge { bytes, limit } => {
            (format!("il pèse {bytes} octets, {limit} au plus"), None)
        }
        BpmnError::TooMany { limit } => (format!("il a plus de {limit} éléments et flux"), None),
        BpmnError::Encoding => ("ses octets ne sont pas dans l’encodage annoncé".into(), None),
        BpmnError::Malformed { byte, cause } => {
            (format!("le XML est mal formé vers l’octet {byte} ({cause})"), line(*byte))
        }
        BpmnError::Truncated { byte } => {
            (format!("le XML est coupé avant sa fin, à l’octet {byte}"), line(*byte))
        }
        BpmnError::Entity { byte } => (
            format!("un DOCTYPE ou une entité, vers l’octet {byte}, est refusé par sécurité"),
            line(*byte),
        ),
        BpmnError::TooDeep { limit } => {
            (format!("plus de {limit} éléments sont emboîtés les uns dans les autres"), None)
        }
        BpmnError::NotBpmn { root } => {
            (format!("ce n’est pas du BPMN 2.0, son premier élément est {root}"), None)
        }
        BpmnError::NoProcess => (
            "il ne contient aucun processus avec un événement, une tâche ou une passerelle".into(),
            None,
        ),
        BpmnError::RepeatedId { id } => {
            (format!("l’identifiant «\u{a0}{id}\u{a0}» manque ou désigne plusieurs éléments"), None)
        }
        BpmnError::DanglingFlow { flow, reference } => (
            format!("le flux {flow} renvoie à «\u{a0}{reference}\u{a0}», qui n’est pas une étape"),
            None,
        ),
    };
    let [fr_at, en_at] = at.map_or([String::new(), String::new()], |n| {
        [format!(", ligne\u{a0}{n}"), format!(", line {n}")]
    });
    [format!("ce document BPMN ne se lit pas\u{a0}: {fr}{fr_at}"), format!("{error}{en_at}")]
}

/// Why a diagram has no run.
fn without_run(error: &NetError) -> String {
    let why = match error {
        NetError::NoStart => "aucun événement ni tâche où un dossier puisse commencer".into(),
        NetError::NoEnd => "aucun événement ni tâche où un dossier puisse finir".into(),
        NetError::Inclusive { id } => format!(
            "les chemins de la passerelle inclusive {id} ne se rejoignent pas dans une seule passerelle inclusive"
        ),
        NetError::TooManyWays { id, ways, limit } => {
            format!("la passerelle inclusive {id} a {ways} sorties, {limit} au plus sont lues")
        }
        NetError::Ends => {
            "des chemins parallèles mènent à des fins différentes, aucune n’est la fin".into()
        }
    };
    format!("ce modèle ne se déroule pas\u{a0}: {why}")
}

impl App {
    /// The distinct orders of activities of a study.
    pub(crate) async fn traces(&self, study: &Study, watch: &Watch) -> AppResult<Traces> {
        let kernel = TracesKernel { rows: study.filter.reading };
        self.run(study.snapshot.clone(), study.filter.clone(), kernel, watch).await
    }

    /// A block-structured model of the cases of a study.
    pub async fn discover(&self, study: &Study, noise: f64) -> AppResult<Discovered> {
        let watch = Watch::default();
        let _guard = watch.until_dropped();
        let traces = self.traces(study, &watch).await?;
        let watch = watch.clone();
        self.blocking(move || {
            let tree = discover(&traces, &Options { noise }, &|| watch.cancelled())
                .map_err(undiscovered)?;
            let diagram = bpmn::from_tree(&tree);
            let gateway = |k: &Kind| {
                matches!(k, Kind::Exclusive | Kind::Parallel | Kind::Inclusive | Kind::EventBased)
            };
            Ok(Discovered {
                bpmn: bpmn::write(&diagram),
                noise,
                activities: diagram.activities().count() as u64,
                gateways: diagram.nodes.iter().filter(|n| gateway(&n.kind)).count() as u64,
                cases: traces.cases(),
                tree,
            })
        })
        .await
    }

    /// How far the cases of a study follow a model. Cancelled when the caller goes away.
    pub async fn conform(
        &self,
        study: &Study,
        net: PetriNet,
        method: Method,
        watch: &Watch,
    ) -> AppResult<Conformance> {
        let _guard = watch.until_dropped();
        let traces = self.traces(study, watch).await?;
        let times = VariantsKernel {
            rows: study.filter.reading,
            top: usize::MAX,
            clock: Some(study.clock.clone()),
            ..VariantsKernel::default()
        };
        let variants = self.run(study.snapshot.clone(), study.filter.clone(), times, watch).await?;
        let watch = watch.clone();
        self.blocking(move || {
            // Both list variants by cases, then by the names of their activities.
            let known = variants.variants.iter().all(|v| v.worked_median_lead_time_s.is_some());
            let lead: Vec<f64> = variants
                .variants
                .iter()
                .map(|v| v.worked_median_lead_time_s.unwrap_or(v.median_lead_time_s))
                .collect();
            let lead = (known && lead.len() == traces.traces.len()).then_some(lead.as_slice());
            let progress = |done, total| eclusier_ingest::Progress::at(&watch, done, total);
            conformance(&traces, &net, method, AlignOptions::default(), lead, &progress)
                .map_err(not_measured)
        })
        .await
    }

    /// Reference models of a process, oldest first.
    pub async fn models(&self, process: &ProcessId) -> AppResult<Vec<ModelRecord>> {
        self.reach(Permission::LogRead, process)?;
        Ok(self.inner.registry.models(process).await?)
    }

    /// One reference model.
    pub async fn model(&self, process: &ProcessId, id: i64) -> AppResult<ModelRecord> {
        self.reach(Permission::LogRead, process)?;
        Ok(self.inner.registry.model(process, id).await?)
    }

    /// Keeps a reference model, once it reads.
    pub async fn add_model(
        &self,
        process: &ProcessId,
        name: &str,
        text: &str,
    ) -> AppResult<(ModelRecord, Vec<Finding>)> {
        self.require_process(Permission::WorkshopWrite, process)?;
        self.live(process).await?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 200 {
            return Err(AppError::invalid(
                "name",
                "un nom de 1 à 200 caractères",
                "a name of 1 to 200 characters",
            ));
        }
        let bytes = text.as_bytes().to_vec();
        let read = self.blocking(move || read_model(&bytes)).await?;
        let new = NewModel { process, name, bpmn: text };
        let record = self.inner.registry.add_model(new, &self.actor(), self.now()).await?;
        self.tell_process(process);
        Ok((record, read.findings))
    }

    /// Removes a reference model.
    pub async fn delete_model(&self, process: &ProcessId, id: i64) -> AppResult<()> {
        self.require_process(Permission::WorkshopWrite, process)?;
        self.inner.registry.delete_model(process, id, &self.actor(), self.now()).await?;
        self.tell_process(process);
        Ok(())
    }
}

fn undiscovered(error: DiscoveryError) -> AppError {
    match error {
        DiscoveryError::Stopped => AppError::Cancelled,
        DiscoveryError::Noise { .. } => {
            AppError::invalid("noise", "un seuil entre 0 et 1", "a threshold between 0 and 1")
        }
        DiscoveryError::TooManyActivities { activities, limit } => AppError::Refused {
            code: "too_many_activities".into(),
            fr: format!(
                "{activities} activités, {limit} au plus : restreindre les dossiers ou les activités"
            ),
            en: format!(
                "{activities} activities, {limit} at most: narrow the cases or the activities"
            ),
        },
    }
}

fn not_measured(error: ConformanceError) -> AppError {
    let en = error.to_string();
    match error {
        ConformanceError::Stopped => AppError::Cancelled,
        ConformanceError::NoRun => AppError::Refused {
            code: "model_never_ends".into(),
            fr: "aucun déroulement du modèle ne va de son début à sa fin : corriger le modèle"
                .into(),
            en,
        },
        ConformanceError::TooLarge { states } => AppError::Refused {
            code: "model_too_parallel".into(),
            fr: format!(
                "le modèle à lui seul demande plus de {states} états\u{a0}: garder moins d’activités, ou moins de chemins parallèles"
            ),
            en: format!("{en}: keep fewer activities, or fewer parallel ways"),
        },
        ConformanceError::NoSuchPlace { .. } | ConformanceError::TooManyTokens { .. } => {
            AppError::Refused {
                code: "model_unusable".into(),
                fr: "le modèle ne peut pas être déroulé\u{a0}: le redessiner".into(),
                en,
            }
        }
    }
}
