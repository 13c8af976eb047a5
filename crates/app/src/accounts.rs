//! Accounts, roles, delegations, tokens, and gates of individual data: who manages what.

use std::collections::{BTreeMap, BTreeSet};

use eclusier_core::{
    Denied, NodeId, Permission, PersonId, ProcessId,
    org::Validity,
    rights::{Grant, Subject, roles},
};
use eclusier_registry::{
    Account, AccountChange, AuditEntry, AuditVerdict, Gate, HeldRole, JournalQuery, NewAccount,
    Token, TokenKind,
};
use jiff::{SignedDuration, civil::Date};

use crate::{
    App,
    access::{TOKEN_PREFIX, permissions},
    error::{AppError, AppResult},
    sign_in::{SignInError, digest, plain_login, random_text, shown_name},
};

/// A role to grant.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Account that will hold it.
    pub account: String,
    /// Role.
    pub role: String,
    /// Part of the organisation.
    pub node: Option<NodeId>,
    /// Processes.
    pub processes: Option<BTreeSet<ProcessId>>,
    /// First day; today when absent.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
    /// Why.
    pub reason: String,
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub kind: TokenKind,
    /// Name.
    pub name: String,
    /// Permissions of an `api` token.
    pub permissions: Vec<String>,
    /// Part of the organisation.
    pub node: Option<NodeId>,
    /// Processes.
    pub processes: Option<BTreeSet<ProcessId>>,
    /// Days it lives.
    pub days: u32,
}

/// A gate to open.
#[derive(Debug, Clone)]
pub struct NewGate {
    /// Purpose.
    pub purpose: String,
    /// Part of the organisation.
    pub node: Option<NodeId>,
    /// Day of the impact assessment.
    pub dpia: Date,
    /// Day the staff council was consulted.
    pub council: Date,
    /// Day the staff was informed.
    pub information: Date,
    /// First day; today when absent.
    pub from: Option<Date>,
    /// Last day.
    pub to: Date,
}

/// Longest life of a token and of a gate.
const LONGEST_DAYS: u32 = 366;

fn unknown_role(role: &str) -> AppError {
    AppError::invalid("role", format!("rôle inconnu « {role} »"), format!("unknown role “{role}”"))
}

fn wrong_order(field: &str) -> AppError {
    AppError::invalid(field, "la fin précède le début", "the end comes before the start")
}

impl App {
    /// Every account, by login.
    pub async fn accounts(&self) -> AppResult<Vec<Account>> {
        // Whoever sees rights must know whose they are.
        if self.who().require_all(Permission::RightsRead).is_err() {
            self.require_all(Permission::AccountsRead)?;
        }
        Ok(self.inner.registry.accounts().await?)
    }

    /// One account: one's own, or any for who manages them.
    pub async fn account(&self, id: &str) -> AppResult<Account> {
        let own = matches!(self.who().subject(), Subject::Account { id: own, .. } if own == id);
        if !own {
            self.require_all(Permission::AccountsRead)?;
        }
        Ok(self.inner.registry.account(id).await?)
    }

    /// Makes an account with a first password, told once and changed at first sign-in.
    pub async fn create_account(
        &self,
        login: &str,
        name: &str,
        person: Option<PersonId>,
    ) -> AppResult<(Account, String)> {
        self.require_all(Permission::AccountsWrite)?;
        if !self.has_accounts().await? {
            // Otherwise the first one could be an account that may not manage the others.
            return Err(AppError::Refused {
                code: "first-account".into(),
                fr: "Créer d’abord le premier compte : il administrera les autres.".into(),
                en: "Make the first account first: it will manage the others.".into(),
            });
        }
        let password = first_password()?;
        let new = NewAccount {
            login: plain_login(login)?,
            name: shown_name(name)?,
            person,
            password: Some(self.hashed(&password).await?),
            identity: None,
            must_change: true,
        };
        let (by, at) = (self.actor(), self.now());
        let account = self.inner.registry.create_account(&new, false, &by, at).await?;
        Ok((account, password))
    }

    /// Changes an account seen at a version. One cannot disable one's own.
    pub async fn update_account(
        &self,
        id: &str,
        version: i64,
        change: &AccountChange,
    ) -> AppResult<Account> {
        self.require_all(Permission::AccountsWrite)?;
        let own = matches!(self.who().subject(), Subject::Account { id: own, .. } if own == id);
        if own && change.status == Some(eclusier_registry::AccountStatus::Disabled) {
            return Err(AppError::invalid(
                "status",
                "désactiver son propre compte fermerait la porte derrière soi",
                "disabling one’s own account would lock oneself out",
            ));
        }
        let mut change = change.clone();
        change.name = change.name.as_deref().map(shown_name).transpose()?;
        let (by, at) = (self.actor(), self.now());
        Ok(self.inner.registry.update_account(id, version, &change, &by, at).await?)
    }

