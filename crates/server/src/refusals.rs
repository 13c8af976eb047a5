//! What holds for any operation, written once in the description: how one is known, and what
//! stands around a route (sign-in, rights, sizes, pace) may refuse.

use utoipa::openapi::{
    Array, Content, ObjectBuilder, OpenApi, Ref, RefOr, Response,
    path::Operation,
    schema::{Schema, Type},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{scim, sessions};

/// The type of every refusal (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// How the directory is refused (RFC 7644).
const DIRECTORY: &str = "DirectoryError";

/// Completes the description: each refusal is a problem, that of the directory in its own shape,
/// and those of the surroundings are told.
pub(crate) fn describe(description: &mut OpenApi) {
    let components = description.components.get_or_insert_default();
    let told = "Session of a browser; over TLS the name begins with `__Host-`";
    let session = ApiKeyValue::with_description(sessions::COOKIE, told);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    components.schemas.insert(DIRECTORY.to_owned(), RefOr::T(directory_error()));
    for (_, name, words) in REFUSALS {
        for ours in [false, true] {
            let mut response = Response::new(words);
            response.content = if ours { directory() } else { problems() };
            components.responses.insert(named(name, ours), RefOr::T(response));
        }
    }
    for (path, item) in &mut description.paths.paths {
        let ours = scim::is_ours(path);
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        let changes = changes.into_iter().flatten().map(|operation| (operation, true));
        let reads = item.get.iter_mut().map(|operation| (operation, false));
        for (operation, change) in changes.chain(reads) {
            complete(operation, change, ours);
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

/// The name of a refusal among the components.
fn named(name: &str, ours: bool) -> String {
    format!("{}{name}", if ours { "Directory" } else { "" })
}

fn complete(operation: &mut Operation, change: bool, ours: bool) {
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
            responses
                .insert(status.to_owned(), RefOr::Ref(Ref::from_response_name(named(name, ours))));
        }
    }
    for (status, response) in responses {
        let refusal = status.starts_with('4') || status.starts_with('5');
        let RefOr::T(response) = response else { continue };
        if refusal && ours {
            response.content = directory();
        }
        // A probe says what is wrong in its own words.
        if refusal && response.content.values().all(|content| *content == problem()) {
            response.content = problems();
        }
    }
}

fn problem() -> RefOr<Content> {
    RefOr::T(Content::new(Some(Ref::from_schema_name("Problem"))))
}

fn directory<M: FromIterator<(String, RefOr<Content>)>>() -> M {
    let error = RefOr::T(Content::new(Some(Ref::from_schema_name(DIRECTORY))));
    [(scim::MEDIA.to_owned(), error)].into_iter().collect()
}

fn directory_error() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    ObjectBuilder::new()
        .description(Some("Why a request of the directory is refused"))
        .property("schemas", Array::new(text()))
        .required("schemas")
        .property("status", text())
        .required("status")
        .property("scimType", text())
        .property("detail", text())
        .required("detail")
        .into()
}

fn problems<M: FromIterator<(String, RefOr<Content>)>>() -> M {
    [(PROBLEM.to_owned(), problem())].into_iter().collect()
}
