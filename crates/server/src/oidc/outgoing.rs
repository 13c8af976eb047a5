//! What we ask of the network: named hosts only, and no address inside it.
//!
//! Names are checked before the request, addresses after their resolution, so that a name that
//! changes its address between the two gains nothing. Redirections are not followed, proxies
//! of the environment are not used, answers are bounded in size and in time.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Once,
    time::Duration,
};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

/// Longest answer read: a document with many keys is a tenth of it.
const LARGEST: usize = 512 * 1024;
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not a host or a way of ours.
    #[error("requests to {host} are not allowed")]
    Forbidden { host: String },
    /// The network, or the other end.
    #[error("no answer from {host}")]
    Network {
        host: String,
        #[source]
        source: reqwest::Error,
    },
    /// More than a provider has to say.
    #[error("the answer of {host} is larger than {most} bytes")]
    TooLarge { host: String, most: usize },
    /// This machine cannot make requests, for want of root certificates for instance.
    #[error("the client of this machine cannot be made")]
    Client(#[source] reqwest::Error),
    /// The request itself cannot be written.
    #[error("the request cannot be written")]
    Request,
}

/// Whom we may ask.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    /// Hosts, in lower case.
    pub(crate) hosts: BTreeSet<String>,
    /// Whether they may be in a private network.
    pub(crate) private: bool,
    /// Whether they may be this machine, in clear.
    pub(crate) loopback: bool,
}

impl Reach {
    /// Refuses an address by what can be read in it.
    pub(crate) fn permit(&self, url: &Url) -> Result<(), FetchError> {
        // Read as browsers do: 2130706433, 0x7f.1 and 017700000001 are 127.0.0.1 here.
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let literal = literal(&host);
        let local = host == "localhost" || literal.is_some_and(|ip| ip.is_loopback());
        let way = url.scheme() == "https" || (url.scheme() == "http" && self.loopback && local);
        let bare = url.username().is_empty() && url.password().is_none();
        let listed = !host.is_empty() && self.hosts.contains(&host);
        if way && bare && listed && literal.is_none_or(|ip| self.admits(ip)) {
            return Ok(());
        }
        Err(FetchError::Forbidden { host })
    }

    /// Whether an address may be asked.
    pub(crate) fn admits(&self, ip: IpAddr) -> bool {
        match kind(ip) {
            Kind::Public => true,
            Kind::Private => self.private,
            Kind::Loopback => self.loopback,
            Kind::Never => false,
        }
    }
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    /// Inside the network of the body.
    Private,
    /// This machine.
    Loopback,
    /// Metadata of a machine, shared, reserved, for documents or for many at once.
    Never,
}

fn kind(ip: IpAddr) -> Kind {
    match ip {
        IpAddr::V4(v4) => kind4(v4),
        IpAddr::V6(v6) => kind6(v6),
    }
}

fn kind4(ip: Ipv4Addr) -> Kind {
    let [a, b, c, d] = ip.octets();
    match (a, b, c, d) {
        (127, ..) => Kind::Loopback,
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => Kind::Private,
        (0, ..)
        | (100, 64..=127, ..)
        | (169, 254, ..)
        | (192, 0, 0 | 2, _)
        | (192, 88, 99, _)
        | (198, 18 | 19, ..)
        | (198, 51, 100, _)
        | (203, 0, 113, _)
        // The platform address that one large host gives to each of its machines.
        | (168, 63, 129, 16)
        | (224.., ..) => Kind::Never,
        _ => Kind::Public,
    }
}

fn kind6(ip: Ipv6Addr) -> Kind {
    if ip == Ipv6Addr::LOCALHOST {
        return Kind::Loopback;
    }
    let s = ip.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        kind4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // An IPv4 address in IPv6 clothes, or behind the translator of RFC 6052.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inside(high, low)
        }
        // Metadata of a machine, in the private range.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Kind::Never,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        // Protocols, benchmarks, documents and tunnels that hold an IPv4 address.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => {
            Kind::Never
        }
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Never,
    }
}

/// Resolves a name and keeps the addresses that may be asked.
struct Filtered(Reach);

impl Resolve for Filtered {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|a| reach.admits(a.ip())).collect();
            if kept.is_empty() {
                return Err(FetchError::Forbidden { host }.into());
            }
            let addresses: Addrs = Box::new(kept.into_iter());
            Ok(addresses)
        })
    }
}

/// Makes requests within a reach.
pub(crate) struct Outgoing {
    client: reqwest::Client,
    reach: Reach,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outgoing").field(&self.reach).finish()
    }
}

