//! The organisation and its people on the wire.

use eclusier_api as api;
use eclusier_app::{
    AppError, AppResult,
    organisation::{NodeDraft, NodeView, OrganisationView},
    people::{FactDraft, FactView, PeoplePage, PersonDraft, PersonFile, PersonView},
    staff::StaffImport,
};
use eclusier_core::{
    NodeId,
    org::{NodeKind, Place, Validity},
};
use jiff::civil::Date;

use crate::routes::day;

fn place(place: &Place) -> api::PlaceDto {
    api::PlaceDto {
        parent: place.parent.as_ref().map(|id| id.0.clone()),
        from: place.valid.from.to_string(),
        to: place.valid.to.map(|to| to.to_string()),
    }
}

/// A node as its reader sees it.
pub fn node(view: &NodeView) -> api::NodeDto {
    let node = &view.node;
    api::NodeDto {
        id: node.id.0.clone(),
        kind: node.kind.as_str().into(),
        code: node.code.clone(),
        label: node.label.clone(),
        parent: view.parent.as_ref().map(|id| id.0.clone()),
        places: node.places.iter().map(place).collect(),
        members: view.heads.map(|heads| heads.members),
        fte: view.heads.and_then(|heads| heads.known_fte()),
        present: view.heads.map(|heads| heads.present),
        editable: view.editable,
        version: node.version,
    }
}

/// The organisation on a day.
pub fn organisation(view: &OrganisationView) -> api::OrganisationDto {
    api::OrganisationDto {
        day: view.day.to_string(),
        nodes: view.nodes.iter().map(node).collect(),
        unknown: view
            .unknown
            .iter()
            .map(|code| api::UnknownCodeDto {
                column: code.column.into(),
                value: code.value.clone(),
                process: code.process.clone(),
            })
            .collect(),
    }
}

/// A person of a list.
pub fn person(view: &PersonView) -> api::PersonDto {
    let person = &view.person;
    api::PersonDto {
        id: person.id.0.clone(),
        given: person.given.clone(),
        family: person.family.clone(),
        email: person.email.clone(),
        nodes: view.nodes.iter().map(|id| id.0.clone()).collect(),
        share: view.share,
        presence: view.presence.as_str().into(),
        active: person.active,
        in_logs: person.agent.is_some(),
        skills: view.skills.clone(),
        version: person.version,
    }
}

/// A page of people.
pub fn people(page: &PeoplePage) -> api::PeoplePageDto {
    api::PeoplePageDto {
        day: page.day.to_string(),
        total: u64::try_from(page.total).unwrap_or(u64::MAX),
        people: page.people.iter().map(person).collect(),
    }
}

fn fact(view: &FactView) -> api::FactDto {
    api::FactDto {
        id: view.id,
        kind: view.kind.into(),
        from: view.valid.from.to_string(),
        to: view.valid.to.map(|to| to.to_string()),
        content: view.content.clone(),
        source: view.source.clone(),
        version: view.version,
    }
}

/// A person with what holds of them.
pub fn person_file(file: &PersonFile) -> api::PersonDetailDto {
    api::PersonDetailDto {
        person: person(&file.person),
        facts: file.facts.iter().map(fact).collect(),
        editable: file.editable,
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.trim().is_empty())
}

fn date(field: &str, text: Option<&str>) -> AppResult<Option<Date>> {
    text.filter(|t| !t.is_empty()).map(|t| day(field, t)).transpose()
}

/// The node that a request describes.
pub fn node_draft(request: api::NodeRequest) -> AppResult<NodeDraft> {
    let kind = match request.kind.as_str() {
        "" => None,
        name => Some(NodeKind::parse(name).ok_or_else(|| {
            AppError::invalid(
                "kind",
                "genre inconnu : écrire network, body, site, service ou team",
                "unknown kind: write network, body, site, service or team",
            )
        })?),
    };
    Ok(NodeDraft {
        version: request.version,
        kind,
        code: request.code,
        label: request.label,
        parent: request.parent.map(|id| filled(Some(id)).map(NodeId)),
        from: date("from", request.from.as_deref())?,
        to: date("to", request.to.as_deref())?,
    })
}

/// The person that a request describes.
pub fn person_draft(request: api::PersonRequest) -> AppResult<PersonDraft> {
    Ok(PersonDraft {
        version: request.version,
        given: request.given,
        family: request.family,
        email: request.email,
        agent: request.agent,
        active: request.active,
        node: filled(request.node).map(NodeId),
        from: date("from", request.from.as_deref())?,
    })
}

/// The fact that a request describes.
pub fn fact_draft(request: api::FactRequest) -> AppResult<FactDraft> {
    let valid =
        Validity { from: day("from", &request.from)?, to: date("to", request.to.as_deref())? };
    Ok(FactDraft { version: request.version, kind: request.kind, valid, content: request.content })
}

/// What an import of the organisation did, or would do.
pub fn staff_import(import: &StaffImport) -> api::StaffImportDto {
    let figures = &import.figures;
    let findings = import.findings.iter().map(|finding| api::StaffFindingDto {
        line: finding.line,
        column: finding.column.clone(),
        code: match serde_json::to_value(finding.code) {
            Ok(serde_json::Value::String(code)) => code,
            _ => String::new(),
        },
        count: finding.count,
        text: api::Text::new(&finding.fr, &finding.en),
    });
    let changes = import.changes.iter().map(|change| api::StaffChangeDto {
        line: change.line,
        whose: change.whose.clone(),
        sort: change.sort.as_str().into(),
        text: change.words.clone().into(),
    });
    api::StaffImportDto {
        status: import.status.as_str().into(),
        file: import.file.clone(),
        sha256: import.sha256.clone(),
        rows_read: import.rows_read,
        accepted: import.accepted,
        quarantined: import.quarantined,
        people: import.people,
        people_added: figures.people_added,
        people_changed: figures.people_changed,
        nodes_added: figures.nodes_added,
        facts_added: figures.facts_added,
        facts_ended: figures.facts_ended,
        people_missing: figures.people_missing,
        findings: findings.collect(),
        changes: changes.collect(),
        message: import.message.clone().map(api::Text::from),
    }
}
