//! What a proxy says of a request, believed only from those declared.
//!
//! After this, the address of the connection is the client's, the host is the one browsers
//! wrote, and no `X-Forwarded-*` header is left for anything further in to trust.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use crate::{error, site::Site, wire};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL: HeaderName = HeaderName::from_static("x-real-ip");

/// Puts the client in the place of its proxy.
pub(crate) async fn forwarded(
    State(site): State<Site>,
    mut request: Request,
    next: Next,
) -> Response {
    let options = site.options();
    if let Some(ConnectInfo(address)) =
        request.extensions_mut().get_mut::<ConnectInfo<SocketAddr>>()
    {
        // An IPv4 client of an IPv6 listener is the same client further in.
        address.set_ip(address.ip().to_canonical());
    }
    let peer = peer(&request);
    // HTTP/2 names the host in its own way: further in, one place to look at.
    if !request.headers().contains_key(header::HOST)
        && let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    let trusted = peer.is_some_and(|p| is_trusted(&options.trusted_proxies, p));
    let through = [FOR, PROTO, HOST, REAL, header::FORWARDED]
        .iter()
        .any(|name| request.headers().contains_key(name));
    if trusted {
        let client = peer.map(|p| client(request.headers(), p, &options.trusted_proxies));
        if let Some(client) = client {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, 0)));
        }
        let clear = last(request.headers(), &PROTO).is_some_and(|p| p == "http");
        if clear && !request.uri().path().starts_with("/health/") {
            let words = [
                "Cette page ne se demande qu’en https : l’adresse doit commencer par https://.",
                "This page is only asked over https: the address must begin with https://.",
            ];
            let spoken = error::lang(request.headers());
            let problem = wire::problem_of("forbidden", words.map(String::from), None, spoken);
            return error::respond(&problem);
        }
        if let Some(host) = last(request.headers(), &HOST)
            && let Ok(host) = HeaderValue::from_str(&host)
        {
            request.headers_mut().insert(header::HOST, host);
        }
    } else if through && peer.is_none_or(|p| p.is_loopback()) {
        // Somebody else's request, brought here by a proxy nobody declared: whoever it is, it
        // is not the owner of this machine.
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        request.extensions_mut().insert(ConnectInfo(nowhere));
    }
    for name in [FOR, PROTO, HOST, REAL, header::FORWARDED] {
        request.headers_mut().remove(name);
    }
    next.run(request).await
}

/// The other end of the connection; unknown in tests that use none.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    let known = request.extensions().get::<ConnectInfo<SocketAddr>>();
    known.map(|c| c.0.ip().to_canonical())
}

fn is_trusted(proxies: &[IpNet], ip: IpAddr) -> bool {
    proxies.iter().any(|net| net.contains(&ip))
}

/// The last value of a header that proxies add to.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    Some(text.rsplit(',').next()?.trim().to_ascii_lowercase())
}

/// The nearest address that is not one of our proxies, read from the end: what comes before
/// it was written by the client.
fn client(headers: &HeaderMap, peer: IpAddr, proxies: &[IpNet]) -> IpAddr {
    let mut client = peer;
    let lines: Vec<&str> =
        headers.get_all(FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    for text in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(ip) = read(text.trim()) else { break };
        client = ip;
        if !is_trusted(proxies, ip) {
            break;
        }
    }
    client
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let ip = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|a| a.ip());
    let between = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    ip.or_else(with_port).or_else(between).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_address_that_is_not_ours() {
        let ours: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        for (lines, expected) in [
            (vec![], "10.0.0.1"),
            (vec!["203.0.113.7"], "203.0.113.7"),
            // The client wrote the first address itself.
            (vec!["127.0.0.1, 203.0.113.7"], "203.0.113.7"),
            (vec!["127.0.0.1", "203.0.113.7, 10.0.0.9"], "203.0.113.7"),
            (vec!["203.0.113.7:4711, 10.0.0.9"], "203.0.113.7"),
            (vec!["[2001:db8::7]:4711"], "2001:db8::7"),
            (vec!["2001:db8::7"], "2001:db8::7"),
            (vec!["::ffff:203.0.113.7"], "203.0.113.7"),
            (vec!["203.0.113.7, unknown"], "10.0.0.1"),
            (vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (vec![""], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(FOR, HeaderValue::from_static(line));
            }
            assert_eq!(client(&headers, peer, &ours).to_string(), expected, "{lines:?}");
        }
    }
}
