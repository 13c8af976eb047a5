//! Settings of a server: one TOML file, and variables of the environment that override it.
//!
//! Nothing is guessed: a key or a variable that does not exist is refused with the nearest one
//! that does, a value that cannot be used is refused with what to write. Secrets are never
//! shown, neither by `Debug` nor by the settings printed.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use eclusier_app::{AppError, AppResult};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// Name of the file looked for in the data directory.
pub const FILE: &str = "eclusier.toml";
/// What variables of the environment begin with.
const PREFIX: &str = "ECLUSIER_";
/// Variables that are not settings of this file.
const OTHERS: &[&str] = &[
    "ECLUSIER_DATA",
    "ECLUSIER_LANG",
    "ECLUSIER_CONFIG",
    "ECLUSIER_DATABASE_URL",
    "ECLUSIER_SHARED",
    "ECLUSIER_REQUIRE_SHARED",
    "ECLUSIER_BIN",
    "ECLUSIER_KILLS",
    "ECLUSIER_WRITE_DOCS",
];
/// Families of variables that only tests read.
const OF_TESTS: &[&str] = &["ECLUSIER_TEST_", "ECLUSIER_REGISTRY_"];
/// Settings that name a file or a folder: relative ones start from the folder of the file.
const PATHS: &[(&str, &str)] =
    &[("server", "tls_certificate"), ("server", "tls_key"), ("backup", "folder")];

/// Everything that can be set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the site is reached.
    pub server: ServerSettings,
    /// How long sessions last.
    pub session: SessionSettings,
    /// What one address may ask.
    pub limits: LimitSettings,
    /// Backups made by the server itself.
    pub backup: BackupSettings,
    /// Messages of the program.
    pub log: LogSettings,
    /// Traces.
    pub telemetry: TelemetrySettings,
    /// Identity providers.
    pub provider: Vec<ProviderSettings>,
}

/// How the site is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port listened to.
    pub bind: String,
    /// Names under which browsers reach the site, without scheme or port.
    pub hosts: Vec<String>,
    /// Certificate chain, PEM.
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM.
    pub tls_key: Option<PathBuf>,
    /// Addresses of the proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<String>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8000".into(),
            hosts: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// How long sessions last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionSettings {
    /// Minutes without any request after which a session ends.
    pub idle_minutes: u64,
    /// Hours after which a session ends whatever is done.
    pub absolute_hours: u64,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_hours: 10 }
    }
}

/// What one address may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Largest file received, in MiB.
    pub upload_megabytes: u64,
    /// Requests of one address per minute.
    pub requests_per_minute: u32,
    /// Attempts to sign in of one address per minute.
    pub sign_ins_per_minute: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { upload_megabytes: 4096, requests_per_minute: 6000, sign_ins_per_minute: 60 }
    }
}

/// Backups made by the server itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupSettings {
    /// Folder of the backups; none are made without it.
    pub folder: Option<PathBuf>,
    /// Hours between two backups.
    pub every_hours: u64,
    /// Backups kept.
    pub keep: usize,
    /// Whether each backup is restored aside and checked.
    pub rehearse: bool,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self { folder: None, every_hours: 24, keep: 14, rehearse: true }
    }
}

/// Messages of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// `text` or `json`.
    pub format: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: "text".into(), level: "info".into() }
    }
}

impl LogSettings {
    /// The filter of messages: the libraries underneath only speak when something is wrong,
    /// since what they tell of a request is not ours to vouch for.
    pub fn filter(&self) -> String {
        format!("warn,eclusier={}", self.level)
    }
}

/// Traces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetrySettings {
    /// OTLP collector (HTTP, protobuf) that receives traces.
    pub otlp_endpoint: Option<String>,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSettings {
    /// Short name, used in addresses.
    pub id: String,
    /// Name shown on the page of sign-in.
    pub label: String,
    /// Issuer, as its discovery document states it.
    pub issuer: String,
    /// Name of this program at the provider.
    pub client_id: String,
    /// Secret of this program at the provider.
    pub client_secret: Option<Secret>,
    /// File that holds that secret.
    pub client_secret_file: Option<PathBuf>,
    /// Scopes asked besides `openid`.
    pub scopes: Vec<String>,
    /// Hosts the provider may be asked at; that of the issuer alone when empty.
    pub allowed_hosts: Vec<String>,
    /// Whether these hosts may have addresses of a private network.
    pub allow_private: bool,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            id: String::new(),
            label: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: None,
            client_secret_file: None,
            scopes: ["profile", "email"].map(str::to_owned).to_vec(),
            allowed_hosts: Vec::new(),
            allow_private: false,
        }
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret, for whoever must use it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Secret)
    }
}

