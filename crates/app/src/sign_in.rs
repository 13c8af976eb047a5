//! Sign-in: passwords, second factor, lockout, the first account.
//!
//! A wrong password, an unknown login and a disabled account get the same answer after the
//! same work: nobody learns from it which logins exist.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, array::Array},
};
use eclusier_core::{org::Validity, rights::Grant};
use eclusier_registry::{Account, AccountStatus, NewAccount};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    App,
    error::{AppError, AppResult},
};

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Login, password or account: which one is not said.
    #[error("the login or the password is not right")]
    Credentials,
    /// Too many failures.
    #[error("sign-in is locked for {seconds} seconds after repeated failures")]
    Locked {
        /// Seconds to wait.
        seconds: i64,
    },
    /// A wrong, used or expired code.
    #[error("the code is not right, or was used already")]
    Code,
    /// Nobody is signed in, or the session has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The password must be changed before anything else.
    #[error("the password must be changed first")]
    MustChange,
    /// The first account exists already, or its code is wrong.
    #[error("the first account cannot be made this way")]
    Setup,
}

impl SignInError {
    /// Stable kind of the problem.
    pub fn kind(self) -> &'static str {
        match self {
            SignInError::Credentials => "credentials",
            SignInError::Locked { .. } => "locked",
            SignInError::Code => "code",
            SignInError::SignedOut => "unauthenticated",
            SignInError::MustChange => "password-change",
            SignInError::Setup => "not-found",
        }
    }

    /// What to do, French then English.
    pub fn words(self) -> [String; 2] {
        let [fr, en] = match self {
            SignInError::Credentials => [
                "Identifiant ou mot de passe incorrect.",
                "The login or the password is not right.",
            ],
            SignInError::Locked { seconds } => {
                let (n, fr, en) = match seconds {
                    ..120 => (seconds.max(1), "secondes", "seconds"),
                    _ => ((seconds + 59) / 60, "minutes", "minutes"),
                };
                return [
                    format!("Trop d’échecs : réessayer dans {n} {fr}."),
                    format!("Too many failures: try again in {n} {en}."),
                ];
            }
            SignInError::Code => [
                "Code incorrect ou déjà utilisé : attendre le suivant.",
                "The code is not right, or was used already: wait for the next one.",
            ],
            SignInError::SignedOut => ["Se connecter d’abord.", "Sign in first."],
            SignInError::MustChange => [
                "Changer d’abord le mot de passe provisoire.",
                "Change the temporary password first.",
            ],
            SignInError::Setup => {
                ["Le premier compte existe déjà.", "The first account exists already."]
            }
        };
        [fr.to_owned(), en.to_owned()]
    }
}

/// Failures before the first lock.
const FREE_FAILURES: i64 = 5;
/// Length of the first lock; each further failure doubles it.
const FIRST_LOCK_SECONDS: i64 = 30;
const LONGEST_LOCK_SECONDS: i64 = 3_600;
/// Logins nobody has that are remembered, so that memory stays bounded.
const STRANGERS: usize = 10_000;
/// Characters of a password: a long one is worth more than an odd one.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 12..=128;
/// Strength asked of a password, 0 to 4 on the scale of zxcvbn.
const PASSWORD_SCORE: u8 = 3;
/// Recovery codes made with a second factor.
const RECOVERY_CODES: usize = 10;

