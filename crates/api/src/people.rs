//! People, rights and proof: session, accounts, roles, gates, audit, organisation, health.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{PeriodDto, Text};

/// Who the browser is for the program, and how long that holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct SessionDto {
    /// `owner` (a page of the machine itself, no account exists yet), `setup` (reachable from the
    /// network, no account exists yet), `signed_out`, `second_factor` (password accepted, code
    /// awaited), `signed_in`.
    pub state: String,
    /// Name shown.
    pub name: String,
    /// Login.
    pub login: String,
    /// Permissions held somewhere: screens show only what leads somewhere.
    pub permissions: Vec<String>,
    /// Roles held today.
    pub roles: Vec<Text>,
    /// Instant at which the session ends if nothing is done.
    pub expires_at: Option<String>,
    /// Instant at which it ends whatever is done.
    pub ends_at: Option<String>,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
    /// Whether a second factor protects the account.
    pub second_factor: bool,
    /// Identity providers offered: id and name.
    pub providers: Vec<ProviderDto>,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderDto {
    /// Id in the configuration.
    pub id: String,
    /// Name on the button.
    pub label: String,
}

/// Where the identity provider of a session ends its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderEndDto {
    /// Its page; null without a provider, or when it has none.
    pub address: Option<String>,
    /// Name of the provider.
    pub label: Option<String>,
}

/// Sign-in with a local account.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// Login.
    pub login: String,
    /// Password.
    #[schema(format = "password")]
    pub password: String,
}

/// A code of the second factor, or a recovery code.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// Six digits, or a recovery code.
    pub code: String,
}

/// The first account; possible once.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// Code printed by the program at its start; not asked of a page of the machine itself.
    #[serde(default)]
    pub code: String,
    /// Login.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Password.
    #[schema(format = "password")]
    pub password: String,
    /// Whether this account also steers production (head of production and statistician).
    #[serde(default)]
    pub steers: bool,
}

/// Change of one's own password.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// Present password.
    #[schema(format = "password")]
    pub current: String,
    /// New password.
    #[schema(format = "password")]
    pub new: String,
}

/// A second factor about to be confirmed by a first code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorDto {
    /// `otpauth://` address for the authenticator.
    pub uri: String,
    /// The secret, to be typed where no picture can be read.
    pub secret: String,
    /// Picture of the address (SVG).
    pub svg: String,
}

/// Codes that replace a lost authenticator, each good once; shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodesDto {
    /// The codes.
    pub codes: Vec<String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountDto {
    /// Id.
    pub id: String,
    /// Login.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Person of the organisation, when linked.
    pub person: Option<String>,
    /// `local` or `provider`.
    pub kind: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Whether a second factor protects it.
    pub second_factor: bool,
    /// Until when sign-in is refused after failures.
    pub locked_until: Option<String>,
    /// Creation.
    pub created_at: String,
    /// Last sign-in.
    pub seen_at: Option<String>,
    /// Version, to be given back with a change.
    pub version: i64,
    /// Roles, past and future included.
    pub grants: Vec<GrantDto>,
}

/// A new account.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccountRequest {
    /// Login.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Person of the organisation.
    #[serde(default)]
    pub person: Option<String>,
}

/// An account with the password made for it; shown once, changed at first sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAccountDto {
    /// The account.
    pub account: AccountDto,
    /// Its first password.
    pub password: String,
}

/// Change of an account. What is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    /// Version seen.
    pub version: i64,
    /// Name shown.
    #[serde(default)]
    pub name: Option<String>,
    /// Person of the organisation; the empty text unlinks.
    #[serde(default)]
    pub person: Option<String>,
    /// `active` or `disabled`; disabling ends every session.
    #[serde(default)]
    pub status: Option<String>,
    /// Forgets failures and the second factor (lost authenticator).
    #[serde(default)]
    pub reset_second_factor: bool,
    /// Lifts the lock after failures.
    #[serde(default)]
    pub unlock: bool,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleDto {
    /// Stable name.
    pub id: String,
    /// Name shown.
    pub label: Text,
    /// What it allows.
    pub permissions: Vec<String>,
    /// Whether small cells are masked in what it shows.
    pub masked: bool,
    /// Whether a person may hold it.
    pub assignable: bool,
}

/// A permission in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PermissionDto {
    /// Stable name.
    pub id: String,
    /// What it allows, in words.
    pub label: Text,
}

