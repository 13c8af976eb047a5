import { describe, expect, it } from 'vitest';
import { complete, defaults, roleOf, setRole, withTarget } from './rules';

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
});
