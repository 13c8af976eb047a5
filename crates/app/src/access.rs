//! From an account or a token to what it may do today.
//!
//! What was worked out is kept under the revision of rights, the revision of the organisation
//! and the day: a change of any of them makes it stale at once, in every process.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use eclusier_core::{
    Access, NodeId, Organisation, Permission, ProcessId,
    rights::{Grant, Subject, roles},
};
use eclusier_registry::{AccountStatus, HeldRole, Token, TokenKind};
use jiff::civil::Date;

use crate::{
    App,
    error::AppResult,
    sign_in::{SignInError, digest},
};

type Stamp = (i64, i64, Date);

/// What was worked out, and under which stamp.
type Kept = (Option<Stamp>, HashMap<String, Arc<Access>>);

/// Accesses worked out lately.
#[derive(Default)]
pub(crate) struct Accesses(Mutex<Kept>);

/// Accesses kept: enough for everybody at work in a body.
const MOST: usize = 5_000;

impl Accesses {
    fn find(&self, stamp: Stamp, key: &str) -> Option<Arc<Access>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.0 == Some(stamp)).then(|| kept.1.get(key).cloned()).flatten()
    }

    fn keep(&self, stamp: Stamp, key: String, access: Access) -> Arc<Access> {
        let access = Arc::new(access);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != Some(stamp) || kept.1.len() >= MOST {
            *kept = (Some(stamp), HashMap::new());
        }
        kept.1.insert(key, access.clone());
        access
    }
}

impl App {
    async fn stamp(&self) -> AppResult<Stamp> {
        let registry = &self.inner.registry;
        Ok((
            registry.rights_revision().await?,
            registry.organisation_revision().await?,
            self.today().await?,
        ))
    }

    /// What an account may do today; refused when it is disabled.
    pub async fn access_of_account(&self, id: &str) -> AppResult<Arc<Access>> {
        let stamp = self.stamp().await?;
        let key = format!("account/{id}");
        if let Some(access) = self.inner.accesses.find(stamp, &key) {
            return Ok(access);
        }
        let registry = &self.inner.registry;
        let account = registry.account(id).await.map_err(|_| SignInError::SignedOut)?;
        if account.status != AccountStatus::Active {
            return Err(SignInError::SignedOut.into());
        }
        let organisation = self.organisation().await?;
        let held = registry.grants().await?;
        let grants = grants_today(&held, id, &organisation, stamp.2);
        let subject = Subject::Account { id: account.id, person: account.person };
        let access = Access::new(subject, &grants, None, &organisation, stamp.2);
        Ok(self.inner.accesses.keep(stamp, key, access))
    }

    /// What a token may do now: never more than the account that answers for it.
    pub async fn access_of_token(&self, text: &str) -> AppResult<(Token, Arc<Access>)> {
        let refused = || SignInError::SignedOut;
        let (id, secret) =
            text.strip_prefix(TOKEN_PREFIX).and_then(|t| t.split_once('_')).ok_or_else(refused)?;
        let registry = &self.inner.registry;
        let token = registry.token(id).await?.ok_or_else(refused)?;
        // Digests of random secrets: comparing them in plain time tells nothing of use.
        let now = self.now();
        if token.digest != digest(secret) || token.revoked.is_some() || token.expires <= now {
            return Err(refused().into());
        }
        let today = now.as_second() / 86_400;
        if token.used.is_none_or(|t| t.as_second() / 86_400 != today) {
            registry.token_used(&token.id, now).await?;
        }
        let stamp = self.stamp().await?;
        let key = format!("token/{id}");
        if let Some(access) = self.inner.accesses.find(stamp, &key) {
            return Ok((token, access));
        }
        let organisation = self.organisation().await?;
        let subject = Subject::Token { id: token.id.clone() };
        let own = match (&token.kind, &token.account) {
            (TokenKind::Wall, _) => vec![whole("wall_screen", stamp.2)],
            (TokenKind::Scim, _) => vec![whole("directory", stamp.2)],
            (TokenKind::Api, Some(account)) => {
                let known = registry.account(account).await?;
                if known.status != AccountStatus::Active {
                    return Err(refused().into());
                }
                let held = registry.grants().await?;
                grants_today(&held, account, &organisation, stamp.2)
            }
            // Made by the owner of the machine before any account existed.
            (TokenKind::Api, None) => all_roles(stamp.2),
        };
        let narrowed: Vec<Grant> = own
            .iter()
            .filter_map(|grant| {
                narrow(grant, token.node.as_ref(), token.processes.as_ref(), |node| {
                    organisation.subtree(node, stamp.2)
                })
            })
            .collect();
        let only = Some(&token.permissions);
        let access = Access::new(subject, &narrowed, only, &organisation, stamp.2);
        Ok((token, self.inner.accesses.keep(stamp, key, access)))
    }

