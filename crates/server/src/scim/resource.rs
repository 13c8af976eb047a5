//! Users and groups as SCIM writes them (RFC 7643), and the description of the service.

use std::collections::BTreeSet;

use eclusier_app::directory::{Group, GroupDraft, User, UserDraft};
use eclusier_core::PersonId;
use serde_json::{Map, Value, json};

use super::ScimError;

pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// An attribute of an object, whatever the case of its name.
pub(crate) fn get<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v)
}

pub(crate) fn text(object: &Value, name: &str) -> Option<String> {
    get(object, name)?.as_str().map(str::to_owned)
}

/// A truth, or the word for it: some directories write `"False"`.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The primary address of a list, else that of work, else the first.
pub(crate) fn email(value: &Value) -> Option<String> {
    let one = std::slice::from_ref(value);
    let list = match value {
        Value::Array(list) => list.as_slice(),
        _ => one,
    };
    let primary = |v: &&Value| get(v, "primary").and_then(truth) == Some(true);
    let work = |v: &&Value| text(v, "type").is_some_and(|t| t.eq_ignore_ascii_case("work"));
    let chosen = list.iter().find(primary).or_else(|| list.iter().find(work)).or(list.first())?;
    text(chosen, "value").or_else(|| chosen.as_str().map(str::to_owned))
}

/// The people of a list of members.
pub(crate) fn members(value: &Value) -> Result<BTreeSet<PersonId>, ScimError> {
    let one = std::slice::from_ref(value);
    let list = match value {
        Value::Array(list) => list.as_slice(),
        _ => one,
    };
    if list.len() > MOST_MEMBERS {
        return Err(ScimError::bad("tooMany", "too many members in one request"));
    }
    list.iter()
        .map(|member| {
            if text(member, "type").is_some_and(|t| t.eq_ignore_ascii_case("Group")) {
                return Err(ScimError::bad("invalidValue", "groups do not hold groups"));
            }
            let id = text(member, "value").or_else(|| member.as_str().map(str::to_owned));
            id.map(PersonId).ok_or_else(|| ScimError::bad("invalidValue", "a member has no value"))
        })
        .collect()
}

fn object(body: &Value) -> Result<&Map<String, Value>, ScimError> {
    body.as_object().ok_or_else(|| ScimError::bad("invalidSyntax", "an object is expected"))
}

/// The user a request describes.
pub(crate) fn read_user(body: &Value) -> Result<UserDraft, ScimError> {
    object(body)?;
    let user_name = text(body, "userName").unwrap_or_default();
    if user_name.trim().is_empty() {
        return Err(ScimError::bad("invalidValue", "userName is required"));
    }
    let name = get(body, "name").cloned().unwrap_or_default();
    let active = match get(body, "active") {
        None | Some(Value::Null) => true,
        Some(value) => truth(value)
            .ok_or_else(|| ScimError::bad("invalidValue", "active must be true or false"))?,
    };
    let extension = get(body, ENTERPRISE).cloned().unwrap_or_default();
    Ok(UserDraft {
        external: text(body, "externalId").filter(|t| !t.is_empty()),
        user_name,
        given: text(&name, "givenName").unwrap_or_default(),
        family: text(&name, "familyName").unwrap_or_default(),
        email: get(body, "emails").and_then(email).unwrap_or_default(),
        active,
        employee: text(&extension, "employeeNumber"),
    })
}

/// The group a request describes.
pub(crate) fn read_group(body: &Value) -> Result<GroupDraft, ScimError> {
    object(body)?;
    let name = text(body, "displayName").unwrap_or_default();
    if name.trim().is_empty() {
        return Err(ScimError::bad("invalidValue", "displayName is required"));
    }
    let members = match get(body, "members") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(value) => members(value)?,
    };
    Ok(GroupDraft { external: text(body, "externalId").filter(|t| !t.is_empty()), name, members })
}

/// Tag of the version of a user.
pub(crate) fn user_tag(user: &User) -> String {
    format!("W/\"{}\"", user.version)
}

/// Tag of the version of a group.
pub(crate) fn group_tag(group: &Group) -> String {
    format!("W/\"{}\"", group.tag)
}

