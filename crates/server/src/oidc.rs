//! Sign-in by an OpenID Connect provider: authorization code, PKCE, state and nonce.
//!
//! An identity is the issuer and the subject the provider tells, never an address. What the
//! provider says is a label at most: its words reach neither the page nor the log. Signatures,
//! times and keys are the library's matter; what we ask of the network is [`outgoing`]'s.

mod outgoing;

use std::{
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, ClientSecret, CsrfToken, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields,
    IdTokenVerifier, IssuerUrl, LocalizedClaim, LogoutRequest, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, StandardClaims,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _, UserInfoClaims,
    UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use outgoing::{FetchError, Outgoing, Reach};

/// An identity provider, as configured.
#[derive(Clone)]
pub struct Provider {
    /// Id in addresses: lower-case letters, digits and hyphens.
    pub id: String,
    /// Name on the button.
    pub label: String,
    /// Issuer, exactly as its discovery document writes it.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Secret of the client; none for a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// Scopes asked besides `openid`.
    pub scopes: Vec<String>,
    /// Hosts we may ask; none means that of the issuer.
    pub allowed_hosts: Vec<String>,
    /// Whether these hosts may have addresses of a private network (RFC 1918, fc00::/7).
    pub allow_private: bool,
    /// Whether these hosts may be this machine, over plain HTTP: for tests.
    pub allow_loopback: bool,
}

impl Provider {
    /// A provider with the usual scopes, reached at the host of its issuer.
    pub fn new(id: &str, label: &str, issuer: &str, client_id: &str) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret: None,
            scopes: ["profile", "email"].map(str::to_owned).to_vec(),
            allowed_hosts: Vec::new(),
            allow_private: false,
            allow_loopback: false,
        }
    }

    /// Says what cannot work in the configuration, French then English.
    pub fn check(&self) -> Result<(), [String; 2]> {
        let wrong = |fr: &str, en: &str| {
            Err([format!("provider {} : {fr}", self.id), format!("provider {}: {en}", self.id)])
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || self.id.len() > 40 || !self.id.chars().all(fits) {
            return wrong(
                "id : 1 à 40 minuscules, chiffres ou tirets",
                "id: 1 to 40 lower-case letters, digits or hyphens",
            );
        }
        if self.label.trim().is_empty() || self.client_id.trim().is_empty() {
            return wrong("label et client_id sont à remplir", "fill in label and client_id");
        }
        let Ok(url) = Url::parse(&self.issuer) else {
            return wrong("issuer n’est pas une adresse", "issuer is not an address");
        };
        if url.query().is_some() || url.fragment().is_some() || self.reach().permit(&url).is_err() {
            return wrong(
                "issuer doit être une adresse https d’un hôte de allowed_hosts, sans question ni ancre",
                "issuer must be an https address of a host of allowed_hosts, without query or fragment",
            );
        }
        Ok(())
    }

    fn reach(&self) -> Reach {
        let own = || Url::parse(&self.issuer).ok()?.host_str().map(str::to_owned);
        let hosts = match self.allowed_hosts.is_empty() {
            true => own().into_iter().collect(),
            false => self.allowed_hosts.iter().map(|h| h.trim().to_lowercase()).collect(),
        };
        Reach { hosts, private: self.allow_private, loopback: self.allow_loopback }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "…"))
            .field("scopes", &self.scopes)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("allow_private", &self.allow_private)
            .field("allow_loopback", &self.allow_loopback)
            .finish_non_exhaustive()
    }
}

/// Why a provider did not let somebody in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// The provider does not answer, or not as a provider does.
    #[error("provider {provider} does not answer as it should")]
    Unavailable {
        provider: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What it answers is not for us, or not from it.
    #[error("what provider {provider} answers is not accepted: {reason}")]
    Untrusted { provider: String, reason: &'static str },
    /// The provider does not know us, or our settings contradict it.
    #[error("the settings of provider {provider} do not work: {reason}")]
    Settings { provider: String, reason: &'static str },
}

impl OidcError {
    /// Word of the address of the sign-in page, whose page has the sentence.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            OidcError::Unavailable { .. } => "fournisseur-indisponible",
            OidcError::Untrusted { .. } => "reponse-refusee",
            OidcError::Settings { .. } => "fournisseur-mal-regle",
        }
    }
}