/// Roles and permissions: the matrix shown on screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RightsDto {
    /// Roles.
    pub roles: Vec<RoleDto>,
    /// Permissions.
    pub permissions: Vec<PermissionDto>,
}

/// A role held on a part of the organisation between two days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantDto {
    /// Id.
    pub id: String,
    /// Account.
    pub account: String,
    /// Name of the account.
    pub account_name: String,
    /// Role.
    pub role: String,
    /// Node of the organisation; `null` is all of it.
    pub node: Option<String>,
    /// Name of the node.
    pub node_label: String,
    /// Processes; `null` is all of them.
    pub processes: Option<Vec<String>>,
    /// First day.
    pub from: String,
    /// Last day; `null` is until further notice.
    pub to: Option<String>,
    /// Name of who lends it.
    pub delegated_by: Option<String>,
    /// Why.
    pub reason: String,
    /// Whether it holds today.
    pub active: bool,
    /// Version, to be given back with a change.
    pub version: i64,
}

/// A role to grant, or one's own role to lend (`delegate`).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// Account that will hold it.
    pub account: String,
    /// Role.
    pub role: String,
    /// Node of the organisation; absent is all of it.
    #[serde(default)]
    pub node: Option<String>,
    /// Processes; absent is all of them.
    #[serde(default)]
    pub processes: Option<Vec<String>>,
    /// First day, today when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// Last day; compulsory for a delegation.
    #[serde(default)]
    pub to: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Last day of a grant.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantEndRequest {
    /// Version seen.
    pub version: i64,
    /// Last day it holds; the day before today withdraws it at once.
    pub to: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A token of a program, a directory or a wall screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenDto {
    /// Id.
    pub id: String,
    /// `api`, `wall` or `scim`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Permissions.
    pub permissions: Vec<String>,
    /// Node of the organisation; `null` is all of it.
    pub node: Option<String>,
    /// Processes; `null` is all of them.
    pub processes: Option<Vec<String>>,
    /// Creation.
    pub created_at: String,
    /// End.
    pub expires_at: String,
    /// Withdrawal.
    pub revoked_at: Option<String>,
    /// Last use, to the day.
    pub used_at: Option<String>,
}

/// A token to make.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// `api`, `wall` or `scim`.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Permissions of an `api` token: at most one's own.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Node of the organisation; absent is all of it.
    #[serde(default)]
    pub node: Option<String>,
    /// Processes; absent is all of them.
    #[serde(default)]
    pub processes: Option<Vec<String>>,
    /// Days it lives, at most 366.
    pub days: u32,
}

/// A token just made; the secret is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewTokenDto {
    /// The token.
    pub token: TokenDto,
    /// What the program or the screen presents.
    pub secret: String,
}

/// An individual-data gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateDto {
    /// Id.
    pub id: String,
    /// Purpose, in the words of who opened it.
    pub purpose: String,
    /// Node of the organisation; `null` is all of it.
    pub node: Option<String>,
    /// Name of the node.
    pub node_label: String,
    /// Day of the data protection impact assessment.
    pub dpia: String,
    /// Day the staff council was consulted.
    pub council: String,
    /// Day the staff was informed.
    pub information: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: String,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at: Option<String>,
    /// Why it was closed.
    pub reason: String,
    /// Whether it is open today.
    pub open: bool,
}

/// A gate to open.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GateRequest {
    /// Purpose.
    pub purpose: String,
    /// Node of the organisation; absent is all of it.
    #[serde(default)]
    pub node: Option<String>,
    /// Day of the data protection impact assessment.
    pub dpia: String,
    /// Day the staff council was consulted.
    pub council: String,
    /// Day the staff was informed.
    pub information: String,
    /// First day, today when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// Last day, at most a year after the first.
    pub to: String,
}

/// A reason.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonRequest {
    /// Why.
    pub reason: String,
}

/// How long each kind of datum is kept, and what was purged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionDto {
    /// Rules, in words with their durations.
    pub rules: Vec<RetentionRuleDto>,
    /// Purges, latest first.
    pub purges: Vec<PurgeDto>,
}

/// How long one kind of datum is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionRuleDto {
    /// Stable id.
    pub id: String,
    /// What is kept.
    pub label: Text,
    /// Months.
    pub months: u32,
    /// What would be purged today.
    pub due: u64,
}

