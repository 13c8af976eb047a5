import { describe, expect, it } from 'vitest';
import { complete, defaults, differences, inForce, roleOf, rulesInForce, setRole, versionRows, withTarget } from './rules';

describe('rules', () => {
  it('give an activity one meaning only', () => {
    let r = setRole(defaults(), 'Notifier', 'settled');
    r = setRole(r, 'Notifier', 'cancelled');
    expect(r.states.settled).toEqual([]);
    expect(r.states.cancelled).toEqual(['Notifier']);
    expect(roleOf(r, 'Notifier').role).toBe('cancelled');
    expect(setRole(r, 'Notifier', 'none').states.cancelled).toEqual([]);
  });
  it('group holds by who is awaited and drop empty ones', () => {
    let r = setRole(defaults(), 'Demander pièce', 'hold', 'insured', true);
    r = setRole(r, 'Attendre employeur', 'hold', 'employer');
    r = setRole(r, 'Pièce reçue', 'leave', 'insured');
    expect(r.states.hold).toHaveLength(2);
    expect(roleOf(r, 'Pièce reçue')).toEqual({ role: 'leave', awaited: 'insured', returned: true });
    r = setRole(r, 'Attendre employeur', 'none');
    expect(r.states.hold).toHaveLength(1);
  });
  it('never touch the rules they were given', () => {
    const r = defaults();
    setRole(r, 'X', 'settled');
    expect(r).toEqual(defaults());
  });
  it('replace the general target and keep those of products', () => {
    const r = { ...defaults(), target: [{ product: 'RSA', days: 10, counter: 'worked' as const, share: null, stock: null }] };
    expect(withTarget(withTarget(r, 15), 20).target.map((t) => [t.product, t.days])).toEqual([
      ['RSA', 10],
      [null, 20]
    ]);
  });
  it('complete what the server leaves out', () => {
    expect(complete({ target: [{ days: 5 }] }).target[0]).toEqual({
      product: null,
      days: 5,
      counter: 'worked',
      share: null,
      stock: null
    });
    expect(complete(undefined)).toEqual(defaults());
  });
  it('complete versions written before thresholds, unit times, campaigns and events', () => {
    const old = complete({ label: 'IJ', alert: { critical_points: 0.2 }, exclusion: [{ from: 'a', to: 'b', reason: 'c' }] });
    expect(old.alert).toEqual({ tense_points: 0, critical_points: 0.2, tense_late_share: 0.05, critical_late_share: 0.2 });
    expect([old.unit_time, old.campaign, old.event]).toEqual([[], [], []]);
    expect(old.exclusion[0]?.product).toBeNull();
    expect(complete({ campaign: [{ name: 'Rentrée', from: 'a', to: 'b' }] }).campaign[0]).toEqual({ name: 'Rentrée', from: 'a', to: 'b', product: null, expected: null, like_last_time: false });
    expect(complete({ event: [{ name: 'Grève', from: 'a' }, { name: 'Loi', kind: 'rule', from: 'a', effect: 0 }] }).event).toEqual([
      { name: 'Grève', kind: 'other', from: 'a', to: null, product: null, effect: null },
      { name: 'Loi', kind: 'rule', from: 'a', to: null, product: null, effect: 0 }
    ]);
    expect(complete({ unit_time: [{ minutes: 12.5, basis: 'agreed' }] }).unit_time[0]).toEqual({ product: null, activity: null, minutes: 12.5, basis: 'agreed' });
  });
});

describe('versions', () => {
  const version = (from: string, rules: object = {}) => ({ from, toml: '', rules: rules as Record<string, never> });
  const three = [version('1900-01-01'), version('2026-01-01', { target: [{ days: 15 }] }), version('2027-01-01', { target: [{ days: 12 }], closure: [{ date: '2027-05-07' }] })];

  it('are in force from their first day to the eve of the next', () => {
    expect(inForce(three, '2025-12-31')?.from).toBe('1900-01-01');
    expect(inForce(three, '2026-01-01')?.from).toBe('2026-01-01');
    expect(inForce(three, '2026-12-31')?.from).toBe('2026-01-01');
    expect(inForce([...three].reverse(), '2027-01-01')?.from).toBe('2027-01-01');
    expect(inForce(three.slice(1), '2025-12-31')).toBeUndefined();
  });
  it('to come are not those in force', () => {
    const config = { process: 'p', versions: three, activities: [], problems: [] };
    expect(rulesInForce(config, '2026-11-23')).toEqual({ from: '2026-01-01', rules: complete(three[1]!.rules) });
    expect(rulesInForce({ ...config, versions: three.slice(2) }, '2026-11-23')).toEqual({ from: undefined, rules: defaults() });
  });
  it('are listed latest first with their last day and what they change', () => {
    expect(versionRows(three, '2026-11-23')).toEqual([
      { from: '2027-01-01', to: null, state: 'coming', changes: ['target', 'closure'] },
      { from: '2026-01-01', to: '2026-12-31', state: 'current', changes: ['target'] },
      { from: '1900-01-01', to: '2025-12-31', state: 'past', changes: null }
    ]);
  });
  it('differ by what they say, not by how it is written', () => {
    const a = { ...defaults(), alert: { critical_late_share: 0.2, tense_late_share: 0.05, critical_points: 0.1, tense_points: 0 } };
    expect(differences(a, defaults())).toEqual([]);
    expect(differences({ ...a, school_zone: 'B', label: 'x' }, defaults())).toEqual(['calendar']);
    expect(differences({ ...a, worked_weekdays: [1, 2, 3, 4] }, defaults())).toEqual(['calendar']);
    expect(differences(setRole(a, 'Notifier', 'settled'), defaults())).toEqual(['states']);
    const wave = (more: object) => complete({ campaign: [{ name: 'Rentrée', from: 'a', to: 'b', ...more }] });
    expect(differences(wave({}), wave({ like_last_time: false }))).toEqual([]);
    expect(differences(wave({}), wave({ like_last_time: true }))).toEqual(['campaign']);
    const strike = (effect?: number) => complete({ event: [{ name: 'Grève', kind: 'strike', from: 'a', effect }] });
    expect(differences(strike(), strike(-0.3))).toEqual(['event']);
  });
});