/// A user as it is sent.
pub(crate) fn user(user: &User) -> Value {
    let draft = &user.draft;
    let location = format!("/scim/v2/Users/{}", user.id);
    let groups: Vec<Value> = user
        .groups
        .iter()
        .map(|(id, name)| {
            json!({ "value": id, "display": name, "$ref": format!("/scim/v2/Groups/{id}") })
        })
        .collect();
    let mut sent = json!({
        "schemas": [USER],
        "id": user.id,
        "userName": draft.user_name,
        "name": {
            "givenName": draft.given,
            "familyName": draft.family,
            "formatted": format!("{} {}", draft.given, draft.family).trim(),
        },
        "active": draft.active,
        "groups": groups,
        "meta": { "resourceType": "User", "location": location, "version": user_tag(user) },
    });
    if let Value::Object(map) = &mut sent {
        if let Some(external) = &draft.external {
            map.insert("externalId".into(), json!(external));
        }
        if !draft.email.is_empty() {
            let emails = json!([{ "value": draft.email, "type": "work", "primary": true }]);
            map.insert("emails".into(), emails);
        }
    }
    sent
}

/// A group as it is sent.
pub(crate) fn group(group: &Group) -> Value {
    let location = format!("/scim/v2/Groups/{}", group.id);
    let members: Vec<Value> = group
        .draft
        .members
        .iter()
        .map(|id| json!({ "value": id, "type": "User", "$ref": format!("/scim/v2/Users/{id}") }))
        .collect();
    let mut sent = json!({
        "schemas": [GROUP],
        "id": group.id,
        "displayName": group.draft.name,
        "members": members,
        "meta": { "resourceType": "Group", "location": location, "version": group_tag(group) },
    });
    if let (Value::Object(map), Some(external)) = (&mut sent, &group.draft.external) {
        map.insert("externalId".into(), json!(external));
    }
    sent
}

/// Most members named in one request.
const MOST_MEMBERS: usize = 5_000;

/// Most resources of one answer.
pub(crate) const MOST: usize = 200;

/// What the service can do.
pub(crate) fn configuration() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": MOST },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of kind scim, made on the screen of accounts",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": "/scim/v2/ServiceProviderConfig",
        },
    })
}

/// Kinds of resources.
pub(crate) fn resource_types() -> Vec<Value> {
    let kind = |name: &str, path: &str, schema: &str, extensions: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": path,
            "schema": schema,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("/scim/v2/ResourceTypes/{name}"),
            },
        })
    };
    let extension = json!([{ "schema": ENTERPRISE, "required": false }]);
    vec![kind("User", "/Users", USER, extension), kind("Group", "/Groups", GROUP, json!([]))]
}

/// The attributes kept, by schema.
pub(crate) fn schemas() -> Vec<Value> {
    let attribute = |name: &str, kind: &str, more: Value| {
        let mut described = json!({
            "name": name,
            "type": kind,
            "multiValued": false,
            "required": false,
            "caseExact": false,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        });
        if let (Value::Object(map), Value::Object(more)) = (&mut described, more) {
            map.extend(more);
        }
        described
    };
    let plain = |name: &str, kind: &str| attribute(name, kind, json!({}));
    let schema = |id: &str, name: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("/scim/v2/Schemas/{id}") },
        })
    };
    let reference = |mutability: &str| {
        json!({
            "multiValued": true,
            "mutability": mutability,
            "subAttributes": [
                attribute("value", "string", json!({ "mutability": "immutable" })),
                attribute("$ref", "reference", json!({ "mutability": "immutable" })),
            ],
        })
    };
    let user = vec![
        attribute("userName", "string", json!({ "required": true, "uniqueness": "server" })),
        attribute(
            "name",
            "complex",
            json!({ "subAttributes": [plain("givenName", "string"), plain("familyName", "string")] }),
        ),
        plain("active", "boolean"),
        attribute(
            "emails",
            "complex",
            json!({
                "multiValued": true,
                "subAttributes": [
                    plain("value", "string"),
                    plain("type", "string"),
                    plain("primary", "boolean"),
                ],
            }),
        ),
        attribute("groups", "complex", reference("readOnly")),
    ];
    let group = vec![
        attribute("displayName", "string", json!({ "required": true })),
        attribute("members", "complex", reference("readWrite")),
    ];
    let enterprise = vec![attribute(
        "employeeNumber",
        "string",
        json!({ "caseExact": true, "mutability": "writeOnly", "returned": "never" }),
    )];
    vec![
        schema(USER, "User", user),
        schema(GROUP, "Group", group),
        schema(ENTERPRISE, "EnterpriseUser", enterprise),
    ]
}