/// A sign-in under way, kept in the session of the browser that began it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) provider: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Address the provider sends the browser back to.
    pub(crate) redirect: String,
    /// Page of ours where the person was.
    pub(crate) back: String,
    pub(crate) started_us: i64,
}

/// Who somebody is for a provider.
pub(crate) struct Identity {
    pub(crate) subject: String,
    /// Label to make a login of.
    pub(crate) login: String,
    pub(crate) name: String,
    /// The token that told it, which the provider asks for at sign-out.
    pub(crate) token: String,
}

/// Claims beyond the standard: those of ProConnect. Read without demanding their shape, since
/// they are only labels.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Labels {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usual_name: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<serde_json::Value>,
}

impl AdditionalClaims for Labels {}

type Fields = IdTokenFields<
    Labels,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Signed =
    IdToken<Labels, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Party = Client<
    Labels,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long what a provider says of itself is believed.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// How often an unknown key may make us ask again: whoever sends one must not choose our pace.
const NEW_KEYS_EVERY: Duration = Duration::from_secs(30);
/// Difference accepted between two clocks.
const SKEW: Duration = Duration::from_secs(60);
/// Age beyond which a token told by the back channel cannot be fresh.
const OLDEST_TOKEN: Duration = Duration::from_secs(600);

/// Signatures that need the private key of the provider: never `none`, never a shared secret.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The providers of the site and what is known of each.
#[derive(Default)]
pub(crate) struct Relays(BTreeMap<String, Arc<Relay>>, Vec<eclusier_api::ProviderDto>);