/// A purge and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurgeDto {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Rule.
    pub what: String,
    /// Everything before this day.
    pub before: String,
    /// Removed.
    pub removed: u64,
    /// SHA-256 over what remained, chained in the audit log.
    pub proof: String,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntryDto {
    /// Rank.
    pub seq: i64,
    /// When.
    pub at: String,
    /// Who, by name when still known.
    pub by: String,
    /// Stable name of the act (`import.commit`).
    pub action: String,
    /// The act in words.
    pub label: Text,
    /// On what.
    pub object: String,
    /// Figures and identifiers.
    pub details: String,
    /// Hash of the entry.
    pub hash: String,
}

/// A page of the audit log, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPageDto {
    /// Entries.
    pub entries: Vec<AuditEntryDto>,
    /// Rank to give as `before` for the next page.
    pub next: Option<i64>,
    /// Entries of the whole log.
    pub total: i64,
}

/// Which entries of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Entries of a lower rank.
    pub before: Option<i64>,
    /// At most this many, 50 when absent.
    pub limit: Option<u32>,
    /// Acts whose name begins so.
    pub action: Option<String>,
    /// Object.
    pub object: Option<String>,
    /// Who, as the log writes it.
    pub actor: Option<String>,
}

/// Whether the chain of the audit log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditVerdictDto {
    /// Whether it holds.
    pub whole: bool,
    /// Entries verified.
    pub entries: u64,
    /// Hash of the last one, to be written down elsewhere.
    pub head: String,
    /// Rank of the first entry that does not hold.
    pub fault: Option<i64>,
    /// The verdict in words.
    pub words: Text,
}

/// State of the program: what the screen *Santé* shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemDto {
    /// `ok`, `warning` or `failing`: the worst of the lines.
    pub state: String,
    /// Lines, each with its state.
    pub checks: Vec<CheckDto>,
    /// Version of the program.
    pub version: String,
    /// `sqlite` or `postgresql`, with its version.
    pub database: String,
    /// Schema version of the registry.
    pub schema: i64,
    /// Bytes of the lake.
    pub lake_bytes: u64,
    /// Files in force.
    pub lake_files: u64,
    /// Bytes free on the disk of the data directory.
    pub free_bytes: Option<u64>,
    /// Start of the program.
    pub started_at: String,
    /// Last backups, latest first.
    pub backups: Vec<BackupDto>,
    /// Last rehearsals of a restore, latest first.
    pub rehearsals: Vec<RehearsalDto>,
}

/// One thing checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckDto {
    /// Stable id (`registry`, `lake`, `audit`, `backup`, `rehearsal`, `disk`, `jobs`, `calendar`).
    pub id: String,
    /// Name.
    pub label: Text,
    /// `ok`, `warning`, `failing` or `unknown`.
    pub state: String,
    /// What was found, and what to do.
    pub words: Text,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupDto {
    /// Name of its folder.
    pub name: String,
    /// Instant.
    pub at: String,
    /// Bytes.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// A rehearsal of a restore.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsalDto {
    /// When.
    pub at: String,
    /// Backup restored.
    pub backup: String,
    /// Instant of that backup.
    pub backup_at: Option<String>,
    /// Whether every figure came back the same.
    pub ok: bool,
    /// Seconds it took.
    pub seconds: f64,
    /// What was checked, or what failed.
    pub words: Text,
}

/// A node of the organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeDto {
    /// Id.
    pub id: String,
    /// `network`, `body`, `site`, `service`, `team`.
    pub kind: String,
    /// How the data name it.
    pub code: String,
    /// Name.
    pub label: String,
    /// Node above on the day asked.
    pub parent: Option<String>,
    /// Every place, by first day.
    pub places: Vec<PlaceDto>,
    /// Active members on the day asked, those of the nodes below included; `null` when not visible.
    pub members: Option<u64>,
    /// Full-time equivalents by contract on the day asked; `null` when not visible or masked.
    pub fte: Option<f64>,
    /// Members present on the day asked; `null` when not visible or masked.
    pub present: Option<u64>,
    /// Whether the reader may change it.
    pub editable: bool,
    /// Version, to be given back with a change.
    pub version: i64,
}

/// Where a node hangs during some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceDto {
    /// Node above.
    pub parent: Option<String>,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: Option<String>,
}

/// The organisation on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrganisationDto {
    /// Day.
    pub day: String,
    /// Nodes in reach, parents first.
    pub nodes: Vec<NodeDto>,
    /// Values of `org` and `unit` of the data that no node names.
    pub unknown: Vec<UnknownCodeDto>,
}

