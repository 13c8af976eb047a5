//! What the site holds: the application, its options and its rules. Routes see none of it but
//! through the guard.

use std::{net::IpAddr, sync::Arc};

use eclusier_app::{Access, App};

use crate::{guard::Rules, sessions::Lasting};

/// How the site is served.
#[derive(Debug, Clone, Default)]
pub struct SiteOptions {
    /// How long sessions last.
    pub lasting: Lasting,
    /// Whether browsers reach it over TLS, ours or that of a proxy.
    pub secure: bool,
    /// Whether it is reachable from the network: the owner's rights are then never given away.
    pub public: bool,
    /// Names under which browsers reach it, besides those of this machine.
    pub hosts: Vec<String>,
    /// Folder of the backups.
    pub backups: Option<std::path::PathBuf>,
    /// Code asked for the first account when the site is reachable from the network.
    pub setup_code: Option<String>,
}

/// State of the router.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    app: App,
    options: SiteOptions,
    rules: Rules,
}

impl Site {
    pub(crate) fn new(app: App, options: SiteOptions, rules: Rules) -> Self {
        Self(Arc::new(Inner { app, options, rules }))
    }

    /// The application as its owner holds it: for the door itself, never for a route.
    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn acting(&self, access: Access) -> App {
        self.0.app.acting(access)
    }

    /// How the site is served.
    pub fn options(&self) -> &SiteOptions {
        &self.0.options
    }

    /// Identity providers offered.
    pub(crate) fn providers(&self) -> Vec<eclusier_api::ProviderDto> {
        Vec::new()
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// Whether a page without an account may act as the owner: on this machine, and only when
    /// the site is not served to others.
    pub(crate) fn owner_may_enter(&self, peer: Option<IpAddr>) -> bool {
        !self.0.options.public && peer.is_none_or(|ip| ip.is_loopback())
    }
}
