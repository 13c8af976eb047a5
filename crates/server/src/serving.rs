//! The server from its start to its stop: the listener, what runs beside it, and the order in
//! which everything ends.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::http::Request;
use axum_server::{Handle, accept::Accept, tls_rustls::RustlsAcceptor};
use eclusier_app::{
    Access, App, AppError, AppResult,
    backups::{BackupClock, BackupPlan, SystemClock},
    imports::Watch,
};
use futures_util::future::BoxFuture;
use hyper_util::rt::TokioTimer;
use jiff::Timestamp;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Lasting, Provider, SiteOptions,
    exposure::{self, Exposure, unusable},
    inbox,
    limits::LimitOptions,
    router,
    settings::{ProviderSettings, Settings},
    tls::Tls,
};

/// How long requests and jobs at work may take to end once asked to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// Time between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long a connection waits for its turn when too many are open.
const TURN: Duration = Duration::from_secs(10);

/// Everything a server needs, checked: nothing is opened yet.
#[derive(Debug, Clone)]
pub struct Plan {
    exposure: Exposure,
    tls: Option<Tls>,
    options: SiteOptions,
    backups: Option<BackupPlan>,
}

impl Plan {
    /// Checks the settings against the address asked on the command line, and reads the
    /// certificate.
    pub fn new(settings: &Settings, bind: Option<&str>) -> AppResult<Self> {
        let exposure = exposure::decide(settings, bind)?;
        let tls = match &exposure.tls {
            Some((certificate, key)) => Some(Tls::open(certificate, key)?),
            None => None,
        };
        let minutes = |n: u64| Duration::from_secs(n.saturating_mul(60));
        let backups = settings.backup.folder.clone().map(|folder| BackupPlan {
            folder,
            every: minutes(settings.backup.every_hours.saturating_mul(60)),
            keep: settings.backup.keep,
            rehearse: settings.backup.rehearse,
            without_key: false,
        });
        let options = SiteOptions {
            lasting: Lasting {
                idle: minutes(settings.session.idle_minutes),
                whole: minutes(settings.session.absolute_hours.saturating_mul(60)),
            },
            secure: exposure.secure,
            public: exposure.public,
            hosts: exposure.hosts.clone(),
            backups: settings.backup.folder.clone(),
            trusted_proxies: exposure.trusted.clone(),
            providers: settings.provider.iter().map(provider).collect::<AppResult<_>>()?,
            limits: LimitOptions {
                upload_bytes: settings.limits.upload_megabytes.saturating_mul(1 << 20),
                requests_per_minute: settings.limits.requests_per_minute,
                sign_ins_per_minute: settings.limits.sign_ins_per_minute,
                ..LimitOptions::default()
            },
            ..SiteOptions::default()
        };
        Ok(Self { exposure, tls, options, backups })
    }

    /// How the site is reached.
    pub fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// How the site is served, for what the settings do not say.
    pub fn options_mut(&mut self) -> &mut SiteOptions {
        &mut self.options
    }
}

/// An identity provider as it is asked, its secret read.
fn provider(set: &ProviderSettings) -> AppResult<Provider> {
    let key = "provider.client_secret_file";
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path);
        text.map(|t| t.trim().to_owned()).map_err(|e| unusable(key, path, &e.to_string()))
    };
    let from_file = set.client_secret_file.as_ref().map(read).transpose()?;
    let label = if set.label.is_empty() { &set.id } else { &set.label };
    let provider = Provider {
        client_secret: from_file.or_else(|| set.client_secret.as_ref().map(|s| s.expose().into())),
        scopes: set.scopes.clone(),
        allowed_hosts: set.allowed_hosts.clone(),
        allow_private: set.allow_private,
        // Only an issuer of this machine may be written without TLS.
        allow_loopback: set.issuer.starts_with("http://"),
        ..Provider::new(&set.id, label, &set.issuer, &set.client_id)
    };
    match provider.check() {
        Ok(()) => Ok(provider),
        Err([fr, en]) => Err(AppError::invalid("provider", fr, en)),
    }
}

/// Serves until Ctrl+C or a termination signal, then closes cleanly: no new connection, live
/// updates end, requests and jobs at work have a moment to finish.
pub async fn serve(app: App, plan: Plan, inbox: Option<PathBuf>) -> AppResult<()> {
    let Plan { exposure, tls, mut options, backups } = plan;
    let address = exposure.address;
    let broken = move |source| AppError::Io { what: format!("address {address}"), source };
    let listener = std::net::TcpListener::bind(address).map_err(broken)?;
    let address = listener.local_addr().map_err(broken)?;
    if options.public && options.setup_code.is_none() && !app.has_accounts().await? {
        options.setup_code = Some(setup_code());
    }
    let stop = options.stop.clone();
    announce(address, tls.is_some(), &options);
    tracing::info!(target: "eclusier::server", %address, public = options.public, "serving");

    let mut beside = JoinSet::new();
    if let Some(folder) = inbox {
        beside.spawn(inbox::watch(app.acting(Access::system("inbox")), folder, stop.clone()));
    }
    if let Some(plan) = backups {
        beside.spawn(keep_backups(app.acting(Access::system("backups")), plan, stop.clone()));
    }
    beside.spawn(sweep_daily(app.acting(Access::system("upkeep")), stop.clone()));
    beside.spawn(refit_nightly(app.acting(Access::system("forecasts")), stop.clone()));
    // In a terminal, hanging up stops the program; a service is only asked to read again.
    if options.public || tls.is_some() {
        beside.spawn(reload_on_hangup(tls.clone(), stop.clone()));
    }
    // The desks are folded before the first person arrives.
    let warm = app.clone();
    tokio::spawn(async move {
        if let Err(error) = warm.warm().await {
            tracing::warn!(%error, "the desks could not be prepared");
        }
    });

    let handle = Handle::new();
    let ending = handle.clone();
    let (stopped, working) = (stop.clone(), app.clone());
    let signals = tokio::spawn(async move {
        tokio::select! {
            () = signalled() => {}
            () = stopped.cancelled() => {}
        }
        tracing::info!(target: "eclusier::server", "stopping");
        stopped.cancel();
        // Told before it listens, it would not hear.
        ending.listening().await;
        ending.graceful_shutdown(Some(DRAIN));
        working.stop_jobs(DRAIN).await;
    });
    let limits = options.limits;
    let site = router(app.clone(), options).into_make_service_with_connect_info::<SocketAddr>();
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut server = axum_server::from_tcp(listener).map_err(broken)?.handle(handle);
    let head = limits.head;
    server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(head);
    server.http_builder().http2().timer(TokioTimer::new()).keep_alive_interval(Some(head));
    let server = server.first_request_timeout(head);
    let outcome = match tls {
        Some(tls) => {
            let inner = RustlsAcceptor::new(tls.config());
            server.map(|_| Capped { inner, room }).serve(site).await
        }
        None => server.map(|inner| Capped { inner, room }).serve(site).await,
    };
    stop.cancel();
    // Jobs end before the registry that remembers how they ended is closed.
    let _ = signals.await;
    let ended = async { while beside.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN, ended).await;
    app.close().await;
    outcome.map_err(broken)
}