/// When an account with this many failures may try again.
fn lock_after(failures: i64, now: Timestamp) -> Option<Timestamp> {
    let beyond = failures - FREE_FAILURES;
    if beyond < 0 {
        return None;
    }
    let doubled = u32::try_from(beyond).ok().and_then(|n| 1i64.checked_shl(n.min(20)));
    let seconds =
        FIRST_LOCK_SECONDS.saturating_mul(doubled.unwrap_or(i64::MAX)).min(LONGEST_LOCK_SECONDS);
    now.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// Failures of logins that nobody has, counted like those of accounts.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashMap<String, (i64, Option<Timestamp>)>>);

impl Strangers {
    fn refused(&self, login: &str, now: Timestamp) -> SignInError {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= STRANGERS && !known.contains_key(login) {
            known.clear();
        }
        let (failures, locked) = known.entry(login.to_owned()).or_insert((0, None));
        if let Some(until) = *locked
            && until > now
        {
            return locked_for(until, now);
        }
        *failures += 1;
        *locked = lock_after(*failures, now);
        SignInError::Credentials
    }
}

fn locked_for(until: Timestamp, now: Timestamp) -> SignInError {
    SignInError::Locked { seconds: until.duration_since(now).as_secs().max(1) }
}

/// What a right password leads to.
#[derive(Debug)]
pub enum Welcome {
    /// In.
    In(Account),
    /// A code is awaited.
    Second(Account),
}

/// The first account.
pub struct FirstAccount<'a> {
    /// Login.
    pub login: &'a str,
    /// Name shown.
    pub name: &'a str,
    /// Password.
    pub password: &'a str,
    /// Whether it also steers production.
    pub steers: bool,
}

impl App {
    /// Today where the body is.
    pub async fn today(&self) -> AppResult<Date> {
        let zone = self.inner.registry.body().await?.zone;
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        Ok(self.now().to_zoned(zone).date())
    }

