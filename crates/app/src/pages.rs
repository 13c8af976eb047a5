//! Pages whose text a body edits, and the notices shipped as templates.

use eclusier_core::Permission;
use serde::{Deserialize, Serialize};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageView {
    /// Stable name.
    pub name: &'static str,
    /// Title, French then English.
    pub title: [&'static str; 2],
    /// Text, Markdown.
    pub text: String,
    /// State of conformity told by the body: `none`, `partial` or `full`.
    pub conformity: Option<String>,
    /// Whether the holder may change it.
    pub editable: bool,
    /// Version, to be given back with a change; 0 for the text shipped.
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Saved {
    text: String,
    conformity: Option<String>,
    version: i64,
}

struct Template {
    name: &'static str,
    title: [&'static str; 2],
    text: &'static str,
    notice: bool,
}

const TEMPLATES: &[Template] = &[
    Template {
        name: "accessibility",
        title: ["Accessibilité", "Accessibility"],
        text: include_str!("pages/accessibility.md"),
        notice: false,
    },
    Template {
        name: "staff-notice",
        title: ["Information des agents", "Notice to the staff"],
        text: include_str!("pages/staff-notice.md"),
        notice: true,
    },
    Template {
        name: "gate-notice",
        title: ["Ouverture de données individuelles", "Opening of individual data"],
        text: include_str!("pages/gate-notice.md"),
        notice: true,
    },
    Template {
        name: "register-entry",
        title: ["Fiche de registre", "Entry of the register of processing"],
        text: include_str!("pages/register-entry.md"),
        notice: true,
    },
];

/// Characters of a page.
const LONGEST: usize = 60_000;

fn key(name: &str) -> String {
    format!("page.{name}")
}

impl App {
    /// A page open to all.
    pub async fn page(&self, name: &str) -> AppResult<PageView> {
        let missing = || AppError::NotFound { what: "page", name: name.to_owned() };
        let template =
            TEMPLATES.iter().find(|t| t.name == name && !t.notice).ok_or_else(missing)?;
        self.page_of(template).await
    }

    /// Notices and templates, to be adapted by the body.
    pub async fn notices(&self) -> AppResult<Vec<PageView>> {
        self.require(Permission::MethodRead)?;
        let mut notices = Vec::new();
        for template in TEMPLATES.iter().filter(|t| t.notice) {
            notices.push(self.page_of(template).await?);
        }
        Ok(notices)
    }

    async fn page_of(&self, template: &Template) -> AppResult<PageView> {
        let saved = self.saved(template.name).await?;
        let shipped = Saved { text: template.text.to_owned(), conformity: None, version: 0 };
        let Saved { text, conformity, version } = saved.map_or(shipped, |(saved, _)| saved);
        Ok(PageView {
            name: template.name,
            title: template.title,
            text,
            conformity: conformity.or_else(|| (!template.notice).then(|| "none".to_owned())),
            editable: self.who().require_all(Permission::SystemWrite).is_ok(),
            version,
        })
    }

    async fn saved(&self, name: &str) -> AppResult<Option<(Saved, String)>> {
        let Some(json) = self.inner.registry.setting(&key(name)).await? else { return Ok(None) };
        let saved = serde_json::from_str(&json).map_err(|_| AppError::Task)?;
        Ok(Some((saved, json)))
    }

    /// Changes a page seen at a version.
    pub async fn put_page(
        &self,
        name: &str,
        version: i64,
        text: &str,
        conformity: Option<&str>,
    ) -> AppResult<PageView> {
        self.require_all(Permission::SystemWrite)?;
        let missing = || AppError::NotFound { what: "page", name: name.to_owned() };
        let template = TEMPLATES.iter().find(|t| t.name == name).ok_or_else(missing)?;
        if text.trim().is_empty() || text.chars().count() > LONGEST {
            return Err(AppError::invalid(
                "text",
                format!("texte : 1 à {LONGEST} caractères"),
                format!("text: 1 to {LONGEST} characters"),
            ));
        }
        if conformity.is_some_and(|c| !matches!(c, "none" | "partial" | "full")) {
            return Err(AppError::invalid(
                "conformity",
                "écrire none, partial ou full",
                "write none, partial or full",
            ));
        }
        let stale = || AppError::Stale { what: "page", id: name.to_owned() };
        let earlier = self.saved(name).await?;
        if earlier.as_ref().map_or(0, |(saved, _)| saved.version) != version {
            return Err(stale());
        }
        let saved = Saved {
            text: text.to_owned(),
            conformity: conformity.map(str::to_owned),
            version: version.saturating_add(1),
        };
        let json = serde_json::to_string(&saved).map_err(|_| AppError::Task)?;
        let before = earlier.as_ref().map(|(_, json)| json.as_str());
        let (by, at) = (self.actor(), self.now());
        self.inner.registry.replace_setting(&key(name), before, &json, &by, at).await?;
        self.page_of(template).await
    }
}
