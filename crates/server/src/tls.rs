//! TLS 1.2 and 1.3 by rustls; the certificate is read again on demand, so that a renewal needs
//! no restart.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum_server::tls_rustls::RustlsConfig;
use eclusier_app::{AppError, AppResult};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::exposure::unusable;

/// A certificate, its key, and the configuration in force.
#[derive(Clone)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RustlsConfig,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads a certificate chain and its key.
    pub(crate) fn open(certificate: &Path, key: &Path) -> AppResult<Self> {
        let config = RustlsConfig::from_config(read(certificate, key)?);
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), config })
    }

    pub(crate) fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// Reads both files again; what is served stays in force when they cannot be used.
    pub(crate) fn reload(&self) -> AppResult<()> {
        self.config.reload_from_config(read(&self.certificate, &self.key)?);
        Ok(())
    }
}

fn read(certificate: &Path, key: &Path) -> AppResult<Arc<ServerConfig>> {
    let bad_chain = |why: String| unusable("server.tls_certificate", certificate, &why);
    let bad_key = |why: String| unusable("server.tls_key", key, &why);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|e| bad_chain(e.to_string()))?;
    if chain.is_empty() {
        return Err(bad_chain("no certificate in this file (PEM)".into()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| bad_key(e.to_string()))?;
    let failed =
        |e: rustls::Error| AppError::Io { what: "TLS".into(), source: std::io::Error::other(e) };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| bad_key(e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