/// Where a value was written.
struct Sources<'a> {
    file: Option<&'a Path>,
    /// Variables given, by section and key.
    variables: BTreeMap<(String, String), (String, String)>,
}

impl Sources<'_> {
    fn place(&self, section: &str, key: &str) -> [String; 2] {
        match self.variables.get(&(section.to_owned(), key.to_owned())) {
            Some((name, _)) => [format!("variable {name}"), format!("variable {name}")],
            None => {
                let file = self.file.map_or_else(|| FILE.into(), |f| f.display().to_string());
                [format!("fichier {file}"), format!("file {file}")]
            }
        }
    }

    fn refuse(&self, section: &str, key: &str, fr: &str, en: &str) -> AppError {
        let [at_fr, at_en] = self.place(section, key);
        let name = if key.is_empty() { section.to_owned() } else { format!("{section}.{key}") };
        AppError::invalid(
            &name,
            format!("{at_fr}, réglage « {name} » : {fr}"),
            format!("{at_en}, setting “{name}”: {en}"),
        )
    }
}

/// Reads the settings: the file given, otherwise `eclusier.toml` of the data directory when it
/// is there, then the variables of the environment. The address given on the command line
/// overrides both.
pub fn load(
    file: Option<&Path>,
    data: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> AppResult<Settings> {
    let usual = data.join(FILE);
    let file = match file {
        Some(given) => Some(given),
        None => usual.is_file().then_some(usual.as_path()),
    };
    let sources = Sources { file, variables: variables(environment)? };
    let mut raw = read(&sources)?;
    known(&raw, &sources)?;
    for ((section, key), (_, text)) in &sources.variables {
        let value = typed(section, key, text, &sources)?;
        let part = raw.entry(section.clone()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(part) = part {
            part.insert(key.clone(), value);
        }
    }
    fits(&raw, &sources)?;
    let mut settings: Settings = serde_json::from_value(Value::Object(raw)).map_err(|e| {
        let [fr, en] = sources.place("", "");
        AppError::invalid("settings", format!("{fr} : {e}"), format!("{en}: {e}"))
    })?;
    settings.resolve(&sources);
    settings.check(&sources)?;
    Ok(settings)
}

/// What the file says.
fn read(sources: &Sources<'_>) -> AppResult<Map<String, Value>> {
    let Some(file) = sources.file else { return Ok(Map::new()) };
    let name = file.display();
    let unreadable = |why: String| {
        AppError::invalid(
            "config",
            format!("le fichier de réglages {name} ne peut pas être lu : {why}"),
            format!("the file of settings {name} cannot be read: {why}"),
        )
    };
    // Read here rather than by the library, whose missing files have no cause.
    let text = std::fs::read_to_string(file).map_err(|e| unreadable(e.to_string()))?;
    let source = config::File::from_str(&text, config::FileFormat::Toml);
    let built = config::Config::builder().add_source(source).build();
    let read: Value = built
        .and_then(config::Config::try_deserialize)
        .map_err(|e| unreadable(e.to_string().trim().to_owned()))?;
    match read {
        Value::Object(read) => Ok(read),
        _ => Ok(Map::new()),
    }
}

/// Every setting with its default, by section; a provider has the keys of an empty one.
pub fn shape() -> Map<String, Value> {
    let of = |value: Result<Value, serde_json::Error>| match value {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let mut shape = of(serde_json::to_value(Settings::default()));
    let provider = of(serde_json::to_value(ProviderSettings::default()));
    shape.insert("provider".into(), Value::Object(provider));
    shape
}

fn keys(section: &str) -> Vec<String> {
    let shape = shape();
    let part = shape.get(section).and_then(Value::as_object);
    part.map(|p| p.keys().cloned().collect()).unwrap_or_default()
}

/// The name nearest to a mistaken one.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known.min_by_key(|k| strsim::damerau_levenshtein(name, k)).unwrap_or_default().to_owned()
}

/// Variables of the environment that are settings, by section and key.
#[allow(clippy::type_complexity)]
fn variables(
    environment: impl IntoIterator<Item = (String, String)>,
) -> AppResult<BTreeMap<(String, String), (String, String)>> {
    let mut settable = BTreeMap::new();
    for (section, part) in &shape() {
        if section != "provider" {
            for key in part.as_object().into_iter().flat_map(Map::keys) {
                let name = format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase());
                settable.insert(name, (section.clone(), key.clone()));
            }
        }
    }
    let mut found = BTreeMap::new();
    for (name, value) in environment {
        if !name.starts_with(PREFIX)
            || OTHERS.contains(&name.as_str())
            || OF_TESTS.iter().any(|family| name.starts_with(family))
        {
            continue;
        }
        if let Some(setting) = settable.get(&name) {
            found.insert(setting.clone(), (name, value));
            continue;
        }
        let near =
            nearest(&name, settable.keys().map(String::as_str).chain(OTHERS.iter().copied()));
        let [mut fr, mut en] = [
            format!("la variable {name} n’existe pas : vouliez-vous écrire {near} ?"),
            format!("the variable {name} does not exist: did you mean {near}?"),
        ];
        if name.starts_with("ECLUSIER_PROVIDER") {
            fr = format!(
                "la variable {name} n’existe pas : un fournisseur d’identité s’écrit dans le fichier, son secret dans un fichier à part (client_secret_file)"
            );
            en = format!(
                "the variable {name} does not exist: an identity provider is written in the file, its secret in a file of its own (client_secret_file)"
            );
        }
        return Err(AppError::invalid(&name, fr, en));
    }
    Ok(found)
}

/// Refuses the sections and keys of the file that do not exist.
fn known(raw: &Map<String, Value>, sources: &Sources<'_>) -> AppResult<()> {
    let shape = shape();
    for (section, part) in raw {
        if !shape.contains_key(section) {
            let near = nearest(section, shape.keys().map(String::as_str));
            return Err(sources.refuse(
                section,
                "",
                &format!("cette partie n’existe pas : vouliez-vous écrire [{near}] ?"),
                &format!("this part does not exist: did you mean [{near}]?"),
            ));
        }
        let tables: Vec<&Map<String, Value>> = match (section.as_str(), part) {
            ("provider", Value::Array(tables)) => {
                tables.iter().filter_map(Value::as_object).collect()
            }
            ("provider", _) => {
                return Err(sources.refuse(
                    section,
                    "",
                    "écrire [[provider]], entre doubles crochets",
                    "write [[provider]], between double brackets",
                ));
            }
            (_, Value::Object(table)) => vec![table],
            _ => {
                return Err(sources.refuse(
                    section,
                    "",
                    &format!("écrire [{section}] puis une ligne par réglage"),
                    &format!("write [{section}] then one line per setting"),
                ));
            }
        };
        let keys = keys(section);
        for key in tables.into_iter().flat_map(Map::keys) {
            if !keys.contains(key) {
                let near = nearest(key, keys.iter().map(String::as_str));
                return Err(sources.refuse(
                    section,
                    key,
                    &format!("ce réglage n’existe pas : vouliez-vous écrire « {near} » ?"),
                    &format!("this setting does not exist: did you mean “{near}”?"),
                ));
            }
        }
    }
    Ok(())
}

/// What a value must be, told with an example.
fn expected(usual: &Value) -> [String; 2] {
    let example = usual.to_string();
    match usual {
        Value::Bool(_) => ["écrire true ou false".into(), "write true or false".into()],
        Value::Number(_) => [
            format!("écrire un nombre entier, par exemple {example}"),
            format!("write a whole number, for example {example}"),
        ],
        Value::Array(_) => [
            "écrire une liste de textes, par exemple [\"a\", \"b\"]".into(),
            "write a list of texts, for example [\"a\", \"b\"]".into(),
        ],
        _ => ["écrire un texte entre guillemets".into(), "write a text between quotes".into()],
    }
}

/// The value of a variable, which is text, as its setting wants it.
fn typed(section: &str, key: &str, text: &str, sources: &Sources<'_>) -> AppResult<Value> {
    let shape = shape();
    let usual = shape.get(section).and_then(|p| p.get(key)).unwrap_or(&Value::Null);
    let text = text.trim();
    let value = match usual {
        Value::Bool(_) => text.parse().ok().map(Value::Bool),
        Value::Number(_) => text.parse::<u64>().ok().map(Value::from),
        Value::Array(_) => Some(
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Value::from).collect(),
        ),
        // An empty variable takes the setting back.
        Value::Null if text.is_empty() => Some(Value::Null),
        _ => Some(Value::from(text)),
    };
    value.ok_or_else(|| {
        let [fr, en] = expected(usual);
        sources.refuse(section, key, &fr, &en)
    })
}