impl Relays {
    pub(crate) fn new(providers: &[Provider]) -> Self {
        let named =
            |p: &Provider| eclusier_api::ProviderDto { id: p.id.clone(), label: p.label.clone() };
        let relay = |p: &Provider| (p.id.clone(), Arc::new(Relay::new(p.clone())));
        Self(providers.iter().map(relay).collect(), providers.iter().map(named).collect())
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Relay>> {
        self.0.get(id).cloned()
    }

    /// As offered on the sign-in page, in the order of the configuration.
    pub(crate) fn offered(&self) -> Vec<eclusier_api::ProviderDto> {
        self.1.clone()
    }
}

struct Known {
    metadata: Arc<ProviderMetadataWithLogout>,
    asked: Instant,
    /// When an unknown key last made us ask again.
    keys: Option<Instant>,
}

/// One provider.
pub(crate) struct Relay {
    provider: Provider,
    outgoing: OnceLock<Outgoing>,
    known: Mutex<Option<Known>>,
}

impl Relay {
    fn new(provider: Provider) -> Self {
        Self { provider, outgoing: OnceLock::new(), known: Mutex::new(None) }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    pub(crate) fn label(&self) -> &str {
        &self.provider.label
    }

    /// Where to send the browser, and what to remember meanwhile.
    pub(crate) async fn start(
        &self,
        redirect: &str,
        back: &str,
        started_us: i64,
    ) -> Result<(Url, Flow), OidcError> {
        let metadata = self.metadata().await?;
        let party = self.party(&metadata, redirect)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let asked = party
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        let scopes = self.provider.scopes.iter().filter(|s| s.as_str() != "openid");
        let asked = scopes.fold(asked, |asked, s| asked.add_scope(Scope::new(s.clone())));
        let (url, state, nonce) = asked.url();
        let flow = Flow {
            provider: self.provider.id.clone(),
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            redirect: redirect.to_owned(),
            back: back.to_owned(),
            started_us,
        };
        Ok((url, flow))
    }

    /// Exchanges the code brought back by the browser for who it is.
    pub(crate) async fn finish(&self, code: String, flow: &Flow) -> Result<Identity, OidcError> {
        let metadata = self.metadata().await?;
        let party = self.party(&metadata, &flow.redirect)?;
        let exchange = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| self.settings("the provider has no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()));
        let tokens: Tokens =
            exchange.request_async(self.outgoing()?).await.map_err(|e| self.unexchanged(e))?;
        let token = tokens.id_token().ok_or_else(|| self.untrusted("no identity token"))?;
        let nonce = Nonce::new(flow.nonce.clone());
        match self.trusted(&party, token, &tokens, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // Keys turn: the token may be signed by one published since.
                let metadata = self.newer_keys(&metadata).await?;
                let party = self.party(&metadata, &flow.redirect)?;
                let claims = self
                    .trusted(&party, token, &tokens, &nonce)
                    .map_err(|e| self.untrusted(reason(&e)))?;
                self.identity(&party, claims, token, &tokens).await
            }
            Err(other) => Err(self.untrusted(reason(&other))),
            Ok(claims) => self.identity(&party, claims, token, &tokens).await,
        }
    }

    /// Where the provider ends its own session, when it says so.
    pub(crate) async fn leave(&self, token: &str, back: &str) -> Result<Option<Url>, OidcError> {
        let metadata = self.metadata().await?;
        let Some(end) = metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        let mut asked = LogoutRequest::from(end)
            .set_client_id(ClientId::new(self.provider.client_id.clone()))
            .set_state(CsrfToken::new_random());
        if let Ok(token) = token.parse::<Signed>() {
            asked = asked.set_id_token_hint(&token);
        }
        if let Ok(back) = PostLogoutRedirectUrl::new(back.to_owned()) {
            asked = asked.set_post_logout_redirect_uri(back);
        }
        Ok(Some(asked.http_get_url()))
    }

    fn trusted<'t>(
        &self,
        party: &Party,
        token: &'t Signed,
        tokens: &Tokens,
        nonce: &Nonce,
    ) -> Result<&'t IdTokenClaims<Labels, CoreGenderClaim>, ClaimsVerificationError> {
        let verifier: IdTokenVerifier<'_, CoreJsonWebKey> = party
            .id_token_verifier()
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(|| {
                let now = SystemTime::now();
                now.checked_sub(SKEW).unwrap_or(now).into()
            })
            .set_issue_time_verifier_fn(|issued| {
                let seconds = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(0);
                let age = jiff::Timestamp::now().as_second().saturating_sub(issued.timestamp());
                let fits = (-seconds(SKEW)..=seconds(OLDEST_TOKEN + SKEW)).contains(&age);
                fits.then_some(()).ok_or_else(|| "issued at another time".to_owned())
            });
        let claims = token.claims(&verifier, nonce)?;
        let ours = |to: &ClientId| to.as_str() == self.provider.client_id;
        if !claims.authorized_party().is_none_or(ours) {
            let other = "issued for another party".to_owned();
            return Err(ClaimsVerificationError::InvalidAudience(other));
        }
        if let Some(told) = claims.access_token_hash() {
            let made = token
                .signing_alg()
                .and_then(|alg| Ok((alg, token.signing_key(&verifier)?)))
                .map_err(ClaimsVerificationError::SignatureVerification)?;
            let made = AccessTokenHash::from_token(tokens.access_token(), made.0, made.1);
            if made.ok().as_ref() != Some(told) {
                let other = "the access token is another one".to_owned();
                return Err(ClaimsVerificationError::Other(other));
            }
        }
        Ok(claims)
    }

    /// Labels come from the token, or from the user information when it has none.
    async fn identity(
        &self,
        party: &Party,
        claims: &IdTokenClaims<Labels, CoreGenderClaim>,
        token: &Signed,
        tokens: &Tokens,
    ) -> Result<Identity, OidcError> {
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > 255 || subject.chars().any(char::is_control) {
            return Err(self.untrusted("the subject is not one"));
        }
        let mut told = Told::of_token(claims);
        if (told.login.is_none() || told.name.is_none())
            && let Ok(asked) =
                party.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        {
            let more: UserInfoClaims<Labels, CoreGenderClaim> =
                asked.request_async(self.outgoing()?).await.map_err(|e| self.uninformed(e))?;
            told = told.or(Told::of(more.standard_claims(), more.additional_claims()));
        }
        let login = told.login.unwrap_or_default();
        let name = told.name.unwrap_or_else(|| login.clone());
        Ok(Identity { subject: subject.to_owned(), login, name, token: token.to_string() })
    }

