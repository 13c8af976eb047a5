/** Shapes accounts, grants, tokens and gates. */
import type { Account, Gate, Grant, Role, Text, Token } from '$lib/api/types';
import { addDays, civil } from '$lib/format';

/** Where a dated thing stands on a day. */
export type When = 'now' | 'later' | 'over';
export function when(x: { from: string; to?: string | null }, today: string): When {
  if (x.to != null && x.to < today) return 'over';
  return x.from > today ? 'later' : 'now';
}

export const roleLabel = (roles: readonly Role[], id: string): Text => roles.find((r) => r.id === id)?.label ?? { fr: id, en: id };

const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Accounts whose name, login or role contains every word typed. */
export function searchAccounts(accounts: readonly Account[], typed: string, roleName: (id: string) => string): Account[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...accounts];
  return accounts.filter((a) => {
    const text = plain([a.name, a.login, ...a.grants.map((g) => `${roleName(g.role)} ${g.node_label}`)].join(' '));
    return words.every((w) => text.includes(w));
  });
}

/** Grants of every account with its name, grouped by what heads them. */
export interface Held {
  grant: Grant;
  account: Account;
}
export function held(accounts: readonly Account[], by: 'account' | 'role', over: boolean, today: string, roleName: (id: string) => string, compare: (a: string, b: string) => number): { key: string; title: string; held: Held[] }[] {
  const groups = new Map<string, { title: string; held: Held[] }>();
  for (const account of accounts) {
    for (const grant of account.grants) {
      if (!over && when(grant, today) === 'over') continue;
      const key = by === 'account' ? account.id : grant.role;
      const group = groups.get(key) ?? { title: by === 'account' ? account.name || account.login : roleName(grant.role), held: [] };
      group.held.push({ grant, account });
      groups.set(key, group);
    }
  }
  return [...groups]
    .map(([key, g]) => ({ key, ...g }))
    .sort((a, b) => compare(a.title, b.title))
    .map((g) => ({
      ...g,
      held: g.held.sort((a, b) => compare(a.account.name, b.account.name) || (a.grant.from < b.grant.from ? 1 : -1))
    }));
}

export type TokenState = 'on' | 'soon' | 'over' | 'revoked';
/** Two weeks are left to replace a token. */
export function tokenState(t: Pick<Token, 'expires_at' | 'revoked_at'>, now: string): TokenState {
  if (t.revoked_at) return 'revoked';
  const left = Date.parse(t.expires_at) - Date.parse(now);
  if (!(left > 0)) return 'over';
  return left <= 14 * 86_400_000 ? 'soon' : 'on';
}

export type GateState = 'open' | 'later' | 'over' | 'closed';
export function gateState(g: Gate, today: string): GateState {
  if (g.closed_at) return 'closed';
  if (g.open) return 'open';
  return g.to < today ? 'over' : 'later';
}

/** The last day a gate may name: a year after its first, less a day. */
export function lastGateDay(from: string): string {
  const d = civil(from);
  if (!d) return from;
  const next = new Date(Date.UTC(d.getUTCFullYear() + 1, d.getUTCMonth(), d.getUTCDate()));
  return addDays(next.toISOString().slice(0, 10), -1);
}

export interface GateDates {
  dpia: string;
  council: string;
  information: string;
  from: string;
  to: string;
}
/** What is wrong with the dates of a gate, before they are sent; the program has the last word. */
export function gateFault(d: GateDates): 'order' | 'before' | 'year' | null {
  if (d.to < d.from) return 'before';
  if (d.to > lastGateDay(d.from)) return 'year';
  const preparatory = [d.dpia, d.council, d.information];
  if (preparatory.some((x) => x > d.from) || d.dpia > d.council || d.dpia > d.information) return 'order';
  return null;
}
