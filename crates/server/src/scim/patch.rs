//! PATCH of SCIM (RFC 7644 §3.5.2), on what a user or a group of ours holds.
//!
//! Directories differ: operations come in any case, `active` as a text, attributes dotted in the
//! value or in the path, `primary` or `type` to choose an address. All of that is taken. An
//! attribute of the core schema that we do not keep is passed over; one that nobody knows is an
//! error.

use std::collections::BTreeSet;

use eclusier_app::directory::{GroupDraft, UserDraft};
use eclusier_core::PersonId;
use serde_json::{Map, Value};

use super::{ScimError, filter::Filter, resource};

/// Most operations of one request.
const MOST: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Replace,
    Remove,
}

struct Operation<'a> {
    kind: Kind,
    path: Option<&'a str>,
    value: &'a Value,
}

fn operations(body: &Value) -> Result<Vec<Operation<'_>>, ScimError> {
    let syntax = |detail: &str| ScimError::bad("invalidSyntax", detail);
    let list = resource::get(body, "Operations")
        .and_then(Value::as_array)
        .ok_or_else(|| syntax("Operations is missing"))?;
    if list.len() > MOST {
        return Err(ScimError::bad("tooMany", "too many operations in one request"));
    }
    list.iter()
        .map(|operation| {
            let op = resource::text(operation, "op").unwrap_or_default();
            let kind = match op.to_ascii_lowercase().as_str() {
                "add" => Kind::Add,
                "replace" => Kind::Replace,
                "remove" => Kind::Remove,
                _ => return Err(syntax("op must be add, replace or remove")),
            };
            let path = match resource::get(operation, "path") {
                None | Some(Value::Null) => None,
                Some(Value::String(path)) => Some(path.as_str()),
                Some(_) => return Err(ScimError::bad("invalidPath", "path must be a text")),
            };
            let value = resource::get(operation, "value").unwrap_or(&Value::Null);
            if kind == Kind::Remove && path.is_none() {
                return Err(ScimError::bad("noTarget", "remove needs a path"));
            }
            Ok(Operation { kind, path, value })
        })
        .collect()
}

/// The path without its schema, and the filter between its brackets.
fn target(path: &str) -> Result<(String, Option<Filter>), ScimError> {
    let bare = match path.to_ascii_lowercase() {
        lower if lower.starts_with("urn:") => {
            // The extension's attribute follows the last colon that is outside brackets.
            let head = path.split('[').next().unwrap_or(path);
            let at = head.rfind(':').map_or(0, |at| at + 1);
            path.get(at..).unwrap_or("")
        }
        _ => path,
    };
    let Some((name, rest)) = bare.split_once('[') else {
        return Ok((bare.to_ascii_lowercase(), None));
    };
    let Some((inside, after)) = rest.rsplit_once(']') else {
        return Err(ScimError::bad("invalidPath", "the path has a bracket without an end"));
    };
    let filter =
        Filter::parse(inside).map_err(|error| ScimError::bad("invalidPath", error.detail))?;
    Ok((format!("{name}{after}").to_ascii_lowercase(), Some(filter)))
}

/// A user after a PATCH.
pub(crate) fn user(mut draft: UserDraft, body: &Value) -> Result<UserDraft, ScimError> {
    for operation in operations(body)? {
        match operation.path {
            Some(path) => {
                let (name, _) = target(path)?;
                user_attribute(&mut draft, &name, operation.kind, operation.value)?;
            }
            None => {
                let Value::Object(map) = operation.value else {
                    return Err(ScimError::bad("invalidValue", "value must be an object"));
                };
                for (name, value) in flat(map) {
                    user_attribute(&mut draft, &name, operation.kind, value)?;
                }
            }
        }
    }
    Ok(draft)
}

/// Attributes of an object without a path; those of an extension and of a name stand inside.
fn flat(map: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut list = Vec::new();
    for (name, value) in map {
        let lower = name.to_ascii_lowercase();
        let inside = |prefix: &str| match value {
            Value::Object(inner) => inner
                .iter()
                .map(|(k, v)| (format!("{prefix}{}", k.to_ascii_lowercase()), v))
                .collect(),
            _ => Vec::new(),
        };
        match lower.as_str() {
            "schemas" | "id" | "meta" => {}
            "name" => list.extend(inside("name.")),
            urn if urn.starts_with("urn:") && value.is_object() => list.extend(inside("")),
            urn if urn.starts_with("urn:") => {
                let bare = urn.rsplit(':').next().unwrap_or("").to_owned();
                list.push((bare, value));
            }
            _ => list.push((lower, value)),
        }
    }
    list
}

