//! Filters of SCIM (RFC 7644 §3.4.2.2): `userName eq "a" and active eq true`.
//!
//! Every attribute that a resource shows may be asked for, whatever its case. A filter is
//! bounded in length and in depth: it comes from outside.

use serde_json::Value;

use super::ScimError;

/// A filter made ready.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// Path, operator, value.
    Is(String, Operator, Value),
    /// Path that must have a value.
    Present(String),
    /// Path of a list one of whose items passes.
    Among(String, Box<Filter>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    Starts,
    Ends,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

/// Longest filter, and deepest nest of parentheses.
const LONGEST: usize = 2_000;
const DEEPEST: usize = 16;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Bracket,
    Unbracket,
}

impl Filter {
    /// Reads a filter.
    pub(crate) fn parse(text: &str) -> Result<Filter, ScimError> {
        if text.len() > LONGEST {
            return Err(bad("is too long"));
        }
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0, depth: 0 };
        let filter = reader.either()?;
        if reader.at < tokens.len() {
            return Err(bad("goes on after its end"));
        }
        Ok(filter)
    }

    /// Whether a resource passes.
    pub(crate) fn passes(&self, resource: &Value) -> bool {
        match self {
            Filter::And(a, b) => a.passes(resource) && b.passes(resource),
            Filter::Or(a, b) => a.passes(resource) || b.passes(resource),
            Filter::Not(inner) => !inner.passes(resource),
            Filter::Present(path) => found(resource, path).iter().any(|v| !is_empty(v)),
            Filter::Is(path, operator, value) => {
                let found = found(resource, path);
                match operator {
                    Operator::NotEqual => !found.iter().any(|v| holds(v, Operator::Equal, value)),
                    other => found.iter().any(|v| holds(v, *other, value)),
                }
            }
            Filter::Among(path, inner) => reached(resource, path).iter().any(|v| inner.passes(v)),
        }
    }
}