    /// Gives an account a new first password; its sessions end.
    pub async fn reset_password(&self, id: &str) -> AppResult<(Account, String)> {
        self.require_all(Permission::AccountsWrite)?;
        let password = first_password()?;
        let hash = self.hashed(&password).await?;
        let (by, at) = (self.actor(), self.now());
        let account = self.inner.registry.set_password(id, &hash, true, None, &by, at).await?;
        Ok((account, password))
    }

    /// Every role held, past and future included, for who sees rights; one's own otherwise.
    pub async fn grants(&self) -> AppResult<Vec<HeldRole>> {
        let mut held = self.inner.registry.grants().await?;
        if self.who().require_all(Permission::RightsRead).is_err() {
            let own = self.own_account()?;
            held.retain(|h| h.account == own || h.delegated_by.as_deref() == Some(own));
        }
        Ok(held)
    }

    /// Grants a role.
    pub async fn grant_role(&self, new: &NewGrant) -> AppResult<HeldRole> {
        self.require_all(Permission::RightsWrite)?;
        let role = roles().get(&new.role).filter(|r| r.assignable);
        role.ok_or_else(|| unknown_role(&new.role))?;
        self.inner.registry.account(&new.account).await?;
        let grant = self.dated(new).await?;
        let (by, at) = (self.actor(), self.now());
        let registry = &self.inner.registry;
        Ok(registry.grant_role(&new.account, &grant, None, &new.reason, &by, at).await?)
    }

    /// Lends one of one's own roles, or a part of it, until a day.
    pub async fn delegate(&self, new: &NewGrant) -> AppResult<HeldRole> {
        self.require(Permission::DelegationWrite)?;
        let own = self.own_account()?.to_owned();
        if new.to.is_none() {
            return Err(AppError::invalid(
                "to",
                "une délégation a un dernier jour",
                "a delegation has a last day",
            ));
        }
        // A lender knows colleagues by their login, not by a number.
        let to = match self.inner.registry.account_of_login(&new.account.to_lowercase()).await? {
            Some(account) => account.id,
            None => self.inner.registry.account(&new.account).await?.id,
        };
        if to == own {
            return Err(AppError::invalid(
                "account",
                "choisir la personne qui remplace",
                "choose the person who stands in",
            ));
        }
        let grant = self.dated(new).await?;
        // What is lent is checked against what one holds, role by role, each time it is used.
        let held = self.inner.registry.grants_of(&own).await?;
        let organisation = self.organisation().await?;
        let covered = held.iter().filter(|h| h.delegated_by.is_none()).any(|h| {
            let part = crate::access::narrow(
                &h.grant,
                grant.node.as_ref(),
                grant.processes.as_ref(),
                |node| organisation.subtree(node, grant.valid.from),
            );
            h.grant.role == grant.role
                && h.grant.valid.covers(grant.valid.from)
                && part.is_some_and(|p| p.node == grant.node && p.processes == grant.processes)
        });
        if !covered {
            return Err(Denied { permission: Permission::DelegationWrite }.into());
        }
        let at = self.now();
        let by = self.actor();
        let lender = Some(own.as_str());
        let registry = &self.inner.registry;
        Ok(registry.grant_role(&to, &grant, lender, &new.reason, &by, at).await?)
    }

    /// Sets the last day of a grant: any for who manages rights, those one lent otherwise.
    pub async fn end_grant(&self, id: &str, version: i64, to: Date) -> AppResult<HeldRole> {
        if self.who().require_all(Permission::RightsWrite).is_err() {
            let held = self.inner.registry.grant(id).await?;
            if held.delegated_by.as_deref() != Some(self.own_account()?) {
                return Err(Denied { permission: Permission::RightsWrite }.into());
            }
        }
        let yesterday = self.today().await?.yesterday().unwrap_or(Date::MIN);
        if to < yesterday {
            return Err(AppError::invalid(
                "to",
                "un rôle ne se retire pas dans le passé : ce qui a été vu l’a été",
                "a role is not withdrawn in the past: what was seen was seen",
            ));
        }
        let (by, at) = (self.actor(), self.now());
        Ok(self.inner.registry.end_grant(id, version, to, &by, at).await?)
    }