    fn party(
        &self,
        metadata: &ProviderMetadataWithLogout,
        redirect: &str,
    ) -> Result<Party, OidcError> {
        let redirect = RedirectUrl::new(redirect.to_owned())
            .map_err(|_| self.settings("the address of this site is not one"))?;
        // RFC 6749 prefers the header; the body is for providers that only read that.
        let methods = metadata.token_endpoint_auth_methods_supported();
        let header = methods.is_none_or(|m| m.contains(&CoreClientAuthMethod::ClientSecretBasic));
        Ok(Client::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.provider.client_id.clone()),
            self.provider.client_secret.clone().map(ClientSecret::new),
        )
        .set_auth_type(if header { AuthType::BasicAuth } else { AuthType::RequestBody })
        .set_redirect_uri(redirect))
    }

    fn outgoing(&self) -> Result<&Outgoing, OidcError> {
        if let Some(ready) = self.outgoing.get() {
            return Ok(ready);
        }
        let made = Outgoing::new(self.provider.reach()).map_err(|e| self.unavailable(e))?;
        Ok(self.outgoing.get_or_init(|| made))
    }

    async fn metadata(&self) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref()
            && known.asked.elapsed() < KNOWN_FOR
        {
            return Ok(known.metadata.clone());
        }
        match self.discover().await {
            Ok(metadata) => {
                let asked = Instant::now();
                *known = Some(Known { metadata: metadata.clone(), asked, keys: None });
                Ok(metadata)
            }
            // What was known an hour ago is better than a closed door.
            Err(OidcError::Unavailable { .. }) if known.is_some() => {
                known.as_ref().map(|k| k.metadata.clone()).ok_or_else(|| self.silent())
            }
            Err(error) => Err(error),
        }
    }

    async fn newer_keys(
        &self,
        seen: &Arc<ProviderMetadataWithLogout>,
    ) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let mut known = self.known.lock().await;
        let Some(held) = known.as_ref() else { return Err(self.silent()) };
        // Somebody else asked while we waited.
        if !Arc::ptr_eq(&held.metadata, seen) {
            return Ok(held.metadata.clone());
        }
        if held.keys.is_some_and(|at| at.elapsed() < NEW_KEYS_EVERY) {
            return Err(self.untrusted("signed by an unknown key"));
        }
        let metadata = self.discover().await?;
        let now = Instant::now();
        *known = Some(Known { metadata: metadata.clone(), asked: now, keys: Some(now) });
        Ok(metadata)
    }

    async fn discover(&self) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let issuer = IssuerUrl::new(self.provider.issuer.clone())
            .map_err(|_| self.settings("the issuer is not an address"))?;
        let found = ProviderMetadataWithLogout::discover_async(issuer, self.outgoing()?).await;
        let metadata = found.map_err(|e| match e {
            DiscoveryError::Request(error) => self.unfetched(error),
            DiscoveryError::Validation(_) => self.settings("the issuer names itself otherwise"),
            // Its text may hold anything; only its kind is told.
            _ => self.silent(),
        })?;
        // The browser is sent to these: as trusted as what we ask ourselves.
        let ends = metadata.additional_metadata().end_session_endpoint.as_ref();
        let pages = [Some(metadata.authorization_endpoint().url()), ends.map(|e| e.url())];
        let reach = self.provider.reach();
        if pages.into_iter().flatten().any(|page| reach.permit(page).is_err()) {
            return Err(self.settings("its pages are on a host that is not allowed"));
        }
        Ok(Arc::new(metadata))
    }

    fn unexchanged(
        &self,
        error: RequestTokenError<FetchError, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> OidcError {
        match error {
            RequestTokenError::Request(error) => self.unfetched(error),
            RequestTokenError::ServerResponse(said) => match said.error() {
                CoreErrorResponseType::InvalidGrant => self.untrusted("the code is not good"),
                _ => self.settings("the provider refuses the exchange"),
            },
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => self.silent(),
        }
    }

    fn uninformed(&self, error: UserInfoError<FetchError>) -> OidcError {
        match error {
            UserInfoError::Request(error) => self.unfetched(error),
            UserInfoError::ClaimsVerification(error) => self.untrusted(reason(&error)),
            _ => self.silent(),
        }
    }

    fn unfetched(&self, error: FetchError) -> OidcError {
        match error {
            FetchError::Forbidden { .. } => {
                self.settings("it sends us to an address that is not allowed")
            }
            other => self.unavailable(other),
        }
    }

    fn unavailable(&self, error: FetchError) -> OidcError {
        let (provider, source) = (self.provider.id.clone(), Some(error.into()));
        OidcError::Unavailable { provider, source }
    }

    fn silent(&self) -> OidcError {
        OidcError::Unavailable { provider: self.provider.id.clone(), source: None }
    }

    fn untrusted(&self, reason: &'static str) -> OidcError {
        OidcError::Untrusted { provider: self.provider.id.clone(), reason }
    }

    fn settings(&self, reason: &'static str) -> OidcError {
        OidcError::Settings { provider: self.provider.id.clone(), reason }
    }
}

