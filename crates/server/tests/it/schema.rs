//! Whether an answer is what the description of the API says, by structure.

use serde_json::Value;

/// What does not hold, with its place.
pub fn check(description: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(description, schema, value, "$", &mut wrong);
    wrong
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the description uses an unknown type {other}"),
    }
}

fn walk(all: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = all.pointer(reference.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("{reference} is not described"));
        return walk(all, target, value, at, wrong);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[key].as_array() {
            let fits = choices.iter().any(|c| check(all, c, value).is_empty());
            if !fits {
                wrong.push(format!("{at}: none of {key} fits {value}"));
            }
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        walk(all, part, value, at, wrong);
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !kinds.is_empty() && !kinds.iter().any(|k| is(k, value)) {
        wrong.push(format!("{at}: {kinds:?} wanted, {value} found"));
        return;
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                wrong.push(format!("{at}: {name} is missing"));
            }
        }
        if let Some(described) = schema["properties"].as_object() {
            for (name, inner) in object {
                match described.get(name) {
                    Some(schema) => walk(all, schema, inner, &format!("{at}.{name}"), wrong),
                    None => wrong.push(format!("{at}: {name} is not described")),
                }
            }
        } else if schema["additionalProperties"].is_object() {
            for (name, inner) in object {
                walk(all, &schema["additionalProperties"], inner, &format!("{at}.{name}"), wrong);
            }
        }
    }
    if let Some(items) = value.as_array() {
        for (i, item) in items.iter().enumerate() {
            if schema["items"].is_object() {
                walk(all, &schema["items"], item, &format!("{at}[{i}]"), wrong);
            }
        }
        let bounds = [("minItems", items.len() as u64), ("maxItems", items.len() as u64)];
        for (key, n) in bounds {
            if let Some(limit) = schema[key].as_u64()
                && if key == "minItems" { n < limit } else { n > limit }
            {
                wrong.push(format!("{at}: {n} items, {key} {limit}"));
            }
        }
    }
}

#[test]
fn the_check_sees_what_is_wrong() {
    let all = serde_json::json!({ "components": { "schemas": { "A": {
        "type": "object", "required": ["n"],
        "properties": { "n": { "type": ["integer", "null"] }, "t": { "type": "string" } }
    } } } });
    let schema = serde_json::json!({ "$ref": "#/components/schemas/A" });
    let wrong = |v: Value| check(&all, &schema, &v).len();
    assert_eq!(wrong(serde_json::json!({ "n": 1, "t": "x" })), 0);
    assert_eq!(wrong(serde_json::json!({ "n": null })), 0);
    assert_eq!(wrong(serde_json::json!({ "n": "1" })), 1);
    assert_eq!(wrong(serde_json::json!({ "t": "x" })), 1);
    assert_eq!(wrong(serde_json::json!({ "n": 1, "other": 2 })), 1);
    assert_eq!(wrong(serde_json::json!([])), 1);
}
