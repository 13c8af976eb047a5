//! Routes, one file per noun.

mod accounts;
mod configs;
mod counts;
mod events;
mod figures;
mod files;
mod foresight;
mod imports;
mod jobs;
mod logs;
mod me;
mod oidc;
mod organisation;
mod people;
mod proof;
mod scim;
mod session;
mod status;
mod studies;
mod system;
mod uploads;

use axum::http::HeaderMap;
use eclusier_api::FilterQuery;
use eclusier_app::{AppError, AppResult, ProcessId, figures::Selection};
use utoipa_axum::router::OpenApiRouter;

pub(crate) use crate::error::lang;
use crate::site::Site;

/// Every route of the API.
pub(crate) fn all() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .merge(status::routes())
        .merge(figures::routes())
        .merge(foresight::routes())
        .merge(logs::routes())
        .merge(studies::routes())
        .merge(session::routes())
        .merge(oidc::routes())
        .merge(accounts::routes())
        .merge(proof::routes())
        .merge(me::routes())
        .merge(system::routes())
        .merge(uploads::routes())
        .merge(imports::routes())
        .merge(jobs::routes())
        .merge(events::routes())
        .merge(configs::routes())
        .merge(counts::routes())
        .merge(files::routes())
        .merge(organisation::routes())
        .merge(people::routes())
        .merge(scim::routes())
}

/// A process id given in an address or a body.
pub(crate) fn process(text: &str) -> AppResult<ProcessId> {
    ProcessId::new(text).map_err(|e| {
        AppError::invalid(
            "process",
            format!(
                "identifiant de processus inutilisable « {text} » : lettres, chiffres, - _ et ."
            ),
            e.to_string(),
        )
    })
}

/// A civil day given in an address or a body.
pub(crate) fn day(field: &str, text: &str) -> AppResult<jiff::civil::Date> {
    text.parse().map_err(|_| {
        AppError::invalid(
            field,
            format!("date illisible « {text} » : écrire 2025-01-31"),
            format!("unreadable date “{text}”: write 2025-01-31"),
        )
    })
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|t| !t.is_empty())
}

/// The selection of a query string. An empty value of a dimension is "not said".
pub(crate) fn selection(query: &FilterQuery) -> AppResult<Selection> {
    let list = |v: &Option<String>| v.iter().cloned().collect::<Vec<_>>();
    let mut selection = Selection {
        process: filled(&query.process).map(process).transpose()?,
        from: filled(&query.from).map(|d| day("from", d)).transpose()?,
        to: filled(&query.to).map(|d| day("to", d)).transpose()?,
        as_of: filled(&query.as_of).map(|d| day("as_of", d)).transpose()?,
        ..Selection::default()
    };
    selection.dims.org = list(&query.org);
    selection.dims.unit = list(&query.unit);
    selection.dims.product = list(&query.product);
    selection.dims.channel = list(&query.channel);
    Ok(selection)
}

/// The grain of a query string, day when absent.
pub(crate) fn grain(
    query: &FilterQuery,
    usual: eclusier_core::Grain,
) -> AppResult<eclusier_core::Grain> {
    filled(&query.grain).map_or(Ok(usual), |g| {
        g.parse().map_err(|_| {
            AppError::invalid("grain", "écrire day, week ou month", "write day, week or month")
        })
    })
}

pub(crate) fn group_by(query: &FilterQuery) -> AppResult<Vec<eclusier_app::GroupBy>> {
    let names: Vec<String> = query
        .group_by
        .iter()
        .flat_map(|g| g.split(',').filter(|n| !n.is_empty()).map(str::to_owned))
        .collect();
    crate::wire::group_by(&names)
}

/// Tells failures in the language of the request.
pub(crate) trait InLang<T> {
    /// The same result, its failure in the language of the request.
    fn told(self, headers: &HeaderMap) -> crate::ApiResult<T>;
}

impl<T> InLang<T> for AppResult<T> {
    fn told(self, headers: &HeaderMap) -> crate::ApiResult<T> {
        self.map_err(|e| crate::ApiError::from(e).in_lang(lang(headers)))
    }
}