/// What was wrong with a token, without repeating any of it.
fn reason(error: &ClaimsVerificationError) -> &'static str {
    use SignatureVerificationError as Signature;
    match error {
        ClaimsVerificationError::Expired(_) => "it is expired, or of another time",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "it is from another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it answers another request",
        ClaimsVerificationError::InvalidSubject(_) => "it speaks of another subject",
        ClaimsVerificationError::SignatureVerification(e) => match e {
            Signature::NoMatchingKey => "signed by an unknown key",
            Signature::DisallowedAlg(_) | Signature::NoSignature => "signed in a way not accepted",
            _ => "its signature is wrong",
        },
        _ => "it is malformed",
    }
}

/// Labels of somebody.
#[derive(Default)]
struct Told {
    login: Option<String>,
    name: Option<String>,
}

/// Tokens and user information name the same claims without sharing a trait.
macro_rules! told {
    ($claims:expr, $more:expr) => {{
        let (claims, more): (_, &Labels) = ($claims, $more);
        let plain = |text: Option<&str>| tidy(text.unwrap_or_default());
        let given = claims.given_name().and_then(said);
        // ProConnect says the name in use; Keycloak the family name, or the whole at once.
        let family = text(&more.usual_name).or_else(|| claims.family_name().and_then(said));
        let whole = match (given, family) {
            (Some(given), Some(family)) => tidy(&format!("{given} {family}")),
            (given, family) => claims.name().and_then(said).or(family).or(given),
        };
        Told {
            login: plain(claims.preferred_username().map(|u| u.as_str()))
                .or_else(|| plain(claims.email().map(|e| e.as_str())))
                .or_else(|| text(&more.uid))
                .as_deref()
                .and_then(as_login),
            name: whole,
        }
    }};
}

impl Told {
    fn of_token(claims: &IdTokenClaims<Labels, CoreGenderClaim>) -> Self {
        told!(claims, claims.additional_claims())
    }

    fn of(claims: &StandardClaims<CoreGenderClaim>, more: &Labels) -> Self {
        told!(claims, more)
    }

    fn or(self, other: Self) -> Self {
        Self { login: self.login.or(other.login), name: self.name.or(other.name) }
    }
}

/// A claim in whichever language it is said.
fn said<T: Deref<Target = String>>(claim: &LocalizedClaim<T>) -> Option<String> {
    claim.iter().find_map(|(_, value)| tidy(value))
}

fn text(value: &Option<serde_json::Value>) -> Option<String> {
    value.as_ref()?.as_str().and_then(tidy)
}

/// A label on one line and of a length to show; nothing when nothing is left.
fn tidy(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line: String = words.join(" ").chars().take(120).collect();
    (!line.is_empty()).then_some(line)
}

/// A label as a login: its letters, digits, dots, hyphens and signs of an address.
fn as_login(label: &str) -> Option<String> {
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let login: String = label.to_lowercase().chars().filter(fits).take(70).collect();
    (login.chars().count() >= 2).then_some(login)
}

