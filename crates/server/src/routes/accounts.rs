//! Accounts, roles, delegations and tokens.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::Path,
    http::{HeaderMap, StatusCode},
};
use eclusier_api::{
    AccountDto, AccountRequest, GrantDto, GrantEndRequest, GrantRequest, NewAccountDto,
    NewAccountRequest, NewTokenDto, Problem, RightsDto, TokenDto, TokenRequest,
};
use eclusier_app::{
    App, AppError, AppResult, Permission, ProcessId,
    accounts::{NewGrant, NewToken},
};
use eclusier_core::{NodeId, PersonId};
use eclusier_registry::{Account, AccountChange, AccountStatus, HeldRole, TokenKind};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{InLang as _, day, process};
use crate::{ApiResult, guard::Allowed, site::Site, wire_rights};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, create_account))
        .routes(routes!(update_account))
        .routes(routes!(reset_password))
        .routes(routes!(find_rights))
        .routes(routes!(create_grant))
        .routes(routes!(update_grant))
        .routes(routes!(list_delegations, create_delegation))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(delete_token))
}

/// An account as the wire tells it, with the roles the reader may know.
pub(super) async fn told(app: &App, account: &Account) -> AppResult<AccountDto> {
    let grants = app.grants().await?;
    let names = app.actor_names().await?;
    let labels = app.node_labels().await?;
    let (today, now) = (app.today().await?, app.now());
    Ok(wire_rights::account(account, &grants, &labels, &names, today, now))
}

async fn told_grant(app: &App, held: &HeldRole) -> AppResult<GrantDto> {
    let names = app.actor_names().await?;
    let labels = app.node_labels().await?;
    Ok(wire_rights::grant(held, &labels, &names, app.today().await?))
}

pub(super) fn processes(names: Option<&[String]>) -> AppResult<Option<BTreeSet<ProcessId>>> {
    names.map(|names| names.iter().map(|name| process(name)).collect()).transpose()
}

pub(super) fn node(id: Option<&String>) -> Option<NodeId> {
    id.filter(|id| !id.is_empty()).map(|id| NodeId(id.clone()))
}

fn person(id: &str) -> Option<PersonId> {
    Some(id.trim()).filter(|id| !id.is_empty()).map(|id| PersonId(id.to_owned()))
}

/// Accounts with their roles.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts",
    security(("session" = ["rights.read"]), ("token" = ["rights.read"])),
    responses((status = 200, body = [AccountDto]), (status = 403, body = Problem)))]
