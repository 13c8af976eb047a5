//! The terminal: messages and progress on standard error, never on standard output.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use eclusier_app::{AppResult, imports::Watch};
use eclusier_server::settings::Settings;
use tracing_subscriber::{
    EnvFilter, Layer, layer::SubscriberExt as _, registry::LookupSpan, util::SubscriberInitExt as _,
};

/// Messages of a command, by `RUST_LOG` (warnings by default).
pub fn log_to_stderr() {
    tracing_subscriber::registry().with(filter("warn")).with(lines(false)).init();
}

/// Messages of a server, by its settings; `RUST_LOG` overrides the level. Traces are sent as
/// long as what is given back is kept.
pub fn log_as_set(settings: &Settings) -> AppResult<traces::Sending> {
    let (sending, layer) = traces::to(settings.telemetry.otlp_endpoint.as_deref())?;
    let json = settings.log.format == "json";
    let filter = filter(&settings.log.filter());
    tracing_subscriber::registry().with(filter).with(lines(json)).with(layer).init();
    Ok(sending)
}

fn filter(usual: &str) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual))
}

fn lines<S>(json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    // Colours are for eyes: a file or a pipe gets the words alone.
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr);
    if json { lines.json().boxed() } else { lines.boxed() }
}

#[cfg(feature = "otel")]
mod traces {
    //! Spans of requests and jobs, sent to a collector.

    use eclusier_app::{AppError, AppResult};
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
    use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
    use tracing::Subscriber;
    use tracing_subscriber::{Layer, registry::LookupSpan};

    /// What sends traces; what waits is sent when it is dropped.
    pub struct Sending(Option<SdkTracerProvider>);

    impl Drop for Sending {
        fn drop(&mut self) {
            if let Some(provider) = self.0.take() {
                let _ = provider.shutdown();
            }
        }
    }

    pub fn to<S>(endpoint: Option<&str>) -> AppResult<(Sending, Option<impl Layer<S>>)>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(endpoint) = endpoint else { return Ok((Sending(None), None)) };
        // The exporter's client takes that of the process; somebody else's will do as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .map_err(|e| AppError::Io {
                what: "the collector of traces".into(),
                source: std::io::Error::other(e),
            })?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder_empty().with_service_name("eclusier").build())
            .build();
        // Neither files nor threads of ours: the spans as the server writes them.
        let layer = tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracer(provider.tracer("eclusier"));
        Ok((Sending(Some(provider)), Some(layer)))
    }
}

#[cfg(not(feature = "otel"))]
mod traces {
    //! Without the feature, a collector that is set is refused rather than left waiting.

    use eclusier_app::{AppError, AppResult};
    use tracing_subscriber::layer::Identity;

    /// Nothing is sent.
    pub struct Sending;

    pub fn to(endpoint: Option<&str>) -> AppResult<(Sending, Option<Identity>)> {
        if endpoint.is_none() {
            return Ok((Sending, None));
        }
        Err(AppError::invalid(
            "telemetry.otlp_endpoint",
            "ce programme est construit sans les traces : le construire avec --features otel, ou retirer le réglage telemetry.otlp_endpoint",
            "this program is built without traces: build it with --features otel, or remove the setting telemetry.otlp_endpoint",
        ))
    }
}

/// Shows progress while `work` lasts; Ctrl+C asks it to stop.
pub async fn watched<T>(name: &str, watch: &Watch, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let shown = std::io::stderr().is_terminal();
    loop {
        tokio::select! {
            done = &mut work => {
                if shown {
                    eprint!("\r\x1b[K");
                }
                return done;
            }
            _ = tokio::signal::ctrl_c() => watch.cancel(),
            () = tokio::time::sleep(Duration::from_millis(200)), if shown => {
                let (done, total) = watch.progress();
                if let Some(share) = (100 * done).checked_div(total) {
                    eprint!("\r\x1b[K{name}: {share} %");
                    let _ = std::io::stderr().flush();
                }
            }
        }
    }
}
