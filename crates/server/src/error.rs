//! Errors as RFC 9457 problems, in the language the request asks for.

use std::any::Any;

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use eclusier_api::Problem;
use eclusier_app::{AppError, sign_in::SignInError};
use eclusier_core::Lang;

use crate::wire;

const PROBLEM: &str = "application/problem+json";

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
        refused(&self.error, self.lang)
    }
}

/// A failure as an answer.
pub(crate) fn refused(error: &AppError, lang: Lang) -> Response {
    if error.kind() == "internal" {
        tracing::error!(%error, "a request failed");
    }
    let mut response = respond(&wire::problem(error, lang));
    if let AppError::SignIn(SignInError::Locked { seconds }) = error
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

pub(crate) fn respond(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(problem)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    response
}

/// What the framework refuses before a route is reached (an unreadable body, number or form,
/// a method an address does not know) becomes a problem like the others.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    let spoken = lang(request.headers());
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == PROBLEM);
    if told || !path.starts_with("/api") || !(status.is_client_error() || status.is_server_error())
    {
        return response;
    }
    let (kind, words) = match status {
        StatusCode::NOT_FOUND => {
            let missing = AppError::NotFound { what: "address", name: path };
            return respond(&wire::problem(&missing, spoken));
        }
        StatusCode::METHOD_NOT_ALLOWED => (
            "method",
            ["Cette adresse ne se demande pas ainsi.", "This address is not asked that way."]
                .map(str::to_owned),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "too-large",
            [
                "L’envoi est trop volumineux : le découper en plusieurs fichiers.",
                "The request is too large: cut it into several files.",
            ]
            .map(str::to_owned),
        ),
        _ if status.is_server_error() => ("internal", AppError::Task.words()),
        _ => {
            // The framework says where it stopped, without repeating more than that.
            let why = axum::body::to_bytes(response.into_body(), 2_048).await.unwrap_or_default();
            let why = String::from_utf8_lossy(&why).into_owned();
            (
                "invalid",
                [format!("Requête illisible : {why}"), format!("Unreadable request: {why}")],
            )
        }
    };
    respond(&wire::problem_of(kind, words, None, spoken))
}

/// A panic of a route is a defect, told as any other failure.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a route panicked");
    respond(&wire::problem(&AppError::Task, Lang::Fr))
}