    /// Whether any account exists: as soon as one does, everybody signs in.
    pub async fn has_accounts(&self) -> AppResult<bool> {
        // Accounts are never removed: once seen, the answer stays.
        if self.inner.accounts_exist.load(std::sync::atomic::Ordering::Relaxed) {
            return Ok(true);
        }
        let exist = self.inner.registry.account_count().await? > 0;
        if exist {
            self.inner.accounts_exist.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(exist)
    }

    /// Makes the first account, which administers the program; possible once.
    pub async fn set_up(&self, first: &FirstAccount<'_>) -> AppResult<Account> {
        let login = plain_login(first.login)?;
        strong_password(first.password, &[&login, first.name])?;
        let hash = self.hashed(first.password).await?;
        let new = NewAccount {
            login,
            name: shown_name(first.name)?,
            person: None,
            password: Some(hash),
            identity: None,
            must_change: false,
        };
        let at = self.now();
        let account = match self.inner.registry.create_account(&new, true, "setup", at).await {
            Err(eclusier_registry::RegistryError::Taken { .. }) => {
                return Err(SignInError::Setup.into());
            }
            other => other?,
        };
        let from = self.today().await?;
        let mut roles = vec!["administrator"];
        if first.steers {
            roles.extend(["production_manager", "statistician"]);
        }
        for role in roles {
            let grant = Grant {
                role: role.into(),
                node: None,
                processes: None,
                valid: Validity { from, to: None },
            };
            self.inner.registry.grant_role(&account.id, &grant, None, "", "setup", at).await?;
        }
        Ok(account)
    }

    /// Checks a login and a password.
    pub async fn sign_in(&self, login: &str, password: &str) -> AppResult<Welcome> {
        let now = self.now();
        let login = login.trim().to_lowercase();
        let account = self.inner.registry.account_of_login(&login).await?;
        if let Some(until) = account.as_ref().and_then(|a| a.locked)
            && until > now
        {
            return Err(locked_for(until, now).into());
        }
        let known = account.as_ref().and_then(|a| a.password.clone());
        let right = self.verified(password, known).await?;
        let Some(account) = account else {
            return Err(self.inner.strangers.refused(&login, now).into());
        };
        if !right || account.status != AccountStatus::Active {
            let locked = lock_after(account.failures + 1, now);
            self.inner.registry.sign_in_failed(&account.id, locked, now).await?;
            return Err(SignInError::Credentials.into());
        }
        if account.second.is_some() {
            return Ok(Welcome::Second(account));
        }
        self.inner.registry.signed_in(&account.id, "password", now).await?;
        Ok(Welcome::In(account))
    }

    /// Checks the code of a second factor, or a recovery code, after the password.
    pub async fn second_step(&self, account: &str, code: &str) -> AppResult<Account> {
        let now = self.now();
        let registry = &self.inner.registry;
        let known = registry.account(account).await?;
        if known.status != AccountStatus::Active {
            return Err(SignInError::Credentials.into());
        }
        if let Some(until) = known.locked
            && until > now
        {
            return Err(locked_for(until, now).into());
        }
        match self.code_is_right(&known, code).await? {
            Some(how) => {
                registry.signed_in(account, how, now).await?;
                Ok(registry.account(account).await?)
            }
            None => {
                let locked = lock_after(known.failures + 1, now);
                registry.sign_in_failed(account, locked, now).await?;
                Err(SignInError::Code.into())
            }
        }
    }

    async fn code_is_right(
        &self,
        account: &Account,
        code: &str,
    ) -> AppResult<Option<&'static str>> {
        let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let registry = &self.inner.registry;
        if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
            let Some(sealed) = &account.second else { return Ok(None) };
            let totp = totp(&self.open_seal(sealed)?, &account.login)?;
            let seconds = u64::try_from(self.now().as_second()).unwrap_or(0);
            let Some(step) = totp.check(&code, seconds) else { return Ok(None) };
            let step = i64::try_from(step).unwrap_or(i64::MAX);
            // A code is good once: the step it belongs to is used up.
            return Ok(registry.take_step(&account.id, step).await?.then_some("second_factor"));
        }
        let digest = digest(&code.to_ascii_uppercase());
        Ok(registry.take_recovery(&account.id, &digest).await?.then_some("recovery"))
    }

    /// Begins a second factor: the secret to enter in the authenticator, kept by the caller
    /// until a first code confirms it.
    pub fn new_second_factor(&self, login: &str) -> AppResult<(String, String)> {
        let secret = Secret::generate();
        let text = secret.to_base32();
        let uri = totp(secret.as_bytes(), login)?.to_url().map_err(|_| AppError::Task)?;
        Ok((text, uri))
    }

    /// Confirms a second factor by a first code; the recovery codes are told once.
    pub async fn keep_second_factor(
        &self,
        account: &str,
        secret: &str,
        code: &str,
    ) -> AppResult<Vec<String>> {
        let known = self.inner.registry.account(account).await?;
        let secret = Secret::try_from_base32(secret).map_err(|_| SignInError::Code)?;
        let seconds = u64::try_from(self.now().as_second()).unwrap_or(0);
        let code = code.trim();
        if totp(secret.as_bytes(), &known.login)?.check(code, seconds).is_none() {
            return Err(SignInError::Code.into());
        }
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            codes.push(random_text(10)?);
        }
        let digests: Vec<String> = codes.iter().map(|c| digest(c)).collect();
        let sealed = self.seal(secret.as_bytes())?;
        let (by, at) = (self.actor(), self.now());
        self.inner.registry.set_second_factor(account, Some(&sealed), &digests, &by, at).await?;
        Ok(codes)
    }

    /// Gives up one's second factor, proved by a code.
    pub async fn drop_second_factor(&self, account: &str, code: &str) -> AppResult<()> {
        let known = self.inner.registry.account(account).await?;
        if self.code_is_right(&known, code).await?.is_none() {
            return Err(SignInError::Code.into());
        }
        let (by, at) = (self.actor(), self.now());
        Ok(self.inner.registry.set_second_factor(account, None, &[], &by, at).await?)
    }

    /// Changes one's own password; every other session ends.
    pub async fn change_password(
        &self,
        account: &str,
        current: &str,
        new: &str,
        kept_session: Option<&str>,
    ) -> AppResult<()> {
        let known = self.inner.registry.account(account).await?;
        let (now, by) = (self.now(), self.actor());
        if let Some(until) = known.locked
            && until > now
        {
            return Err(locked_for(until, now).into());
        }
        if !self.verified(current, known.password.clone()).await? {
            let locked = lock_after(known.failures + 1, now);
            self.inner.registry.sign_in_failed(account, locked, now).await?;
            return Err(SignInError::Credentials.into());
        }
        strong_password(new, &[&known.login, &known.name, current])?;
        let hash = self.hashed(new).await?;
        self.inner.registry.set_password(account, &hash, false, kept_session, &by, now).await?;
        Ok(())
    }

    /// The account of an identity told by a provider, made at its first sign-in without any
    /// role: whoever manages rights grants them.
    pub async fn sign_in_by_provider(
        &self,
        issuer: &str,
        subject: &str,
        login: &str,
        name: &str,
    ) -> AppResult<Account> {
        let registry = &self.inner.registry;
        let now = self.now();
        let account = match registry.account_of_identity(issuer, subject).await? {
            Some(account) => account,
            None => {
                // The identity is issuer and subject; a login already taken is only a label.
                let wanted = plain_login(login).unwrap_or_else(|_| "compte".into());
                let mut login = wanted.clone();
                let mut rank = 1;
                while registry.account_of_login(&login).await?.is_some() {
                    rank += 1;
                    login = format!("{wanted}-{rank}");
                }
                let new = NewAccount {
                    login,
                    name: shown_name(name).unwrap_or_else(|_| wanted.clone()),
                    person: None,
                    password: None,
                    identity: Some((issuer.to_owned(), subject.to_owned())),
                    must_change: false,
                };
                registry.create_account(&new, false, "provider", now).await?
            }
        };
        if account.status != AccountStatus::Active {
            return Err(SignInError::Credentials.into());
        }
        registry.signed_in(&account.id, "provider", now).await?;
        Ok(account)
    }

    /// The hash of a password, made off the async threads.
    pub(crate) async fn hashed(&self, password: &str) -> AppResult<String> {
        let password = password.to_owned();
        self.blocking(move || Ok(password_auth::generate_hash(password))).await
    }

    async fn verified(&self, password: &str, hash: Option<String>) -> AppResult<bool> {
        let password: String = password.chars().take(*PASSWORD_LENGTH.end() + 1).collect();
        self.blocking(move || {
            let Some(hash) = hash else {
                // The same work as for a known login, so that time tells nothing.
                let _ = password_auth::generate_hash(&password);
                return Ok(false);
            };
            Ok(password_auth::verify_password(&password, &hash).is_ok())
        })
        .await
    }

    /// Seals a secret with a key that is not in the database.
    fn seal(&self, secret: &[u8]) -> AppResult<String> {
        let mut nonce = [0u8; 12];
        getrandom::fill(&mut nonce).map_err(|_| AppError::Task)?;
        let sealed = self.cipher()?.encrypt(&Array(nonce), secret).map_err(|_| AppError::Task)?;
        Ok(format!("{}.{}", hex::encode(nonce), hex::encode(sealed)))
    }

    fn open_seal(&self, sealed: &str) -> AppResult<Vec<u8>> {
        let parts = sealed
            .split_once('.')
            .and_then(|(nonce, text)| Some((hex::decode(nonce).ok()?, hex::decode(text).ok()?)));
        let (nonce, text) = parts.ok_or(AppError::Key)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| AppError::Key)?;
        self.cipher()?.decrypt(&Array(nonce), text.as_slice()).map_err(|_| AppError::Key)
    }

    fn cipher(&self) -> AppResult<ChaCha20Poly1305> {
        let key = self.inner.home.derived_key("second factor")?;
        Ok(ChaCha20Poly1305::new(&Array(key)))
    }
}

