//! What one client may ask: how often, how much, how slowly.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, HttpBody as _},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use futures_util::StreamExt as _;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use crate::{error, forwarded, site::Site, wire};

/// Limits in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitOptions {
    /// Largest file received, in bytes.
    pub upload_bytes: u64,
    /// Largest other body, in bytes.
    pub body_bytes: u64,
    /// Requests of one address per minute, when others than the owner reach the site.
    pub requests_per_minute: u32,
    /// Attempts to sign in of one address per minute, likewise.
    pub sign_ins_per_minute: u32,
    /// Time to answer, but for files and live updates.
    pub answer: Duration,
    /// Longest silence in the middle of a body.
    pub silence: Duration,
    /// Time to send the head of a request.
    pub head: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            upload_bytes: 4 << 30,
            body_bytes: 1 << 20,
            requests_per_minute: 6_000,
            sign_ins_per_minute: 60,
            answer: Duration::from_secs(60),
            silence: Duration::from_secs(30),
            head: Duration::from_secs(20),
            connections: 1_024,
        }
    }
}

/// Looks between two sweeps of the addresses not seen lately.
const SWEEP_EVERY: u32 = 4_096;

/// Counts of the addresses seen lately.
pub(crate) struct Limiter {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    looks: AtomicU32,
}

impl Limiter {
    pub(crate) fn new(options: &LimitOptions) -> Self {
        let per_minute = |n: u32| Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        Self {
            requests: RateLimiter::keyed(per_minute(options.requests_per_minute)),
            sign_ins: RateLimiter::keyed(per_minute(options.sign_ins_per_minute)),
            looks: AtomicU32::new(0),
        }
    }

    /// Counts a request; otherwise the time to wait before the next.
    fn count(&self, from: IpAddr, signs_in: bool) -> Result<(), Duration> {
        if self.looks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.requests.retain_recent();
            self.sign_ins.retain_recent();
        }
        let from = neighbourhood(from);
        let wait =
            |refused: governor::NotUntil<_>| refused.wait_time_from(DefaultClock::default().now());
        if signs_in {
            self.sign_ins.check_key(&from).map_err(wait)?;
        }
        self.requests.check_key(&from).map_err(wait)
    }
}

/// One subscriber of IPv6 holds a whole /64.
fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// What may be used to guess a password or a code.
fn signs_in(request: &Request) -> bool {
    let path = request.uri().path();
    let guesses = ["/api/v1/session", "/api/v1/session/second", "/api/v1/setup"];
    (request.method() == Method::POST && guesses.contains(&path))
        || (request.method() == Method::PUT && path == "/api/v1/me/password")
        || path.starts_with("/api/v1/oidc/")
}

/// Refuses the clients that ask too often, and says when to come back.
pub(crate) async fn rates(State(site): State<Site>, request: Request, next: Next) -> Response {
    // Whoever owns the machine may keep it as busy as they like.
    if !site.options().public || request.uri().path().starts_with("/health/") {
        return next.run(request).await;
    }
    let from = forwarded::peer(&request).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let Err(wait) = site.limiter().count(from, signs_in(&request)) else {
        return next.run(request).await;
    };
    let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
    let words = [
        format!("Trop de demandes depuis cette adresse : recommencer dans {seconds} s."),
        format!("Too many requests from this address: try again in {seconds} s."),
    ];
    let spoken = error::lang(request.headers());
    let mut response = error::respond(&wire::problem_of("too-many", words, None, spoken));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// What kind of exchange a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// A short question.
    Short,
    /// A file comes in.
    Upload,
    /// An answer that takes its time: a file goes out, or changes are followed.
    Long,
}

fn exchange(path: &str) -> Exchange {
    let Some(path) = path.strip_prefix("/api/v1/") else { return Exchange::Short };
    let one_of = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    if one_of(&["uploads", "organisation/imports"]) || path.ends_with("/config/sheet") {
        Exchange::Upload
    } else if one_of(&["exports", "organisation/exports", "events", "publications", "audit"])
        || path.contains("/config/files/")
    {
        Exchange::Long
    } else {
        Exchange::Short
    }
}

/// What went wrong with a body while a route was reading it.
#[derive(Default)]
struct Faults {
    large: AtomicBool,
    slow: AtomicBool,
}

