//! Rights: who may do what, on which part of the organisation and of the data.
//!
//! - Computes: the one decision of the program, from roles held to rows that may be seen.
//! - Units: civil days, first and last included.
//! - Shapes: grants, the organisation and a day in; an [`Access`] out, asked once per use case.
//! - Errors: [`Denied`], which names the permission that is missing.
//! - Source: the table of roles in `roles.toml`, with its reasons in `docs/rights.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ProcessId,
    org::{NodeId, Organisation, PersonId, RowScope, Validity},
};

/// Persons under which a breakdown describes individuals.
pub const SMALL_CELL: u64 = 5;

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something that a role may allow. The list is closed: a use case asks for one of these.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Permission] = &[$(Permission::$variant),*];

            /// Stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Permission::$variant => $name),* }
            }
        }
    };
}

permissions! {
    /// Stock, flow, ages, delays of the teams in reach.
    FiguresRead = "figures.read",
    /// Lists of cases.
    CasesRead = "cases.read",
    /// Pseudonymised detail: profile, map, variants, waits, returns, models, costs.
    LogRead = "log.read",
    /// What a workshop writes: causes, target state, reference models.
    WorkshopWrite = "workshop.write",
    /// History of imports, findings, quarantine.
    DataRead = "data.read",
    /// Import files, take them back.
    DataWrite = "data.write",
    /// Type counts and control totals.
    CountsWrite = "counts.write",
    /// Dated configuration.
    ConfigRead = "config.read",
    /// Change the dated configuration.
    ConfigWrite = "config.write",
    /// Take rows of a screen away as a file.
    ExportsWrite = "exports.write",
    /// Publish and restate periods.
    PeriodsWrite = "periods.write",
    /// The tree of the organisation.
    OrganisationRead = "organisation.read",
    /// Change it.
    OrganisationWrite = "organisation.write",
    /// People in reach: names, contracts, skills, present or absent.
    PeopleRead = "people.read",
    /// Change them.
    PeopleWrite = "people.write",
    /// Why somebody is away.
    AbsencesCause = "absences.cause",
    /// Weekly figures of one person, and only through an open gate.
    IndividualRead = "individual.read",
    /// Accounts, tokens, sessions.
    AccountsRead = "accounts.read",
    /// Change them.
    AccountsWrite = "accounts.write",
    /// Who holds which role.
    RightsRead = "rights.read",
    /// Grant and withdraw roles.
    RightsWrite = "rights.write",
    /// Lend one's own roles to a stand-in, between two days.
    DelegationWrite = "delegation.write",
    /// Gates of individual data.
    GatesRead = "gates.read",
    /// Open and close them.
    GatesWrite = "gates.write",
    /// Purge what is older than its retention.
    RetentionWrite = "retention.write",
    /// The audit log.
    AuditRead = "audit.read",
    /// Health, backups, jobs.
    SystemRead = "system.read",
    /// Settings of the body, backups.
    SystemWrite = "system.write",
    /// Definitions, formulas, list of data, notices.
    MethodRead = "method.read",
    /// Totals of the wall screen.
    WallRead = "wall.read",
    /// Keep people and teams as the directory of the body says.
    DirectoryWrite = "directory.write",
}

impl Permission {
    /// The permission of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == name)
    }
}

/// A role: permissions that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// French then English.
    pub label: [String; 2],
    /// What it allows.
    pub permissions: BTreeSet<Permission>,
    /// Whether small cells are masked in what it shows.
    #[serde(default)]
    pub masked: bool,
    /// Whether a person may hold it (a wall screen is not a person).
    #[serde(default = "yes")]
    pub assignable: bool,
}

fn yes() -> bool {
    true
}

/// The roles, by stable name.
pub fn roles() -> &'static BTreeMap<String, Role> {
    static ROLES: LazyLock<BTreeMap<String, Role>> =
        LazyLock::new(|| toml::from_str(include_str!("rights/roles.toml")).unwrap_or_default());
    &ROLES
}

/// A role held on a part of the organisation and of the processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Role, by its stable name.
    pub role: String,
    /// Part of the organisation; `None` is all of it.
    pub node: Option<NodeId>,
    /// Processes; `None` is all of them.
    pub processes: Option<BTreeSet<ProcessId>>,
    /// When.
    pub valid: Validity,
}

/// Which rows somebody may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reach {
    /// Rows; `None` is all of them.
    pub rows: Option<RowScope>,
    /// Whether small cells must be masked.
    pub masked: bool,
}