    /// The same handle with the rights its holder has now: a job that waited its turn starts
    /// with these, not with those of the morning.
    pub(crate) async fn renewed(&self) -> AppResult<App> {
        match self.who().subject() {
            Subject::Account { id, .. } => {
                let access = self.access_of_account(id).await?;
                Ok(self.acting((*access).clone()))
            }
            _ => Ok(self.clone()),
        }
    }
}

/// What begins a token, so that it is recognised when found where it should not be.
pub(crate) const TOKEN_PREFIX: &str = "ecl_";

/// The roles an account holds on a day. One that was lent holds only while the lender holds
/// it too, on at least as much.
fn grants_today(
    held: &[HeldRole],
    account: &str,
    organisation: &Organisation,
    day: Date,
) -> Vec<Grant> {
    let covers = |whole: &Grant, part: &Grant| {
        let nodes = match (&whole.node, &part.node) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(whole), Some(part)) => organisation.subtree(whole, day).contains(part),
        };
        let processes = match (&whole.processes, &part.processes) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(whole), Some(part)) => part.is_subset(whole),
        };
        whole.role == part.role && nodes && processes && whole.valid.covers(day)
    };
    held.iter()
        .filter(|h| h.account == account && h.grant.valid.covers(day))
        .filter(|h| {
            h.delegated_by.as_ref().is_none_or(|lender| {
                held.iter().any(|l| {
                    l.account == *lender && l.delegated_by.is_none() && covers(&l.grant, &h.grant)
                })
            })
        })
        .map(|h| h.grant.clone())
        .collect()
}

fn whole(role: &str, day: Date) -> Grant {
    let valid = eclusier_core::org::Validity { from: day, to: None };
    Grant { role: role.into(), node: None, processes: None, valid }
}

fn all_roles(day: Date) -> Vec<Grant> {
    roles()
        .iter()
        .filter(|(_, r)| r.assignable && !r.masked)
        .map(|(id, _)| whole(id, day))
        .collect()
}

/// The part of a grant that also lies below a node and within some processes.
pub(crate) fn narrow(
    grant: &Grant,
    node: Option<&NodeId>,
    processes: Option<&BTreeSet<ProcessId>>,
    subtree: impl Fn(&NodeId) -> BTreeSet<NodeId>,
) -> Option<Grant> {
    let node = match (&grant.node, node) {
        (own, None) => own.clone(),
        (None, Some(node)) => Some(node.clone()),
        (Some(own), Some(node)) if subtree(own).contains(node) => Some(node.clone()),
        (Some(own), Some(node)) if subtree(node).contains(own) => Some(own.clone()),
        _ => return None,
    };
    let processes = match (&grant.processes, processes) {
        (own, None) => own.clone(),
        (None, Some(some)) => Some(some.clone()),
        (Some(own), Some(some)) => Some(own.intersection(some).cloned().collect()),
    };
    Some(Grant { node, processes, ..grant.clone() })
}

/// Permissions told by name; an unknown one is refused.
pub(crate) fn permissions(names: &[String]) -> AppResult<BTreeSet<Permission>> {
    names
        .iter()
        .map(|name| {
            Permission::parse(name).ok_or_else(|| {
                crate::AppError::invalid(
                    "permissions",
                    format!("droit inconnu « {name} »"),
                    format!("unknown permission “{name}”"),
                )
            })
        })
        .collect()
}