/// Bounds the size of what is sent, the silences while sending, and the time to answer.
pub(crate) async fn sizes(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let limits = site.options().limits;
    let spoken = error::lang(request.headers());
    let kind = exchange(request.uri().path());
    let most = if kind == Exchange::Upload { limits.upload_bytes } else { limits.body_bytes };
    let faults = Arc::new(Faults::default());
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|n| n > most) {
        faults.large.store(true, Ordering::Relaxed);
        return told(&faults, most, spoken).unwrap_or_default();
    }
    if !request.body().is_end_stream() {
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = bounded(body, most, limits.silence, faults.clone());
    }
    // Counted here, for every way of reading a body.
    DefaultBodyLimit::disable().apply(&mut request);
    let answer = next.run(request);
    let response = if kind == Exchange::Short {
        match tokio::time::timeout(limits.answer, answer).await {
            Ok(response) => response,
            Err(_) => return late(spoken),
        }
    } else {
        answer.await
    };
    told(&faults, most, spoken).unwrap_or(response)
}

fn late(spoken: eclusier_app::Lang) -> Response {
    let words = [
        "La réponse demanderait trop de temps : restreindre la période ou le filtre, puis recommencer.",
        "The answer would take too long: narrow the period or the filter, then try again.",
    ];
    error::respond(&wire::problem_of("unavailable", words.map(String::from), None, spoken))
}

/// The problem to answer when a body was too large or too slow.
fn told(faults: &Faults, most: u64, spoken: eclusier_app::Lang) -> Option<Response> {
    let (kind, words) = if faults.large.load(Ordering::Relaxed) {
        let size = |unit: [&str; 2]| -> String {
            if most >= 1 << 20 {
                format!("{}\u{202f}{}", most >> 20, unit[1])
            } else {
                format!("{most}\u{202f}{}", unit[0])
            }
        };
        let [fr, en] = [size(["octets", "Mio"]), size(["bytes", "MiB"])];
        let words = [
            format!(
                "L’envoi dépasse {fr} : le découper, ou demander à élargir la limite (limits.upload_megabytes)."
            ),
            format!(
                "The request exceeds {en}: cut it, or ask for a wider limit (limits.upload_megabytes)."
            ),
        ];
        ("too-large", words)
    } else if faults.slow.load(Ordering::Relaxed) {
        let words = [
            "L’envoi s’est interrompu trop longtemps : recommencer.",
            "The sending paused for too long: start again.",
        ];
        ("slow", words.map(String::from))
    } else {
        return None;
    };
    let mut response = error::respond(&wire::problem_of(kind, words, None, spoken));
    // What is left of the body is not worth reading.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Some(response)
}

fn bounded(body: Body, most: u64, silence: Duration, faults: Arc<Faults>) -> Body {
    let parts = body.into_data_stream();
    Body::from_stream(futures_util::stream::unfold(Some((parts, 0u64)), move |state| {
        let faults = faults.clone();
        async move {
            let (mut parts, seen) = state?;
            let failed = |flag: &AtomicBool, why: &'static str| {
                flag.store(true, Ordering::Relaxed);
                Some((Err(axum::Error::new(why)), None))
            };
            match tokio::time::timeout(silence, parts.next()).await {
                Err(_) => failed(&faults.slow, "the body paused for too long"),
                Ok(None) => None,
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Ok(Some(Ok(bytes))) => {
                    let seen = seen.saturating_add(bytes.len() as u64);
                    if seen > most {
                        return failed(&faults.large, "the body is too large");
                    }
                    Some((Ok(bytes), Some((parts, seen))))
                }
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_is_one_address() {
        let near = |text: &str| neighbourhood(text.parse().unwrap()).to_string();
        assert_eq!(near("203.0.113.7"), "203.0.113.7");
        assert_eq!(near("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(near("2001:db8:1:2:aaaa::1"), "2001:db8:1:2::");
        assert_ne!(near("2001:db8:1:3::1"), near("2001:db8:1:2::1"));
    }

    #[test]
    fn guessing_has_its_own_count() {
        let options = LimitOptions {
            requests_per_minute: 1_000,
            sign_ins_per_minute: 3,
            ..LimitOptions::default()
        };
        let limiter = Limiter::new(&options);
        let (a, b) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        for _ in 0..3 {
            limiter.count(a, true).unwrap();
        }
        let wait = limiter.count(a, true).unwrap_err();
        assert!(wait > Duration::from_secs(10) && wait <= Duration::from_secs(20), "{wait:?}");
        limiter.count(a, false).unwrap();
        limiter.count(b, true).unwrap();
    }
}