/// One grant made ready for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holding {
    permissions: BTreeSet<Permission>,
    masked: bool,
    /// Whether it covers every node that stands: a body alone is everything there is to run, while
    /// rows that no node claims stay out of its sight.
    whole: bool,
    /// `None` is the whole organisation.
    nodes: Option<BTreeSet<NodeId>>,
    rows: Option<RowScope>,
    processes: Option<BTreeSet<ProcessId>>,
}

impl Holding {
    fn allows(&self, permission: Permission, process: Option<&ProcessId>) -> bool {
        self.permissions.contains(&permission)
            && match (process, &self.processes) {
                (Some(process), Some(known)) => known.contains(process),
                _ => true,
            }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The owner of the data directory: the command line, or a page opened on the machine
    /// itself while no account exists.
    Owner,
    /// A task of the program itself (inbox, scheduled backup).
    System(&'static str),
    /// A signed-in account.
    Account {
        /// Account.
        id: String,
        /// The person behind, when known.
        person: Option<PersonId>,
    },
    /// A token of a program or a wall screen.
    Token {
        /// Token.
        id: String,
    },
    /// Nobody: only what is open to all.
    Nobody,
}

impl Subject {
    /// How imports, jobs and the audit log name who acted; never a name.
    pub fn actor(&self) -> String {
        match self {
            Subject::Owner => "local".into(),
            Subject::System(name) => (*name).into(),
            Subject::Account { id, .. } => format!("account/{id}"),
            Subject::Token { id } => format!("token/{id}"),
            Subject::Nobody => "nobody".into(),
        }
    }
}

/// A permission is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("permission {} is missing", .permission.as_str())]
pub struct Denied {
    /// What would be needed.
    pub permission: Permission,
}

/// Everything one subject may do on one day. Default deny: an empty access sees nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    subject: Subject,
    holdings: Vec<Holding>,
    everything: bool,
    /// Units so small that their output describes individuals.
    small_units: BTreeSet<String>,
}

impl Access {
    /// The owner of the data directory may do everything, but individual figures stay behind
    /// their gate like for everybody.
    pub fn owner() -> Self {
        Self::all(Subject::Owner)
    }

    /// A task of the program itself.
    pub fn system(name: &'static str) -> Self {
        Self::all(Subject::System(name))
    }

    /// Nobody signed in.
    pub fn nobody() -> Self {
        Self::none(Subject::Nobody)
    }

    fn all(subject: Subject) -> Self {
        Self { everything: true, ..Self::none(subject) }
    }

    fn none(subject: Subject) -> Self {
        Self { subject, holdings: Vec::new(), everything: false, small_units: BTreeSet::new() }
    }

    /// What these grants allow on a day, in the organisation of that day.
    ///
    /// Unknown roles and nodes that no longer stand allow nothing. `only` narrows every
    /// permission further: the scope of a token.
    pub fn new(
        subject: Subject,
        grants: &[Grant],
        only: Option<&BTreeSet<Permission>>,
        organisation: &Organisation,
        day: Date,
    ) -> Self {
        let standing = organisation.nodes.values().filter(|n| n.place(day).is_some()).count();
        let holding = |grant: &Grant| -> Option<Holding> {
            if !grant.valid.covers(day) {
                return None;
            }
            let role = roles().get(&grant.role)?;
            let nodes = grant.node.as_ref().map(|node| organisation.subtree(node, day));
            if nodes.as_ref().is_some_and(BTreeSet::is_empty) {
                return None;
            }
            let kept = |p: &Permission| only.is_none_or(|only| only.contains(p));
            Some(Holding {
                permissions: role.permissions.iter().copied().filter(kept).collect(),
                masked: role.masked,
                whole: nodes.as_ref().is_none_or(|nodes| nodes.len() == standing),
                rows: grant.node.as_ref().map(|node| organisation.row_scope(node, day)),
                nodes,
                processes: grant.processes.clone(),
            })
        };
        let mut access = Self::none(subject);
        access.holdings = grants.iter().filter_map(holding).collect();
        access.small_units = organisation.small_units(day);
        access
    }

    /// The same access for the units that are too small to be described.
    pub fn with_small_units(mut self, units: BTreeSet<String>) -> Self {
        self.small_units = units;
        self
    }