fn user_attribute(
    draft: &mut UserDraft,
    name: &str,
    kind: Kind,
    value: &Value,
) -> Result<(), ScimError> {
    let wrong = || ScimError::bad("invalidValue", format!("{name} has a value of another kind"));
    let text = || match (kind, value) {
        (Kind::Remove, _) | (_, Value::Null) => Ok(String::new()),
        (_, Value::String(text)) => Ok(text.clone()),
        _ => Err(wrong()),
    };
    match name {
        "active" => {
            draft.active = match kind {
                Kind::Remove => false,
                _ => resource::truth(value).ok_or_else(wrong)?,
            }
        }
        "username" => {
            draft.user_name = text()?;
            if draft.user_name.trim().is_empty() {
                return Err(ScimError::bad("invalidValue", "userName is required"));
            }
        }
        "externalid" => draft.external = Some(text()?).filter(|t| !t.is_empty()),
        "name.givenname" => draft.given = text()?,
        "name.familyname" => draft.family = text()?,
        "name" => match (kind, value) {
            (Kind::Remove, _) => (draft.given, draft.family) = (String::new(), String::new()),
            (_, Value::Object(map)) => {
                for (key, value) in map {
                    let name = format!("name.{}", key.to_ascii_lowercase());
                    user_attribute(draft, &name, kind, value)?;
                }
            }
            _ => return Err(wrong()),
        },
        "emails" => match (kind, value) {
            (Kind::Remove, _) => draft.email = String::new(),
            (_, Value::String(text)) => draft.email.clone_from(text),
            _ => draft.email = resource::email(value).unwrap_or_default(),
        },
        "emails.value" => draft.email = text()?,
        "employeenumber" => draft.employee = Some(text()?),
        "password" => {
            return Err(ScimError::bad("mutability", "passwords are not kept for a directory"));
        }
        "id" | "meta" | "schemas" | "groups" => {
            return Err(ScimError::bad("mutability", format!("{name} is read only")));
        }
        other if passed_over(other) => {}
        other => {
            return Err(ScimError::bad("invalidPath", format!("{other} is not an attribute")));
        }
    }
    Ok(())
}

/// Attributes of the standard schemas that we have no use for.
fn passed_over(name: &str) -> bool {
    let head = name.split('.').next().unwrap_or("");
    matches!(
        head,
        "name"
            | "emails"
            | "displayname"
            | "nickname"
            | "profileurl"
            | "title"
            | "usertype"
            | "preferredlanguage"
            | "locale"
            | "timezone"
            | "phonenumbers"
            | "ims"
            | "photos"
            | "addresses"
            | "entitlements"
            | "roles"
            | "x509certificates"
            | "costcenter"
            | "organization"
            | "division"
            | "department"
            | "manager"
    )
}

/// A group after a PATCH.
pub(crate) fn group(mut draft: GroupDraft, body: &Value) -> Result<GroupDraft, ScimError> {
    for operation in operations(body)? {
        match operation.path {
            Some(path) => {
                let (name, filter) = target(path)?;
                group_attribute(&mut draft, &name, filter.as_ref(), &operation)?;
            }
            None => {
                let Value::Object(map) = operation.value else {
                    return Err(ScimError::bad("invalidValue", "value must be an object"));
                };
                for (name, value) in flat(map) {
                    let one = Operation { kind: operation.kind, path: None, value };
                    group_attribute(&mut draft, &name, None, &one)?;
                }
            }
        }
    }
    Ok(draft)
}

fn group_attribute(
    draft: &mut GroupDraft,
    name: &str,
    filter: Option<&Filter>,
    operation: &Operation<'_>,
) -> Result<(), ScimError> {
    let text = || operation.value.as_str().map(str::to_owned);
    let wrong = || ScimError::bad("invalidValue", format!("{name} has a value of another kind"));
    match name {
        "displayname" => {
            let named = text().filter(|t| !t.trim().is_empty());
            draft.name =
                named.ok_or_else(|| ScimError::bad("invalidValue", "displayName is required"))?;
        }
        "externalid" => {
            draft.external = match operation.kind {
                Kind::Remove => None,
                _ => Some(text().ok_or_else(wrong)?).filter(|t| !t.is_empty()),
            }
        }
        "members" => {
            let told: BTreeSet<PersonId> = match operation.value {
                Value::Null => BTreeSet::new(),
                value => resource::members(value)?,
            };
            match (operation.kind, filter) {
                (Kind::Remove, Some(filter)) => {
                    draft
                        .members
                        .retain(|id| !filter.passes(&serde_json::json!({ "value": id.0 })));
                }
                // Some directories name who goes in the value rather than in the path.
                (Kind::Remove, None) if !told.is_empty() => {
                    draft.members.retain(|id| !told.contains(id));
                }
                (Kind::Remove, None) => draft.members.clear(),
                (_, Some(_)) => {
                    return Err(ScimError::bad("invalidPath", "a member has nothing to change"));
                }
                (Kind::Add, None) => draft.members.extend(told),
                (Kind::Replace, None) => draft.members = told,
            }
        }
        "id" | "meta" | "schemas" => {
            return Err(ScimError::bad("mutability", format!("{name} is read only")));
        }
        other => {
            return Err(ScimError::bad("invalidPath", format!("{other} is not an attribute")));
        }
    }
    Ok(())
}