/// A value of the data that no node names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnknownCodeDto {
    /// `org` or `unit`.
    pub column: String,
    /// Value.
    pub value: String,
    /// Process where it was met.
    pub process: String,
}

/// A node to make or change.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeRequest {
    /// Version seen; absent for a new node.
    #[serde(default)]
    pub version: Option<i64>,
    /// Kind; fixed once made.
    #[serde(default)]
    pub kind: String,
    /// How the data name it.
    pub code: String,
    /// Name.
    pub label: String,
    /// Node above from `from` on; absent keeps it, the empty text makes a root.
    #[serde(default)]
    pub parent: Option<String>,
    /// Day from which `parent` holds; today when absent.
    #[serde(default)]
    pub from: Option<String>,
    /// Last day the node stands, to close it.
    #[serde(default)]
    pub to: Option<String>,
}

/// A person as lists show one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonDto {
    /// Id.
    pub id: String,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address.
    pub email: String,
    /// Nodes on the day asked.
    pub nodes: Vec<String>,
    /// Contract share on the day asked.
    pub share: Option<f64>,
    /// `present`, `absent`, `half`, or `off` (nobody expects them), on the day asked; the cause only to those who may know.
    pub presence: String,
    /// Whether still with the body.
    pub active: bool,
    /// Whether a pseudonym of the logs is known.
    pub in_logs: bool,
    /// Skills on the day asked, authorised first.
    pub skills: Vec<String>,
    /// Version, to be given back with a change.
    pub version: i64,
}

/// People of a part of the organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeoplePageDto {
    /// Day.
    pub day: String,
    /// People of the whole list.
    pub total: u64,
    /// The page.
    pub people: Vec<PersonDto>,
}

/// Which people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Node, those below included.
    pub node: Option<String>,
    /// Day, today when absent.
    pub day: Option<String>,
    /// Part of a name.
    pub search: Option<String>,
    /// Those who left too.
    pub all: Option<bool>,
    /// People to skip.
    pub offset: Option<u32>,
    /// At most this many, 100 when absent.
    pub limit: Option<u32>,
}

/// A person with what holds of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonDetailDto {
    /// The person, today.
    pub person: PersonDto,
    /// Dated facts; the cause of an absence is absent for those who may not know it.
    pub facts: Vec<FactDto>,
    /// Whether the reader may change them.
    pub editable: bool,
}

/// A dated fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FactDto {
    /// Number.
    pub id: i64,
    /// `membership`, `contract`, `skill`, `absence`, `ramp_up`.
    pub kind: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: Option<String>,
    /// Its content: `{node}`, `{share, weekly_hours, worked_weekdays, calendar}`,
    /// `{skill, theory, practice, intensity, authorised}`, `{from_noon, until_noon, cause}`,
    /// `{start}`.
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
    /// Where it came from.
    pub source: String,
    /// Version, to be given back with a change.
    pub version: i64,
}

/// A person to make or change.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    /// Version seen; absent for a new person.
    #[serde(default)]
    pub version: Option<i64>,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Address.
    #[serde(default)]
    pub email: String,
    /// Identifier of the person in the case tool, replaced by its pseudonym and never kept.
    #[serde(default)]
    pub agent: Option<String>,
    /// Whether still with the body.
    #[serde(default)]
    pub active: Option<bool>,
    /// Node joined by a new person; compulsory for who may not write everywhere.
    #[serde(default)]
    pub node: Option<String>,
    /// First day in that node, today when absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// A fact to add or change.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRequest {
    /// Version seen; absent for a new fact.
    #[serde(default)]
    pub version: Option<i64>,
    /// Kind.
    pub kind: String,
    /// First day.
    pub from: String,
    /// Last day.
    #[serde(default)]
    pub to: Option<String>,
    /// Content, as in [`FactDto`].
    #[schema(value_type = Object)]
    pub content: serde_json::Value,
}

/// What importing a staff list or a calendar of absences did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaffImportDto {
    /// `committed`, `unchanged`, `dry_run`, `refused`, `choice_needed`.
    pub status: String,
    /// File name.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows read.
    pub rows_read: u64,
    /// Rows taken.
    pub accepted: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// People of the file.
    pub people: u64,
    /// People made.
    pub people_added: u64,
    /// People changed.
    pub people_changed: u64,
    /// Nodes made.
    pub nodes_added: u64,
    /// Facts made.
    pub facts_added: u64,
    /// Facts ended or replaced.
    pub facts_ended: u64,
    /// People of the registry that the list does not name; ended only when asked.
    pub people_missing: u64,
    /// What to know, with lines.
    pub findings: Vec<StaffFindingDto>,
    /// What changes, one by one: the first of them only when they are many.
    pub changes: Vec<StaffChangeDto>,
    /// Why the file is refused, or what to choose.
    pub message: Option<Text>,
}

