//! Live updates: one stream of changes, which screens read again when concerned.

use std::{convert::Infallible, time::Duration};

use crate::{guard::Allowed, site::Site};
use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _};
use tokio_stream::wrappers::BroadcastStream;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(follow_changes))
}

/// Changes as server-sent events: `{"type":"process","process":…}`, `{"type":"job","id":…}`,
/// and `{"type":"lagged"}` when some were missed.
#[utoipa::path(get, path = "/api/v1/events", tag = "jobs", security(("session" = ["signed-in"]), ("token" = ["signed-in"])),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn follow_changes(
    State(site): State<Site>,
    Allowed(app): Allowed,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(app.changes()).map(|change| {
        let data = match change {
            Ok(change) => serde_json::to_string(&change).unwrap_or_default(),
            Err(_) => r#"{"type":"lagged"}"#.to_owned(),
        };
        Ok(Event::default().data(data))
    });
    // Browsers come back by themselves: a stopping server does not wait for them.
    let stop = site.options().stop.clone();
    let changes = changes.take_until(async move { stop.cancelled().await });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