/// A page of ours to go back to: a path and a question, nothing that names another site.
pub(crate) fn same_site_path(asked: &str) -> Option<String> {
    let plain = asked.len() <= 2_000
        && asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains('\\')
        && !asked.chars().any(char::is_control);
    if !plain {
        return None;
    }
    // Read once more as a browser reads it.
    let here = Url::parse("https://here.invalid/").ok()?;
    let there = here.join(asked).ok()?;
    if there.origin() != here.origin() || there.path().starts_with("/api/") {
        return None;
    }
    let path = there.path();
    // Dots may fold into a second slash: "/.//elsewhere".
    (!path.starts_with("//")).then(|| match there.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_here() {
        for (asked, kept) in [
            ("/", "/"),
            ("/flux?process=pensions&from=2025-06-01", "/flux?process=pensions&from=2025-06-01"),
            ("/donnees/../flux", "/flux"),
            ("/équipes", "/%C3%A9quipes"),
            ("/flux?vers=https://ailleurs.example", "/flux?vers=https://ailleurs.example"),
        ] {
            assert_eq!(same_site_path(asked).as_deref(), Some(kept), "{asked}");
        }
        for refused in [
            "",
            "flux",
            "//ailleurs.example",
            "///ailleurs.example",
            "/\\ailleurs.example",
            "\\\\ailleurs.example",
            "/\t/ailleurs.example",
            "\t//ailleurs.example",
            "/.//ailleurs.example",
            "/..//ailleurs.example",
            "/%2e//ailleurs.example",
            "https://ailleurs.example/",
            "javascript:alert(1)",
            "/api/v1/exports/cases.csv",
            "/flux/../api/v1/session",
        ] {
            assert_eq!(same_site_path(refused), None, "{refused}");
        }
        assert_eq!(same_site_path(&format!("/{}", "a".repeat(2_000))), None);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut provider = Provider::new("agents", "Agents", "https://id.example", "eclusier");
        provider.client_secret = Some("s3cret-phrase".into());
        assert!(!format!("{provider:?}").contains("s3cret-phrase"));
    }

    #[test]
    fn settings_that_cannot_work_are_told() {
        let ok = Provider::new("agents", "Agents", "https://id.example/realms/caf", "eclusier");
        assert_eq!(ok.check(), Ok(()));
        let with = |change: fn(&mut Provider)| {
            let mut provider = ok.clone();
            change(&mut provider);
            provider.check()
        };
        assert!(with(|p| p.id = "Agents/2".into()).is_err());
        assert!(with(|p| p.label = " ".into()).is_err());
        assert!(with(|p| p.issuer = "http://id.example".into()).is_err());
        assert!(with(|p| p.issuer = "https://id.example/?a=1".into()).is_err());
        assert!(with(|p| p.issuer = "https://user@id.example/".into()).is_err());
        assert!(with(|p| p.issuer = "https://127.0.0.1/".into()).is_err());
        assert!(with(|p| p.allowed_hosts = vec!["other.example".into()]).is_err());
        assert_eq!(with(|p| p.allowed_hosts = vec!["ID.example".into()]), Ok(()));
        assert_eq!(
            with(|p| {
                p.issuer = "http://127.0.0.1:4000".into();
                p.allow_loopback = true;
            }),
            Ok(())
        );
    }

    #[test]
    fn labels_are_made_of_what_is_told() {
        let told = |claims: serde_json::Value| {
            let info: UserInfoClaims<Labels, CoreGenderClaim> =
                UserInfoClaims::from_json::<FetchError>(claims.to_string().as_bytes(), None)
                    .expect("claims");
            Told::of(info.standard_claims(), info.additional_claims())
        };
        let proconnect = told(serde_json::json!({
            "sub": "704e", "given_name": "Claire", "usual_name": "Martin", "uid": "1021",
            "email": "Claire.Martin@caf.example", "siret": "18750003000013"
        }));
        assert_eq!(proconnect.name.as_deref(), Some("Claire Martin"));
        assert_eq!(proconnect.login.as_deref(), Some("claire.martin@caf.example"));
        let keycloak = told(serde_json::json!({
            "sub": "f:1", "name": "Samir  Ben\n Ali", "preferred_username": "S.BenAli"
        }));
        assert_eq!(keycloak.name.as_deref(), Some("Samir Ben Ali"));
        assert_eq!(keycloak.login.as_deref(), Some("s.benali"));
        let bare = told(serde_json::json!({ "sub": "9", "uid": 42, "usual_name": ["x"] }));
        assert!(bare.login.is_none() && bare.name.is_none());
    }
}
