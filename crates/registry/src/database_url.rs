//! The address of a PostgreSQL database, whose password is never shown.

use std::{fmt, str::FromStr};

use sqlx::{any::AnyConnectOptions, postgres::PgConnectOptions};

use crate::RegistryError;

/// Where a PostgreSQL database is: `postgres://user:password@host:port/database?sslmode=…`.
///
/// Checked when it is made. Neither `Display` nor `Debug` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    url: String,
    place: String,
}

/// What may follow the `?`; anything else is refused rather than ignored.
const PARAMETERS: [&str; 13] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "password",
    "port",
    "ssl-mode",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl DatabaseUrl {
    /// Database, host and port, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn options(&self) -> Result<AnyConnectOptions, RegistryError> {
        self.url.parse().map_err(|_| bad("is not an address"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        // The faults of the parsers below may repeat what they read, password included:
        // only our own words go into the error.
        let text = text.trim();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(bad("does not begin with postgres://"));
        }
        let mut any: AnyConnectOptions = text.parse().map_err(|_| bad("is not an address"))?;
        let url = &mut any.database_url;
        if url.fragment().is_some() {
            return Err(bad("has a # (write %23 in a password)"));
        }
        for (key, _) in url.query_pairs() {
            let Some(_) = PARAMETERS.iter().find(|known| **known == key) else {
                return Err(bad("has an unknown parameter after the question mark"));
            };
        }
        if !url.query_pairs().any(|(key, _)| key == "application_name") {
            url.query_pairs_mut().append_pair("application_name", "eclusier");
        }
        let url = url.to_string();
        let read: PgConnectOptions =
            url.parse().map_err(|_| bad("has a parameter that cannot be read"))?;
        let Some(database) = read.get_database().filter(|name| !name.is_empty()) else {
            return Err(bad("names no database"));
        };
        let place = match read.get_socket() {
            Some(socket) => format!("database {database} at {}", socket.display()),
            None => format!("database {database} at {}:{}", read.get_host(), read.get_port()),
        };
        Ok(Self { url, place })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.place)
    }
}

fn bad(problem: &'static str) -> RegistryError {
    RegistryError::DatabaseUrl { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://anne:s3cret@db.local:6432/caf?sslmode=require",
            "postgresql://anne@db.local:6432/caf?password=s3cret",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), "database caf at db.local:6432");
            assert!(!format!("{url:?} {url} {}", url.place()).contains("s3cret"));
            // What reaches the driver still has it.
            assert!(url.options().unwrap().database_url.as_str().contains("s3cret"));
        }
    }

    #[test]
    fn an_address_that_would_not_do_what_it_says_is_refused_without_repeating_it() {
        for (text, told) in [
            ("mysql://s3cret@h/d", "does not begin"),
            ("", "does not begin"),
            ("postgres://anne:s3cret@h", "names no database"),
            ("postgres://anne:s3cret@h:99999/d", "is not an address"),
            ("postgres://anne:s3c#ret@h/d", "is not an address"),
            ("postgres://anne@h/d#s3cret", "has a #"),
            ("postgres://anne@h/d?pasword=s3cret", "unknown parameter"),
            ("postgres://anne@h/d?options=-csearch_path%3Ds3cret", "unknown parameter"),
            ("postgres://anne:s3cret@h/d?sslmode=s3cret", "cannot be read"),
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(told), "{text}: {shown}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_socket_is_named_by_its_folder() {
        let url: DatabaseUrl = "postgres:///caf?host=/run/postgresql".parse().unwrap();
        assert_eq!(url.place(), "database caf at /run/postgresql");
    }
}
