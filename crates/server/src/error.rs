//! Errors as RFC 9457 problems, in the language the request asks for.

use std::any::Any;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use eclusier_api::Problem;
use eclusier_app::AppError;
use eclusier_core::Lang;

use crate::wire;

/// A failure of a route.
#[derive(Debug)]
pub struct ApiError {
    error: AppError,
    lang: Lang,
}

/// Result of a route.
pub type ApiResult<T> = Result<T, ApiError>;

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        Self { error, lang: Lang::Fr }
    }
}

impl ApiError {
    /// The same failure told in another language.
    pub fn in_lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }
}

/// Language of a request: French unless English is asked for first.
pub fn lang(headers: &HeaderMap) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let first = asked.split(',').next().unwrap_or("").trim();
    if first.get(..2).is_some_and(|l| l.eq_ignore_ascii_case("en")) { Lang::En } else { Lang::Fr }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.error.kind() == "internal" {
            tracing::error!(error = %self.error, "a request failed");
        }
        respond(&wire::problem(&self.error, self.lang))
    }
}

pub(crate) fn respond(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(problem)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// A panic of a route is a defect, told as any other failure.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a route panicked");
    respond(&wire::problem(&AppError::Task, Lang::Fr))
}