async fn list_accounts(
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<AccountDto>>> {
    let answer: AppResult<_> = async {
        let accounts = app.accounts().await?;
        let grants = app.grants().await?;
        let names = app.actor_names().await?;
        let labels = app.node_labels().await?;
        let (today, now) = (app.today().await?, app.now());
        let one = |a: &Account| wire_rights::account(a, &grants, &labels, &names, today, now);
        Ok(accounts.iter().map(one).collect())
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Makes an account; its first password is told once.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts",
    security(("session" = ["accounts.write"]), ("token" = ["accounts.write"])),
    request_body = NewAccountRequest,
    responses((status = 200, body = NewAccountDto), (status = 422, body = Problem)))]
async fn create_account(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<NewAccountRequest>,
) -> ApiResult<Json<NewAccountDto>> {
    let answer: AppResult<_> = async {
        let person = request.person.as_deref().and_then(person);
        let (account, password) = app.create_account(&request.login, &request.name, person).await?;
        Ok(NewAccountDto { account: told(&app, &account).await?, password })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Changes an account.
#[utoipa::path(put, path = "/api/v1/accounts/{id}", tag = "accounts",
    security(("session" = ["accounts.write"]), ("token" = ["accounts.write"])),
    params(("id" = String, Path)), request_body = AccountRequest,
    responses((status = 200, body = AccountDto), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn update_account(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<AccountRequest>,
) -> ApiResult<Json<AccountDto>> {
    let answer: AppResult<_> = async {
        let status = request
            .status
            .as_deref()
            .map(|s| {
                AccountStatus::parse(s).ok_or_else(|| {
                    AppError::invalid(
                        "status",
                        "écrire active ou disabled",
                        "write active or disabled",
                    )
                })
            })
            .transpose()?;
        let change = AccountChange {
            name: request.name.clone(),
            person: request.person.as_deref().map(person),
            status,
            reset_second: request.reset_second_factor,
            unlock: request.unlock,
        };
        let account = app.update_account(&id, request.version, &change).await?;
        told(&app, &account).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Gives an account a new first password, told once.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/password", tag = "accounts",
    security(("session" = ["accounts.write"]), ("token" = ["accounts.write"])),
    params(("id" = String, Path)),
    responses((status = 200, body = NewAccountDto), (status = 404, body = Problem)))]
async fn reset_password(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Json<NewAccountDto>> {
    let answer: AppResult<_> = async {
        let (account, password) = app.reset_password(&id).await?;
        Ok(NewAccountDto { account: told(&app, &account).await?, password })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Roles and permissions.
#[utoipa::path(get, path = "/api/v1/rights", tag = "rights",
    security(("session" = ["method.read"]), ("token" = ["method.read"])),
    responses((status = 200, body = RightsDto)))]
async fn find_rights(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<RightsDto>> {
    app.require(Permission::MethodRead).told(&headers)?;
    Ok(Json(wire_rights::rights()))
}

fn new_grant(request: GrantRequest) -> AppResult<NewGrant> {
    let to = request.to.as_deref().filter(|t| !t.is_empty());
    let from = request.from.as_deref().filter(|t| !t.is_empty());
    Ok(NewGrant {
        node: node(request.node.as_ref()),
        processes: processes(request.processes.as_deref())?,
        from: from.map(|d| day("from", d)).transpose()?,
        to: to.map(|d| day("to", d)).transpose()?,
        account: request.account,
        role: request.role,
        reason: request.reason,
    })
}

/// Grants a role.
#[utoipa::path(post, path = "/api/v1/grants", tag = "rights",
    security(("session" = ["rights.write"]), ("token" = ["rights.write"])),
    request_body = GrantRequest,
    responses((status = 200, body = GrantDto), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn create_grant(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<GrantRequest>,
) -> ApiResult<Json<GrantDto>> {
    let answer: AppResult<_> =
        async { told_grant(&app, &app.grant_role(&new_grant(request)?).await?).await }.await;
    Ok(Json(answer.told(&headers)?))
}

/// Sets the last day of a role; of a delegation, also who lent it may.
#[utoipa::path(put, path = "/api/v1/grants/{id}", tag = "rights",
    security(("session" = ["signed-in"]), ("token" = ["signed-in"])),
    params(("id" = String, Path)), request_body = GrantEndRequest,
    responses((status = 200, body = GrantDto), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn update_grant(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(request): Json<GrantEndRequest>,
) -> ApiResult<Json<GrantDto>> {
    let answer: AppResult<_> = async {
        let held = app.end_grant(&id, request.version, day("to", &request.to)?).await?;
        told_grant(&app, &held).await
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Roles lent and borrowed: one's own, or all of them for who sees rights.
#[utoipa::path(get, path = "/api/v1/delegations", tag = "rights",
    security(("session" = ["signed-in"]), ("token" = ["signed-in"])),
    responses((status = 200, body = [GrantDto])))]
async fn list_delegations(
    Allowed(app): Allowed,
    headers: HeaderMap,
) -> ApiResult<Json<Vec<GrantDto>>> {
    let answer: AppResult<_> = async {
        let names = app.actor_names().await?;
        let labels = app.node_labels().await?;
        let today = app.today().await?;
        let held = app.grants().await?;
        let lent = held.iter().filter(|h| h.delegated_by.is_some());
        Ok(lent.map(|h| wire_rights::grant(h, &labels, &names, today)).collect())
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Lends one of one's own roles until a day.
#[utoipa::path(post, path = "/api/v1/delegations", tag = "rights",
    security(("session" = ["delegation.write"])), request_body = GrantRequest,
    responses((status = 200, body = GrantDto), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_delegation(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<GrantRequest>,
) -> ApiResult<Json<GrantDto>> {
    let answer: AppResult<_> =
        async { told_grant(&app, &app.delegate(&new_grant(request)?).await?).await }.await;
    Ok(Json(answer.told(&headers)?))
}

/// Tokens of programs, directories and wall screens.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts",
    security(("session" = ["accounts.read"]), ("token" = ["accounts.read"])),
    responses((status = 200, body = [TokenDto])))]
async fn list_tokens(Allowed(app): Allowed, headers: HeaderMap) -> ApiResult<Json<Vec<TokenDto>>> {
    let tokens = app.tokens().await.told(&headers)?;
    Ok(Json(tokens.iter().map(wire_rights::token).collect()))
}

/// Makes a token; what to present is told once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts",
    security(("session" = ["accounts.write"])), request_body = TokenRequest,
    responses((status = 200, body = NewTokenDto), (status = 422, body = Problem)))]
async fn create_token(
    Allowed(app): Allowed,
    headers: HeaderMap,
    Json(request): Json<TokenRequest>,
) -> ApiResult<Json<NewTokenDto>> {
    let answer: AppResult<_> = async {
        let kind = TokenKind::parse(&request.kind).ok_or_else(|| {
            AppError::invalid("kind", "écrire api, wall ou scim", "write api, wall or scim")
        })?;
        let new = NewToken {
            kind,
            name: request.name,
            permissions: request.permissions,
            node: node(request.node.as_ref()),
            processes: processes(request.processes.as_deref())?,
            days: request.days,
        };
        let (token, secret) = app.create_token(&new).await?;
        Ok(NewTokenDto { token: wire_rights::token(&token), secret })
    }
    .await;
    Ok(Json(answer.told(&headers)?))
}

/// Withdraws a token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "accounts",
    security(("session" = ["accounts.write"]), ("token" = ["accounts.write"])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete_token(
    Allowed(app): Allowed,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<StatusCode> {
    app.revoke_token(&id).await.told(&headers)?;
    Ok(StatusCode::NO_CONTENT)
}