    /// Who asks.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The person behind, when known.
    pub fn person(&self) -> Option<&PersonId> {
        match &self.subject {
            Subject::Account { person, .. } => person.as_ref(),
            _ => None,
        }
    }

    /// Whether something is allowed somewhere.
    pub fn may(&self, permission: Permission) -> bool {
        self.everything || self.holdings.iter().any(|h| h.allows(permission, None))
    }

    /// Refuses unless something is allowed somewhere: for objects that belong to nobody's part.
    pub fn require(&self, permission: Permission) -> Result<(), Denied> {
        if self.may(permission) { Ok(()) } else { Err(Denied { permission }) }
    }

    /// Refuses unless something is allowed on the whole organisation and every process: for
    /// what concerns everybody (settings, a configuration shared by all teams, the audit log).
    pub fn require_all(&self, permission: Permission) -> Result<(), Denied> {
        let held = |h: &Holding| h.allows(permission, None) && h.whole && h.processes.is_none();
        if self.everything || self.holdings.iter().any(held) {
            Ok(())
        } else {
            Err(Denied { permission })
        }
    }

    /// The rows of a process that may be seen with a permission.
    pub fn rows(&self, permission: Permission, process: &ProcessId) -> Result<Reach, Denied> {
        if self.everything {
            return Ok(Reach { rows: None, masked: false });
        }
        let mut holdings =
            self.holdings.iter().filter(|h| h.allows(permission, Some(process))).peekable();
        if holdings.peek().is_none() {
            return Err(Denied { permission });
        }
        let mut reach = Reach { rows: Some(RowScope::default()), masked: true };
        for holding in holdings {
            // Masked unless every row it shows is also shown unmasked would need a test per row:
            // one unmasked role lifts the mask only when it covers everything.
            if !holding.masked && holding.rows.is_none() {
                reach.masked = false;
            }
            reach.rows = match (reach.rows, &holding.rows) {
                (Some(known), Some(more)) => Some(known.join(more.clone())),
                _ => None,
            };
        }
        if self.holdings.iter().filter(|h| h.allows(permission, Some(process))).all(|h| !h.masked) {
            reach.masked = false;
        }
        Ok(reach)
    }

    /// Refuses unless the whole of a process is in reach: for what changes it for everybody.
    pub fn require_process(
        &self,
        permission: Permission,
        process: &ProcessId,
    ) -> Result<(), Denied> {
        let held = |h: &Holding| h.allows(permission, Some(process)) && h.whole;
        if self.everything || self.holdings.iter().any(held) {
            Ok(())
        } else {
            Err(Denied { permission })
        }
    }

    /// Whether something is allowed on a node of the organisation.
    pub fn may_on(&self, permission: Permission, node: &NodeId) -> bool {
        self.everything
            || self.holdings.iter().any(|h| {
                h.allows(permission, None)
                    && h.nodes.as_ref().is_none_or(|nodes| nodes.contains(node))
            })
    }

    /// Nodes on which something is allowed; `None` is the whole organisation.
    pub fn nodes(&self, permission: Permission) -> Option<BTreeSet<NodeId>> {
        if self.everything {
            return None;
        }
        let mut known = BTreeSet::new();
        for holding in self.holdings.iter().filter(|h| h.allows(permission, None)) {
            match &holding.nodes {
                None => return None,
                Some(nodes) => known.extend(nodes.iter().cloned()),
            }
        }
        Some(known)
    }

    /// Units whose output describes fewer than [`SMALL_CELL`] people.
    pub fn small_units(&self) -> &BTreeSet<String> {
        &self.small_units
    }

    /// Every permission held somewhere, for the screens to show only what leads somewhere.
    pub fn permissions(&self) -> BTreeSet<Permission> {
        if self.everything {
            return Permission::ALL.iter().copied().collect();
        }
        self.holdings.iter().flat_map(|h| h.permissions.iter().copied()).collect()
    }
}

impl Organisation {
    /// Codes of units with at least one and fewer than [`SMALL_CELL`] active members on a day.
    pub fn small_units(&self, day: Date) -> BTreeSet<String> {
        let small = |members: u64| members > 0 && members < SMALL_CELL;
        self.heads(day, |_| true)
            .into_iter()
            .filter(|(_, heads)| small(heads.members))
            .filter_map(|(id, _)| self.nodes.get(&id))
            .filter(|node| !node.kind.is_org())
            .map(|node| node.code.clone())
            .collect()
    }
}