/// Twenty hexadecimal digits by five: enough that nobody guesses, few enough to be typed.
fn setup_code() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let digits: Vec<char> = random.chars().rev().take(20).collect();
    digits.chunks(5).map(|five| five.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The one line a person and a script wait for; and the code of the first account.
#[allow(clippy::print_stderr)]
fn announce(address: SocketAddr, tls: bool, options: &SiteOptions) {
    let scheme = if tls { "https" } else { "http" };
    eprintln!("Éclusier: {scheme}://{address}/");
    if let Some(code) = &options.setup_code {
        eprintln!(
            "Premier compte : ouvrir la page et donner ce code / First account: open the page and give this code: {code}"
        );
    }
}

async fn signalled() {
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

/// Reads the certificate again at each SIGHUP.
async fn reload_on_hangup(tls: Option<Tls>, stop: CancellationToken) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => {}
        }
        let Some(again) = tls.clone() else { continue };
        match tokio::task::spawn_blocking(move || again.reload()).await {
            Ok(Ok(())) => {
                tracing::info!(target: "eclusier::server", "the certificate was read again");
            }
            Ok(Err(error)) => {
                tracing::error!(target: "eclusier::server", %error, "the certificate in force is kept");
            }
            Err(_) => {}
        }
    }
}

async fn sweep_daily(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
        if let Err(error) = app.tidy().await {
            tracing::warn!(%error, "the daily sweep failed");
        }
    }
}

/// Hour of the night at which forecasts are learned again, when the files of the evening are in.
const REFIT_AT: i8 = 4;

/// Learns the forecasts again each night, as a job.
async fn refit_nightly(app: App, stop: CancellationToken) {
    loop {
        let now = jiff::Zoned::now();
        let next = now
            .with()
            .hour(REFIT_AT)
            .minute(0)
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .ok()
            .and_then(|at| if at > now { Some(at) } else { at.tomorrow().ok() });
        let wait = next.and_then(|at| Duration::try_from(now.duration_until(&at)).ok());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait.unwrap_or(SWEEP_EVERY)) => {}
        }
        if let Err(error) = app.start_refit().await {
            tracing::warn!(%error, "the forecasts were not learned again");
        }
    }
}

/// The clock of the machine, whose sleepers wake up when the server stops.
struct UntilStop(CancellationToken);

impl BackupClock for UntilStop {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = self.0.cancelled() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

async fn keep_backups(app: App, plan: BackupPlan, stop: CancellationToken) {
    let watch = Watch::default();
    let ended = watch.clone();
    let clock = UntilStop(stop.clone());
    tokio::spawn(async move {
        stop.cancelled().await;
        ended.cancel();
    });
    if let Err(error) = app.keep_backups(&plan, &clock, &watch).await {
        tracing::error!(%error, "no backup is made any more");
    }
}

/// Lets only so many connections be open at once; the others wait, then are closed.
#[derive(Clone)]
struct Capped<A> {
    inner: A,
    room: Arc<Semaphore>,
}

impl<A, I, S> Accept<I, S> for Capped<A>
where
    A: Accept<I, S> + Clone + Send + Sync + 'static,
    A::Future: Send,
    A::Stream: Send,
    A::Service: Send,
    I: Send + 'static,
    S: Send + 'static,
{
    type Stream = A::Stream;
    type Service = Held<A::Service>;
    type Future = BoxFuture<'static, std::io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let (inner, room) = (self.inner.clone(), self.room.clone());
        Box::pin(async move {
            let full = || std::io::Error::other("too many connections");
            let turn = tokio::time::timeout(TURN, room.acquire_owned()).await;
            let turn = turn.map_err(|_| full())?.map_err(|_| full())?;
            let (stream, service) = inner.accept(stream, service).await?;
            Ok((stream, Held { service, _turn: Arc::new(turn) }))
        })
    }
}

/// A service that keeps the place of its connection as long as it lives.
#[derive(Clone)]
struct Held<S> {
    service: S,
    _turn: Arc<OwnedSemaphorePermit>,
}

impl<S, B> tower::Service<Request<B>> for Held<S>
where
    S: tower::Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_typed_once_and_never_guessed() {
        let (a, b) = (setup_code(), setup_code());
        assert_ne!(a, b);
        assert_eq!(a.len(), 23);
        assert!(a.split('-').all(|five| five.len() == 5));
    }
}