    async fn dated(&self, new: &NewGrant) -> AppResult<Grant> {
        let from = match new.from {
            Some(day) => day,
            None => self.today().await?,
        };
        if new.to.is_some_and(|to| to < from) {
            return Err(wrong_order("to"));
        }
        if let Some(node) = &new.node {
            let organisation = self.organisation().await?;
            if !organisation.nodes.contains_key(node) {
                return Err(AppError::NotFound { what: "node", name: node.0.clone() });
            }
        }
        Ok(Grant {
            role: new.role.clone(),
            node: new.node.clone(),
            processes: new.processes.clone(),
            valid: Validity { from, to: new.to },
        })
    }

    /// The account behind this handle.
    pub fn own_account(&self) -> AppResult<&str> {
        match self.who().subject() {
            Subject::Account { id, .. } => Ok(id),
            _ => Err(SignInError::SignedOut.into()),
        }
    }

    /// The account itself.
    pub async fn own(&self) -> AppResult<Account> {
        Ok(self.inner.registry.account(self.own_account()?).await?)
    }

    /// Names of the roles the account holds today, French then English.
    pub async fn own_roles(&self) -> AppResult<Vec<[String; 2]>> {
        let today = self.today().await?;
        let held = self.inner.registry.grants_of(self.own_account()?).await?;
        let mut names: Vec<[String; 2]> = held
            .iter()
            .filter(|h| h.grant.valid.covers(today))
            .filter_map(|h| Some(roles().get(&h.grant.role)?.label.clone()))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Notes that the account signed out.
    pub async fn signed_out(&self) -> AppResult<()> {
        if let Ok(own) = self.own_account() {
            let (object, by) = (format!("account/{own}"), self.actor());
            let nothing = serde_json::json!({});
            let registry = &self.inner.registry;
            registry.record_act("sign_out", &object, nothing, &by, self.now()).await?;
        }
        Ok(())
    }

    /// Ends the account's sessions but one.
    pub async fn end_other_sessions(&self, kept: Option<&str>) -> AppResult<u64> {
        let own = self.own_account()?;
        Ok(self.inner.registry.end_sessions(own, kept, &self.actor(), self.now()).await?)
    }

    /// Every token, latest first.
    pub async fn tokens(&self) -> AppResult<Vec<Token>> {
        self.require_all(Permission::AccountsRead)?;
        Ok(self.inner.registry.tokens().await?)
    }

    /// Makes a token; what to present is told once.
    pub async fn create_token(&self, new: &NewToken) -> AppResult<(Token, String)> {
        self.require_all(Permission::AccountsWrite)?;
        let permissions = match new.kind {
            TokenKind::Wall => BTreeSet::from([Permission::WallRead]),
            TokenKind::Scim => BTreeSet::from([
                Permission::DirectoryWrite,
                Permission::OrganisationRead,
                Permission::OrganisationWrite,
                Permission::PeopleRead,
                Permission::PeopleWrite,
            ]),
            TokenKind::Api => permissions(&new.permissions)?,
        };
        if permissions.is_empty() {
            return Err(AppError::invalid(
                "permissions",
                "choisir au moins un droit",
                "choose at least one permission",
            ));
        }
        if new.kind == TokenKind::Api
            && let Some(beyond) = permissions.iter().find(|p| !self.who().may(**p))
        {
            return Err(Denied { permission: *beyond }.into());
        }
        if !(1..=LONGEST_DAYS).contains(&new.days) {
            return Err(AppError::invalid(
                "days",
                format!("durée de vie : 1 à {LONGEST_DAYS} jours"),
                format!("lifetime: 1 to {LONGEST_DAYS} days"),
            ));
        }
        let created = self.now();
        let life = SignedDuration::from_hours(24 * i64::from(new.days));
        let expires = created.checked_add(life).map_err(|_| AppError::Task)?;
        let secret = random_text(40)?;
        let token = Token {
            id: random_text(10)?,
            kind: new.kind,
            account: self.own_account().ok().map(str::to_owned),
            name: shown_name(&new.name)?,
            digest: digest(&secret),
            permissions,
            node: new.node.clone(),
            processes: new.processes.clone(),
            created,
            expires,
            revoked: None,
            used: None,
        };
        self.inner.registry.create_token(&token, &self.actor()).await?;
        let shown = format!("{TOKEN_PREFIX}{}_{secret}", token.id);
        Ok((token, shown))
    }

    /// Withdraws a token.
    pub async fn revoke_token(&self, id: &str) -> AppResult<()> {
        self.require_all(Permission::AccountsWrite)?;
        Ok(self.inner.registry.revoke_token(id, &self.actor(), self.now()).await?)
    }

    /// Every gate, latest first.
    pub async fn gates(&self) -> AppResult<Vec<Gate>> {
        self.require(Permission::GatesRead)?;
        Ok(self.inner.registry.gates().await?)
    }

    /// Opens a gate of individual data. A named person does so, after the impact assessment,
    /// the consultation of the staff council and the information of the staff.
    pub async fn open_gate(&self, new: &NewGate) -> AppResult<Gate> {
        self.require_all(Permission::GatesWrite)?;
        // "local" is not a name: the record must say which person answers for it.
        let opened_by = format!("account/{}", self.own_account()?);
        let today = self.today().await?;
        let purpose = new.purpose.trim();
        if purpose.chars().count() < 10 || purpose.chars().count() > 500 {
            return Err(AppError::invalid(
                "purpose",
                "finalité : la dire en une phrase (10 à 500 caractères)",
                "purpose: say it in a sentence (10 to 500 characters)",
            ));
        }
        for (field, day) in
            [("dpia", new.dpia), ("council", new.council), ("information", new.information)]
        {
            if day > today {
                return Err(AppError::invalid(
                    field,
                    "cette étape n’a pas encore eu lieu : elle précède l’ouverture",
                    "this step has not happened yet: it comes before the opening",
                ));
            }
        }
        let from = new.from.unwrap_or(today).max(today);
        let longest = from.checked_add(jiff::Span::new().days(LONGEST_DAYS)).unwrap_or(Date::MAX);
        if new.to < from || new.to > longest {
            return Err(AppError::invalid(
                "to",
                "une ouverture se termine dans l’année",
                "an opening ends within a year",
            ));
        }
        let gate = Gate {
            id: uuid::Uuid::new_v4().to_string(),
            purpose: purpose.to_owned(),
            node: new.node.clone(),
            dpia: new.dpia,
            council: new.council,
            information: new.information,
            valid: Validity { from, to: Some(new.to) },
            opened_by,
            opened: self.now(),
            closed: None,
            reason: String::new(),
        };
        self.inner.registry.open_gate(&gate).await?;
        Ok(gate)
    }

    /// Closes a gate, for ever.
    pub async fn close_gate(&self, id: &str, reason: &str) -> AppResult<Gate> {
        self.require_all(Permission::GatesWrite)?;
        Ok(self.inner.registry.close_gate(id, reason.trim(), &self.actor(), self.now()).await?)
    }

    /// The audit log, latest first, and how long it is.
    pub async fn journal(&self, query: &JournalQuery) -> AppResult<(Vec<AuditEntry>, i64)> {
        self.require_all(Permission::AuditRead)?;
        let registry = &self.inner.registry;
        Ok((registry.journal(query).await?, registry.journal_length().await?))
    }

    /// Whether the chain of the audit log holds.
    pub async fn journal_verdict(&self) -> AppResult<AuditVerdict> {
        self.require_all(Permission::AuditRead)?;
        Ok(self.inner.registry.verify_audit().await?)
    }

    /// Names of the nodes of the organisation.
    pub async fn node_labels(&self) -> AppResult<BTreeMap<NodeId, String>> {
        let organisation = self.organisation().await?;
        Ok(organisation.nodes.values().map(|n| (n.id.clone(), n.label.clone())).collect())
    }

    /// Processes whose publications the holder may see.
    pub async fn published_processes(&self) -> AppResult<Vec<ProcessId>> {
        self.require(Permission::FiguresRead)?;
        let mut all = self.process_ids().await?;
        all.retain(|p| self.may_read_published(p).is_ok());
        Ok(all)
    }

    /// Names behind the actors of imports, jobs and audit entries, for who may know them.
    pub async fn actor_names(&self) -> AppResult<BTreeMap<String, String>> {
        let accounts = self.inner.registry.accounts().await?;
        let tokens = self.inner.registry.tokens().await?;
        let accounts = accounts.into_iter().map(|a| (format!("account/{}", a.id), a.name));
        let tokens = tokens.into_iter().map(|t| (format!("token/{}", t.id), t.name));
        Ok(accounts.chain(tokens).collect())
    }

    /// The name behind one actor; how it was recorded when nobody bears it any more.
    pub async fn actor_label(&self, actor: &str) -> AppResult<String> {
        Ok(self.actor_names().await?.remove(actor).unwrap_or_else(|| actor.to_owned()))
    }
}

/// A first password, easy to dictate, changed at first sign-in.
fn first_password() -> AppResult<String> {
    let text = random_text(16)?;
    let parts: Vec<&str> =
        [0..4, 4..8, 8..12, 12..16].into_iter().filter_map(|part| text.get(part)).collect();
    Ok(parts.join("-"))
}