impl Outgoing {
    pub(crate) fn new(reach: Reach) -> Result<Self, FetchError> {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| {
            // Refused when the process has one already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = reqwest::Client::builder()
            .user_agent("Eclusier")
            .redirect(redirect::Policy::none())
            // A proxy would resolve names in our place, out of reach of the filter.
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(Filtered(reach.clone())))
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_max_idle_per_host(2)
            .build()
            .map_err(FetchError::Client)?;
        Ok(Self { client, reach })
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| FetchError::Request)?;
        self.reach.permit(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let failed = |source: reqwest::Error| {
            // A name whose every address is refused is a refusal, not a failure.
            match refusal(&source) {
                true => FetchError::Forbidden { host: host.clone() },
                // The address may carry what is nobody's business.
                false => FetchError::Network { host: host.clone(), source: source.without_url() },
            }
        };
        let (head, body) = request.into_parts();
        let mut answer = self
            .client
            .request(head.method, url)
            .headers(head.headers)
            .body(body)
            .send()
            .await
            .map_err(&failed)?;
        let too_large = || FetchError::TooLarge { host: host.clone(), most: LARGEST };
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(&failed)? {
            if bytes.len() + chunk.len() > LARGEST {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(bytes);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

fn refusal(error: &reqwest::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if matches!(error.downcast_ref(), Some(FetchError::Forbidden { .. })) {
            return true;
        }
        next = error.source();
    }
    false
}

impl<'c> AsyncHttpClient<'c> for Outgoing {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.fetch(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn reach(hosts: &[&str]) -> Reach {
        let hosts = hosts.iter().map(|h| (*h).to_owned()).collect();
        Reach { hosts, private: false, loopback: false }
    }

    #[test]
    fn no_address_inside_the_network_is_asked() {
        let reach = reach(&[]);
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "fc00::1",
            "fd00::1",
            "fd00:ec2::254",
            "fdff:ffff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!reach.admits(refused.parse().unwrap()), "{refused} must be refused");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:93.184.216.34",
            "64:ff9b::5db8:d822",
            "2001:200::1",
            "2606:4700::1111",
            "2a01:e0a::1",
        ] {
            assert!(reach.admits(public.parse().unwrap()), "{public} must be asked");
        }
    }

    #[test]
    fn a_private_network_opens_when_said_and_metadata_never_do() {
        let inside = Reach { private: true, ..reach(&[]) };
        for open in ["10.1.2.3", "172.20.0.1", "192.168.1.1", "fd12:3456::1", "::ffff:10.0.0.1"] {
            assert!(inside.admits(open.parse().unwrap()), "{open}");
        }
        let all = Reach { private: true, loopback: true, ..reach(&[]) };
        assert!(all.admits("127.0.0.1".parse().unwrap()));
        for shut in ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "fe80::1"] {
            assert!(!all.admits(shut.parse().unwrap()), "{shut}");
        }
    }

    #[test]
    fn a_host_is_read_as_a_browser_reads_it() {
        let listed = reach(&["id.example", "127.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0"]);
        let permits = |url: &str| Url::parse(url).is_ok_and(|u| listed.permit(&u).is_ok());
        assert!(permits("https://id.example/realms/x"));
        assert!(permits("https://ID.EXAMPLE:8443/"));
        for refused in [
            "http://id.example/",
            "ftp://id.example/",
            "file:///etc/passwd",
            "https://user@id.example/",
            "https://:pass@id.example/",
            "https://id.example.",
            "https://id.example.ailleurs.example/",
            "https://ailleurs.example/#id.example",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://017700000001/",
            "https://0177.0.0.1/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://0/",
            "https://0.0.0.0/",
            "https://169.254.169.254/latest/meta-data",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://１２７.0.0.1/",
        ] {
            assert!(!permits(refused), "{refused} must be refused");
        }
        let local = Reach { loopback: true, ..reach(&["127.0.0.1", "id.example"]) };
        assert!(local.permit(&Url::parse("http://127.0.0.1:4000/").unwrap()).is_ok());
        assert!(local.permit(&Url::parse("http://id.example/").unwrap()).is_err());
    }

    /// A site of one answer, and how often it was asked.
    async fn site(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0u8; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (address, asked)
    }

    fn get(url: &str) -> HttpRequest {
        http::Request::get(url).body(Vec::new()).unwrap()
    }

    #[tokio::test]
    async fn redirections_are_not_followed() {
        let (there, asked) = site("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into()).await;
        let away =
            format!("HTTP/1.1 302 Found\r\nlocation: http://{there}/\r\ncontent-length: 0\r\n\r\n");
        let (here, _) = site(away).await;
        let outgoing = Outgoing::new(Reach { loopback: true, ..reach(&["127.0.0.1"]) }).unwrap();
        let answer = outgoing.fetch(get(&format!("http://{here}/"))).await.unwrap();
        assert_eq!(answer.status(), 302);
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let answer = outgoing.fetch(get(&format!("http://{there}/"))).await.unwrap();
        assert_eq!((answer.status().as_u16(), asked.load(Ordering::SeqCst)), (200, 1));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut() {
        let body = "x".repeat(LARGEST + 1);
        let (here, _) = site(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")).await;
        let outgoing = Outgoing::new(Reach { loopback: true, ..reach(&["127.0.0.1"]) }).unwrap();
        let cut = outgoing.fetch(get(&format!("http://{here}/"))).await;
        assert!(matches!(cut, Err(FetchError::TooLarge { .. })), "{cut:?}");
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_after_its_resolution() {
        let (here, asked) = site("HTTP/1.1 200 OK\r\n\r\n".into()).await;
        // The name is listed and its scheme is right: only its address gives it away.
        let outgoing = Outgoing::new(reach(&["localhost"])).unwrap();
        let refused = outgoing.fetch(get(&format!("https://localhost:{}/", here.port()))).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{refused:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }
}