fn totp(secret: &[u8], login: &str) -> AppResult<Totp> {
    // A colon would end the name in the address of the authenticator.
    Builder::new()
        .with_secret(secret)
        .with_account_name(login.replace(':', " "))
        .with_issuer(Some("Eclusier"))
        .build()
        .map_err(|_| AppError::Key)
}

/// A login: what is typed, without capitals.
pub(crate) fn plain_login(login: &str) -> AppResult<String> {
    let login = login.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if !(2..=80).contains(&login.chars().count()) || !login.chars().all(fits) {
        return Err(AppError::invalid(
            "login",
            "identifiant : 2 à 80 lettres, chiffres, points, tirets ou @, sans espace",
            "login: 2 to 80 letters, digits, dots, hyphens or @, without spaces",
        ));
    }
    Ok(login)
}

/// A name to show.
pub(crate) fn shown_name(name: &str) -> AppResult<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err(AppError::invalid(
            "name",
            "nom : 1 à 120 caractères",
            "name: 1 to 120 characters",
        ));
    }
    Ok(name.to_owned())
}

/// Refuses a password that would be guessed: length and known words count, odd characters do not.
fn strong_password(password: &str, near: &[&str]) -> AppResult<()> {
    let length = password.chars().count();
    if !PASSWORD_LENGTH.contains(&length) {
        return Err(AppError::invalid(
            "password",
            format!(
                "mot de passe : {} à {} caractères (une phrase convient)",
                PASSWORD_LENGTH.start(),
                PASSWORD_LENGTH.end()
            ),
            format!(
                "password: {} to {} characters (a sentence will do)",
                PASSWORD_LENGTH.start(),
                PASSWORD_LENGTH.end()
            ),
        ));
    }
    if u8::from(zxcvbn::zxcvbn(password, near).score()) < PASSWORD_SCORE {
        return Err(AppError::invalid(
            "password",
            "mot de passe trop facile à deviner : allonger, éviter noms, dates et suites de touches",
            "this password is too easy to guess: make it longer, without names, dates or rows of keys",
        ));
    }
    Ok(())
}