/// One change that a list makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaffChangeDto {
    /// First line of the file that speaks of it.
    pub line: Option<u64>,
    /// Whose: a name, when names are kept, or that of a unit; empty otherwise.
    pub whose: String,
    /// `added`, `changed` or `ended`.
    pub sort: String,
    /// What.
    pub text: Text,
}

/// A remark on a line of a staff list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaffFindingDto {
    /// Line of the file.
    pub line: Option<u64>,
    /// Column.
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// How many rows it concerns.
    pub count: u64,
    /// What, and what to do.
    pub text: Text,
}

/// Weeks of one person: only the person, or through an open gate; every look is logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeeksDto {
    /// Formula in words.
    pub formula: Text,
    /// Purpose of the gate it was seen through; `null` for the person.
    pub purpose: Option<String>,
    /// Period.
    pub period: PeriodDto,
    /// Weeks, oldest first.
    pub weeks: Vec<WeekDto>,
}

/// One week of one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekDto {
    /// ISO week (`2026-W03`).
    pub week: String,
    /// Process.
    pub process: String,
    /// Activity.
    pub activity: String,
    /// Tasks ended in the week.
    pub tasks: u64,
}

/// What the program knows of the reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MeDto {
    /// The account; `null` for the owner of the machine.
    pub account: Option<AccountDto>,
    /// The person of the organisation, with what holds of them.
    pub person: Option<PersonDetailDto>,
    /// Weeks, when the logs know the person.
    pub weeks: Option<WeeksDto>,
    /// Who looked at individual rows, latest first.
    pub looks: Vec<LookDto>,
    /// How long each kind of datum is kept.
    pub retention: Vec<RetentionRuleDto>,
    /// Sessions open now.
    pub sessions: Vec<OwnSessionDto>,
}

/// A look at an individual row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookDto {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// What.
    pub what: Text,
    /// Purpose of the gate.
    pub purpose: Option<String>,
}

/// One of the reader's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnSessionDto {
    /// Sign-in.
    pub created_at: String,
    /// Last request.
    pub seen_at: String,
    /// Whether it is this one.
    pub current: bool,
}

/// A page whose text the body edits (`accessibility`), or a notice shipped as a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageDto {
    /// Stable name.
    pub name: String,
    /// Title.
    pub title: Text,
    /// Text (Markdown).
    pub text: String,
    /// `none`, `partial` or `full`: state of conformity of the accessibility declaration.
    pub conformity: Option<String>,
    /// Whether the reader may change it.
    pub editable: bool,
    /// Version, to be given back with a change.
    pub version: i64,
}

/// Change of a page.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// Version seen.
    pub version: i64,
    /// Text (Markdown).
    pub text: String,
    /// State of conformity.
    #[serde(default)]
    pub conformity: Option<String>,
}

/// A period whose figures were published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PublicationDto {
    /// Process.
    pub process: String,
    /// Name of the process.
    pub label: String,
    /// Period.
    pub period: PeriodDto,
    /// 1 for the first publication, more for a restatement.
    pub rank: i64,
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Why it was restated.
    pub reason: Option<String>,
    /// Version of the data.
    pub snapshot: i64,
    /// Revision of the configuration.
    pub config_revision: i64,
    /// Figures differing from the publication before: id, earlier, later.
    pub differences: Vec<DifferenceDto>,
}

/// A figure that a restatement changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceDto {
    /// Figure.
    pub id: String,
    /// Value before.
    pub earlier: Option<f64>,
    /// Value after.
    pub later: Option<f64>,
}

/// Whether a publication recomputes to the last digit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplayDto {
    /// Whether every figure is the same.
    pub same: bool,
    /// Figures compared.
    pub figures: u64,
    /// Those that differ.
    pub differences: Vec<DifferenceDto>,
}

/// A period to publish or restate.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationRequest {
    /// Process.
    pub process: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Why, for a restatement.
    #[serde(default)]
    pub reason: String,
}
