import { describe, expect, it } from 'vitest';
import type { Account, Gate, Grant } from '$lib/api/types';
import { gateFault, gateState, held, lastGateDay, searchAccounts, tokenState, when } from './data';

const TODAY = '2026-11-23';
const grant = (more: Partial<Grant>): Grant => ({
  id: 'g', account: 'a', account_name: 'A', role: 'director', node: null, node_label: '', processes: null, from: '2026-01-01', to: null,
  delegated_by: null, reason: '', active: true, version: 1, ...more
});
const account = (id: string, name: string, grants: Grant[]): Account => ({
  id, login: name.toLowerCase(), name, person: null, kind: 'local', status: 'active', second_factor: false,
  locked_until: null, created_at: '', seen_at: null, version: 1, grants
});
const roleName = (id: string) => ({ director: 'Directeur', dpo: 'Délégué à la protection des données' })[id] ?? id;
const compare = (a: string, b: string) => a.localeCompare(b, 'fr');

describe('grants', () => {
  it('hold on their first and last days', () => {
    expect(when({ from: TODAY, to: TODAY }, TODAY)).toBe('now');
    expect(when({ from: '2026-11-24', to: null }, TODAY)).toBe('later');
    expect(when({ from: '2026-01-01', to: '2026-11-22' }, TODAY)).toBe('over');
  });
  it('are shown by account or by role, without those that are over', () => {
    const accounts = [
      account('b', 'Béatrice', [grant({ id: '1' }), grant({ id: '2', role: 'dpo', to: '2026-02-01' })]),
      account('a', 'Alain', [grant({ id: '3' })])
    ];
    expect(held(accounts, 'account', false, TODAY, roleName, compare).map((g) => [g.title, g.held.length])).toEqual([['Alain', 1], ['Béatrice', 1]]);
    expect(held(accounts, 'role', true, TODAY, roleName, compare).map((g) => [g.title, g.held.map((h) => h.account.name)])).toEqual([
      ['Délégué à la protection des données', ['Béatrice']],
      ['Directeur', ['Alain', 'Béatrice']]
    ]);
  });
  it('are found by name or role, accents aside', () => {
    const accounts = [account('b', 'Béatrice', [grant({ role: 'dpo' })]), account('a', 'Alain', [grant({})])];
    expect(searchAccounts(accounts, 'delegue BEA', roleName).map((a) => a.id)).toEqual(['b']);
    expect(searchAccounts(accounts, '  ', roleName)).toHaveLength(2);
  });
});

describe('a token', () => {
  const now = '2026-11-23T08:00:00Z';
  it('says when to replace it', () => {
    expect(tokenState({ expires_at: '2026-12-07T08:00:00Z', revoked_at: null }, now)).toBe('soon');
    expect(tokenState({ expires_at: '2026-12-07T08:00:01Z', revoked_at: null }, now)).toBe('on');
    expect(tokenState({ expires_at: now, revoked_at: null }, now)).toBe('over');
    expect(tokenState({ expires_at: '2027-12-07T08:00:00Z', revoked_at: now }, now)).toBe('revoked');
  });
});

describe('a gate', () => {
  const dates = { dpia: '2026-10-01', council: '2026-10-15', information: '2026-11-01', from: TODAY, to: '2027-05-01' };
  it('lasts a year at most, leap years included', () => {
    expect(lastGateDay('2026-11-23')).toBe('2027-11-22');
    expect(lastGateDay('2028-02-29')).toBe('2029-02-28');
    expect(gateFault({ ...dates, to: '2027-11-22' })).toBeNull();
    expect(gateFault({ ...dates, to: '2027-11-23' })).toBe('year');
  });
  it('comes after what the law asks for', () => {
    expect(gateFault(dates)).toBeNull();
    expect(gateFault({ ...dates, information: '2026-11-24' })).toBe('order');
    expect(gateFault({ ...dates, dpia: '2026-10-20' })).toBe('order');
    expect(gateFault({ ...dates, to: '2026-11-22' })).toBe('before');
  });
  it('stands where its days and its closing say', () => {
    const g = { from: '2026-12-01', to: '2027-01-01', open: false, closed_at: null } as unknown as Gate;
    expect(gateState(g, TODAY)).toBe('later');
    expect(gateState({ ...g, to: '2026-11-01' }, TODAY)).toBe('over');
    expect(gateState({ ...g, closed_at: '2026-11-20T08:00:00Z' }, TODAY)).toBe('closed');
    expect(gateState({ ...g, open: true }, TODAY)).toBe('open');
  });
});
