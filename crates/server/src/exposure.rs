//! Who can reach the site, decided before anything is opened.
//!
//! On this machine alone, the page acts as its owner until accounts exist. As soon as others
//! could reach it, directly or through a proxy, everybody signs in, and nothing travels in the
//! clear.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use eclusier_app::{AppError, AppResult};
use ipnet::IpNet;

use crate::settings::{Settings, networks};

/// How the site is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Address listened to.
    pub address: SocketAddr,
    /// Whether others than the owner of the machine may reach it.
    pub public: bool,
    /// Whether browsers reach it over TLS, ours or that of a proxy.
    pub secure: bool,
    /// Certificate and key, when TLS is ours.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Names under which browsers reach it.
    pub hosts: Vec<String>,
    /// Proxies whose headers are believed.
    pub trusted: Vec<IpNet>,
}

/// Reads an address and a port; `localhost` is this machine.
pub(crate) fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

/// Decides how the site is reached, or says what is missing. `bind` is the address of the
/// command line, which overrides that of the settings.
pub fn decide(settings: &Settings, bind: Option<&str>) -> AppResult<Exposure> {
    let server = &settings.server;
    let bind = bind.unwrap_or(&server.bind);
    let address = address(bind).ok_or_else(|| {
        AppError::invalid(
            "bind",
            format!("adresse illisible « {bind} » : écrire par exemple 127.0.0.1:8000"),
            format!("unreadable address “{bind}”: write for example 127.0.0.1:8000"),
        )
    })?;
    let local = address.ip().is_loopback();
    let pair = |(certificate, key): (&PathBuf, &PathBuf)| (certificate.clone(), key.clone());
    let tls = server.tls_certificate.as_ref().zip(server.tls_key.as_ref()).map(pair);
    let trusted = networks(&server.trusted_proxies).map_err(|text| {
        AppError::invalid("server.trusted_proxies", format!("« {text} »"), text.clone())
    })?;
    if !local && tls.is_none() && trusted.is_empty() {
        return Err(AppError::invalid(
            "bind",
            format!(
                "{bind} serait visible du réseau, et tout y passerait en clair : régler server.tls_certificate et server.tls_key, ou server.trusted_proxies si un mandataire (nginx, Caddy…) chiffre devant ; sinon écouter 127.0.0.1 ou [::1]"
            ),
            format!(
                "{bind} would be visible on the network, and everything would travel in the clear: set server.tls_certificate and server.tls_key, or server.trusted_proxies when a proxy (nginx, Caddy…) encrypts in front; otherwise listen to 127.0.0.1 or [::1]"
            ),
        ));
    }
    let mut hosts = server.hosts.clone();
    if !local && !address.ip().is_unspecified() {
        hosts.push(match address {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        });
    }
    let proxied = !trusted.is_empty();
    if hosts.is_empty() && (!local || proxied) {
        return Err(AppError::invalid(
            "server.hosts",
            "écrire dans server.hosts le nom sous lequel les navigateurs atteignent le site, par exemple [\"eclusier.organisme.fr\"] : tout autre nom est refusé",
            "write in server.hosts the name under which browsers reach the site, for example [\"eclusier.body.example\"]: any other name is refused",
        ));
    }
    Ok(Exposure {
        address,
        // A proxy on the same machine brings others here: a name other than this machine's
        // says so even when nobody thought of declaring the proxy.
        public: !local || proxied || !hosts.is_empty(),
        secure: tls.is_some() || proxied,
        tls,
        hosts,
        trusted,
    })
}

/// Says which file cannot be used, without its content.
pub(crate) fn unusable(key: &str, path: &Path, why: &str) -> AppError {
    let path = path.display();
    AppError::invalid(
        key,
        format!("réglage « {key} », fichier {path} : {why}"),
        format!("setting “{key}”, file {path}: {why}"),
    )
}