fn bad(why: &str) -> ScimError {
    ScimError::bad("invalidFilter", format!("the filter {why}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, ScimError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' => {
                chars.next();
            }
            '(' | ')' | '[' | ']' => {
                chars.next();
                tokens.push(match c {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    '[' => Token::Bracket,
                    _ => Token::Unbracket,
                });
            }
            '"' => {
                // A JSON string, escapes included.
                let mut quoted = String::new();
                quoted.extend(chars.next());
                let mut escaped = false;
                loop {
                    let c = chars.next().ok_or_else(|| bad("has a text without an end"))?;
                    quoted.push(c);
                    match (c, escaped) {
                        ('"', false) => break,
                        ('\\', false) => escaped = true,
                        _ => escaped = false,
                    }
                }
                let text = serde_json::from_str(&quoted).map_err(|_| bad("has a broken text"))?;
                tokens.push(Token::Text(text));
            }
            _ => {
                let mut word = String::new();
                while let Some(&c) = chars.peek() {
                    if matches!(c, ' ' | '\t' | '(' | ')' | '[' | ']' | '"') {
                        break;
                    }
                    word.push(c);
                    chars.next();
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word))
    }

    fn either(&mut self) -> Result<Filter, ScimError> {
        let mut left = self.both()?;
        while self.word("or") {
            self.at += 1;
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, ScimError> {
        let mut left = self.one()?;
        while self.word("and") {
            self.at += 1;
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    /// What stands between a sign and its closing one.
    fn inside(&mut self, close: &Token) -> Result<Filter, ScimError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(bad("is nested too deep"));
        }
        let inner = self.either()?;
        if self.next() != Some(close) {
            return Err(bad("has a parenthesis without an end"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn one(&mut self) -> Result<Filter, ScimError> {
        if self.word("not") && self.tokens.get(self.at + 1) == Some(&Token::Open) {
            self.at += 2;
            return Ok(Filter::Not(Box::new(self.inside(&Token::Close)?)));
        }
        let path = match self.next() {
            Some(Token::Open) => return self.inside(&Token::Close),
            Some(Token::Word(path)) => path.clone(),
            _ => return Err(bad("has no attribute where one is needed")),
        };
        if self.tokens.get(self.at) == Some(&Token::Bracket) {
            self.at += 1;
            return Ok(Filter::Among(path, Box::new(self.inside(&Token::Unbracket)?)));
        }
        let Some(Token::Word(operator)) = self.next() else {
            return Err(bad("has no operator after its attribute"));
        };
        let operator = match operator.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Filter::Present(path)),
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::Starts,
            "ew" => Operator::Ends,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessEqual,
            _ => return Err(bad("has an operator that is not known")),
        };
        let value = match self.next() {
            Some(Token::Text(text)) => Value::String(text.clone()),
            Some(Token::Word(word)) => serde_json::from_str(&word.to_ascii_lowercase())
                .map_err(|_| bad("has a value that is none"))?,
            _ => return Err(bad("has no value after its operator")),
        };
        Ok(Filter::Is(path, operator, value))
    }
}

/// What stands at a path: attribute names whatever their case, a schema before the last colon
/// put aside, every item of a list.
fn reached<'a>(resource: &'a Value, path: &str) -> Vec<&'a Value> {
    let bare = match path.rfind(':') {
        Some(colon) if path.to_ascii_lowercase().starts_with("urn:") => {
            path.get(colon + 1..).unwrap_or("")
        }
        _ => path,
    };
    let mut values = vec![resource];
    for name in bare.split('.') {
        values = values
            .into_iter()
            .filter_map(|value| match value {
                Value::Object(map) => {
                    map.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v)
                }
                _ => None,
            })
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    values
}

/// The values at a path: `emails eq "a@b.fr"` speaks of the values of the list.
fn found<'a>(resource: &'a Value, path: &str) -> Vec<&'a Value> {
    reached(resource, path)
        .into_iter()
        .map(|value| match value {
            Value::Object(map) => map.get("value").unwrap_or(value),
            other => other,
        })
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn holds(found: &Value, operator: Operator, wanted: &Value) -> bool {
    // Texts that people type are compared without case; identifiers of ours have none.
    if let (Value::String(a), Value::String(b)) = (found, wanted) {
        let (a, b) = (a.to_lowercase(), b.to_lowercase());
        return match operator {
            Operator::Equal => a == b,
            Operator::NotEqual => a != b,
            Operator::Contains => a.contains(&b),
            Operator::Starts => a.starts_with(&b),
            Operator::Ends => a.ends_with(&b),
            Operator::Greater => a > b,
            Operator::GreaterEqual => a >= b,
            Operator::Less => a < b,
            Operator::LessEqual => a <= b,
        };
    }
    match operator {
        Operator::Equal => found == wanted,
        Operator::NotEqual => found != wanted,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn passes(filter: &str) -> bool {
        let user = json!({
            "id": "1", "userName": "Zoe.Durand@caisse.fr", "externalId": "A\"1", "active": true,
            "name": { "givenName": "Zoé", "familyName": "Durand" },
            "emails": [
                { "value": "z@exemple.fr", "type": "work", "primary": true },
                { "value": "zoe@maison.fr", "type": "home" },
            ],
        });
        Filter::parse(filter).unwrap().passes(&user)
    }

    #[test]
    fn filters_find_what_they_say() {
        for filter in [
            r#"userName eq "zoe.durand@CAISSE.fr""#,
            r#"USERNAME EQ "zoe.durand@caisse.fr""#,
            r#"externalId eq "A\"1""#,
            "active eq true",
            "active eq True",
            r#"userName sw "zoe" and active eq true"#,
            r#"userName co "nobody" or name.familyName co "ran""#,
            r#"not (userName eq "x")"#,
            r#"emails eq "z@exemple.fr""#,
            r#"emails.value ew "maison.fr""#,
            r#"emails[type eq "work" and value co "@exemple"]"#,
            "name.givenName pr",
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "Z""#,
            r#"(active eq false or (active eq true)) and id ne "2""#,
        ] {
            assert!(passes(filter), "{filter}");
        }
        for filter in [
            r#"userName eq "zoe""#,
            "active eq false",
            r#"emails[type eq "home" and value co "@exemple"]"#,
            "nickName pr",
            r#"active co "true""#,
            // `and` binds closer than `or`.
            r#"active eq false and id eq "1" or id eq "3""#,
        ] {
            assert!(!passes(filter), "{filter}");
        }
    }

    #[test]
    fn broken_filters_are_refused() {
        let deep = format!("{}active eq true{}", "(".repeat(40), ")".repeat(40));
        let long = format!("userName eq \"{}\"", "x".repeat(3_000));
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName is \"a\"",
            "userName eq \"a",
            "eq eq eq eq",
            "(active eq true",
            "active eq true)",
            "emails[value eq \"a\"",
            "active eq maybe",
            &deep,
            &long,
        ] {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!(error.kind, Some("invalidFilter"), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn no_filter_makes_the_reader_fall(text in "[a-z()\\[\\]\" \\\\.:]{0,80}") {
            if let Ok(filter) = Filter::parse(&text) {
                filter.passes(&json!({ "a": [{ "b": 1 }] }));
            }
        }
    }
}