/// Refuses the values whose kind is not that of their setting.
fn fits(raw: &Map<String, Value>, sources: &Sources<'_>) -> AppResult<()> {
    let shape = shape();
    for (section, part) in raw {
        let tables: Vec<&Value> = match part {
            Value::Array(tables) => tables.iter().collect(),
            table => vec![table],
        };
        for (key, value) in tables.into_iter().filter_map(Value::as_object).flatten() {
            let usual = shape.get(section).and_then(|p| p.get(key)).unwrap_or(&Value::Null);
            let right = match (usual, value) {
                (Value::Bool(_), Value::Bool(_)) | (_, Value::Null) => true,
                (Value::Number(_), Value::Number(n)) => {
                    n.as_u64().is_some_and(|n| n <= u64::from(u32::MAX))
                }
                (Value::Array(_), Value::Array(items)) => items.iter().all(Value::is_string),
                (Value::String(_) | Value::Null, Value::String(_)) => true,
                _ => false,
            };
            if !right {
                let [fr, en] = expected(usual);
                return Err(sources.refuse(section, key, &fr, &en));
            }
        }
    }
    Ok(())
}

/// The networks of a list of addresses and of addresses with a length of prefix.
pub fn networks(texts: &[String]) -> Result<Vec<IpNet>, String> {
    let read = |text: &String| {
        let one = || std::net::IpAddr::from_str(text).map(IpNet::from);
        IpNet::from_str(text).or_else(|_| one()).map_err(|_| text.clone())
    };
    texts.iter().map(read).collect()
}

