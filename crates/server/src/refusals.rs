//! What holds for any operation, written once in the description: how one is known, and what
//! stands around a route (sign-in, rights, sizes, pace) may refuse.

use utoipa::openapi::{
    Content, OpenApi, Ref, RefOr, Response,
    path::Operation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::sessions;

/// The type of every refusal (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Completes the description: each refusal is a problem, and those of the surroundings are told.
pub(crate) fn describe(description: &mut OpenApi) {
    let components = description.components.get_or_insert_default();
    let told = "Session of a browser; over TLS the name begins with `__Host-`";
    let session = ApiKeyValue::with_description(sessions::COOKIE, told);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    for (_, name, words) in REFUSALS {
        let mut response = Response::new(words);
        response.content = problems();
        components.responses.insert(name.to_owned(), RefOr::T(response));
    }
    for item in description.paths.paths.values_mut() {
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        let changes = changes.into_iter().flatten().map(|operation| (operation, true));
        let reads = item.get.iter_mut().map(|operation| (operation, false));
        for (operation, change) in changes.chain(reads) {
            complete(operation, change);
        }
    }
}

/// Status, name among the components, words.
const REFUSALS: [(&str, &str, &str); 10] = [
    ("400", "Unreadable", "Not what the description says"),
    ("401", "SignedOut", "Not signed in, or no longer"),
    ("403", "Forbidden", "Not allowed, or asked from another site"),
    ("404", "NotFound", "Not there, or not for who asks"),
    ("408", "Silent", "The body stopped coming"),
    ("413", "TooLarge", "Too large"),
    ("415", "WrongType", "Not the type the description says"),
    ("422", "Refused", "Refused, with what to do"),
    ("429", "TooOften", "Too often; `Retry-After` says when"),
    ("503", "NotReady", "Not ready, or busy; ask again"),
];

fn complete(operation: &mut Operation, change: bool) {
    let body = operation.request_body.is_some();
    let asked = body || operation.parameters.as_ref().is_some_and(|p| !p.is_empty());
    let known = operation.security.as_ref().is_some_and(|ways| !ways.is_empty());
    let told = |status: &str| match status {
        "401" => known,
        "403" => known || change,
        "400" | "404" | "422" => asked,
        "408" | "413" | "415" => body,
        _ => true,
    };
    let responses = &mut operation.responses.responses;
    for (status, name, _) in REFUSALS {
        let there = responses.contains_key(status);
        let wordless = |r: &RefOr<Response>| matches!(r, RefOr::T(r) if r.description.is_empty());
        if told(status) && !there || responses.get(status).is_some_and(wordless) {
            responses.insert(status.to_owned(), RefOr::Ref(Ref::from_response_name(name)));
        }
    }
    for (status, response) in responses {
        let refusal = status.starts_with('4') || status.starts_with('5');
        let RefOr::T(response) = response else { continue };
        // A probe says what is wrong in its own words.
        if refusal && response.content.values().all(|content| *content == problem()) {
            response.content = problems();
        }
    }
}

fn problem() -> RefOr<Content> {
    RefOr::T(Content::new(Some(Ref::from_schema_name("Problem"))))
}

fn problems<M: FromIterator<(String, RefOr<Content>)>>() -> M {
    [(PROBLEM.to_owned(), problem())].into_iter().collect()
}