/// SHA-256 of a random secret, hexadecimal: such a secret cannot be guessed from it.
pub(crate) fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Random text without look-alikes, five bits a character.
pub(crate) fn random_text(length: usize) -> AppResult<String> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut bytes = vec![0u8; length];
    getrandom::fill(&mut bytes).map_err(|_| AppError::Task)?;
    let letter = |b: &u8| char::from(*LETTERS.get(usize::from(b & 31)).unwrap_or(&b'A'));
    Ok(bytes.iter().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_and_stop_growing() {
        let now = Timestamp::UNIX_EPOCH;
        let seconds = |failures| lock_after(failures, now).map(|t| t.as_second());
        assert_eq!(seconds(4), None);
        assert_eq!(seconds(5), Some(30));
        assert_eq!(seconds(6), Some(60));
        assert_eq!(seconds(11), Some(1_920));
        assert_eq!(seconds(12), Some(3_600));
        assert_eq!(seconds(i64::MAX), Some(3_600));
    }

    #[test]
    fn a_password_is_judged_by_what_it_takes_to_guess_it() {
        for weak in
            ["short", "motdepasse123", "azertyuiop123", "aaaaaaaaaaaaaaaa", "claire.martin1"]
        {
            assert!(strong_password(weak, &["claire.martin"]).is_err(), "{weak}");
        }
        for strong in ["trois péniches attendent l'aube", "Vh7#kdl2!pQz90"] {
            assert!(strong_password(strong, &["claire.martin"]).is_ok(), "{strong}");
        }
        assert!(strong_password(&"é".repeat(200), &[]).is_err());
    }

    #[test]
    fn a_stranger_is_locked_like_anybody() {
        let strangers = Strangers::default();
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..5 {
            assert_eq!(strangers.refused("nobody", now), SignInError::Credentials);
        }
        assert!(matches!(strangers.refused("nobody", now), SignInError::Locked { seconds: 30 }));
        assert_eq!(strangers.refused("other", now), SignInError::Credentials);
    }
}