impl Settings {
    /// Relative files and folders start from the folder of the file that names them.
    fn resolve(&mut self, sources: &Sources<'_>) {
        let Some(folder) = sources.file.and_then(Path::parent) else { return };
        let given = |section: &str, key: &str| {
            sources.variables.contains_key(&(section.to_owned(), key.to_owned()))
        };
        for (section, key) in PATHS {
            let path = match *key {
                "tls_certificate" => &mut self.server.tls_certificate,
                "tls_key" => &mut self.server.tls_key,
                _ => &mut self.backup.folder,
            };
            if let Some(path) = path
                && !given(section, key)
            {
                *path = folder.join(&*path);
            }
        }
        for path in self.provider.iter_mut().filter_map(|p| p.client_secret_file.as_mut()) {
            *path = folder.join(&*path);
        }
    }

    /// Refuses the values that cannot be used, with what to write.
    fn check(&self, sources: &Sources<'_>) -> AppResult<()> {
        let range = |section, key, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(sources.refuse(
                section,
                key,
                &format!("écrire un nombre de {least} à {most}"),
                &format!("write a number from {least} to {most}"),
            ))
        };
        let (session, limits, backup) = (&self.session, &self.limits, &self.backup);
        range("session", "idle_minutes", session.idle_minutes, 1, 24 * 60)?;
        range("session", "absolute_hours", session.absolute_hours, 1, 7 * 24)?;
        range("limits", "upload_megabytes", limits.upload_megabytes, 1, 1 << 20)?;
        range("limits", "requests_per_minute", limits.requests_per_minute.into(), 60, 1_000_000)?;
        range("limits", "sign_ins_per_minute", limits.sign_ins_per_minute.into(), 1, 100_000)?;
        range("backup", "every_hours", backup.every_hours, 1, 24 * 365)?;
        range("backup", "keep", backup.keep as u64, 1, 10_000)?;
        let among = |key, value: &str, known: &[&str]| {
            if known.contains(&value) {
                return Ok(());
            }
            let list = known.join(", ");
            let [fr, en] = [format!("écrire l’un de : {list}"), format!("write one of: {list}")];
            Err(sources.refuse("log", key, &fr, &en))
        };
        among("format", &self.log.format, &["text", "json"])?;
        among("level", &self.log.level, &["error", "warn", "info", "debug", "trace"])?;
        self.check_server(sources)?;
        if let Some(endpoint) = &self.telemetry.otlp_endpoint {
            let web = endpoint.starts_with("http://") || endpoint.starts_with("https://");
            if !web || endpoint.contains('@') {
                return Err(sources.refuse(
                    "telemetry",
                    "otlp_endpoint",
                    "écrire une adresse web sans mot de passe, par exemple \"http://127.0.0.1:4318\"",
                    "write a web address without password, for example \"http://127.0.0.1:4318\"",
                ));
            }
        }
        if let Some(folder) = &backup.folder
            && !folder.is_dir()
        {
            return Err(sources.refuse(
                "backup",
                "folder",
                &format!("le dossier {} n’existe pas : le créer", folder.display()),
                &format!("the folder {} does not exist: create it", folder.display()),
            ));
        }
        self.check_providers(sources)
    }

    fn check_server(&self, sources: &Sources<'_>) -> AppResult<()> {
        let server = &self.server;
        if crate::exposure::address(&server.bind).is_none() {
            return Err(sources.refuse(
                "server",
                "bind",
                "écrire une adresse et un port, par exemple \"127.0.0.1:8000\"",
                "write an address and a port, for example \"127.0.0.1:8000\"",
            ));
        }
        let plain = |host: &String| {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-[]:".contains(&b))
                && !host.ends_with(':')
                && (!host.contains(':') || host.starts_with('['))
        };
        if let Some(host) = server.hosts.iter().find(|h| !plain(h)) {
            return Err(sources.refuse(
                "server",
                "hosts",
                &format!("« {host} » : écrire un nom seul, sans https:// ni port, par exemple \"eclusier.organisme.fr\""),
                &format!("“{host}”: write a name alone, without https:// or port, for example \"eclusier.body.example\""),
            ));
        }
        if let Err(text) = networks(&server.trusted_proxies) {
            return Err(sources.refuse(
                "server",
                "trusted_proxies",
                &format!("« {text} » : écrire une adresse ou un réseau, par exemple \"10.0.0.4\" ou \"10.0.0.0/24\""),
                &format!("“{text}”: write an address or a network, for example \"10.0.0.4\" or \"10.0.0.0/24\""),
            ));
        }
        let missing = match (&server.tls_certificate, &server.tls_key) {
            (Some(_), None) => "tls_key",
            (None, Some(_)) => "tls_certificate",
            _ => return Ok(()),
        };
        Err(sources.refuse(
            "server",
            missing,
            "le certificat et sa clé s’écrivent ensemble : ajouter ce réglage",
            "the certificate and its key go together: add this setting",
        ))
    }

    fn check_providers(&self, sources: &Sources<'_>) -> AppResult<()> {
        let refuse = |key, fr: &str, en: &str| Err(sources.refuse("provider", key, fr, en));
        let mut seen = std::collections::BTreeSet::new();
        for p in &self.provider {
            let short = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if p.id.is_empty() || p.id.len() > 40 || !p.id.chars().all(short) {
                return refuse(
                    "id",
                    "écrire un nom court : lettres minuscules, chiffres et -",
                    "write a short name: lower-case letters, digits and -",
                );
            }
            if !seen.insert(&p.id) {
                let (fr, en) = (format!("« {} » est pris deux fois", p.id), &p.id);
                return refuse("id", &fr, &format!("“{en}” is taken twice"));
            }
            let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
            if !p.issuer.starts_with("https://") && !local.iter().any(|l| p.issuer.starts_with(l)) {
                return refuse(
                    "issuer",
                    "écrire l’adresse de l’émetteur, en https://",
                    "write the address of the issuer, in https://",
                );
            }
            if p.client_id.is_empty() {
                return refuse(
                    "client_id",
                    "écrire l’identifiant donné par le fournisseur",
                    "write the identifier given by the provider",
                );
            }
            if p.client_secret.is_some() && p.client_secret_file.is_some() {
                return refuse(
                    "client_secret",
                    "écrire le secret, ou le fichier qui le contient, mais pas les deux",
                    "write the secret, or the file that holds it, but not both",
                );
            }
        }
        Ok(())
    }
}
