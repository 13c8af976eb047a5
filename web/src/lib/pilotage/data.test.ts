import { describe, expect, it } from 'vitest';
import type { Act } from '../api/types';
import { ordered, place, readBack, trend } from './data';

const act = (p: Partial<Act>): Act => ({
  process: 'p',
  label: 'Retraite',
  will_miss: 0,
  overdue: 0,
  stock: 0,
  cause: 'none',
  because: { fr: '', en: '' },
  next_step: { fr: '', en: '' },
  cases: '',
  ...p
});

describe('cockpit', () => {
  it('reads when the stock is back to its target', () => {
    expect(readBack('on:2026-01-08')).toEqual({ kind: 'on', day: '2026-01-08' });
    expect(readBack('beyond_horizon')).toEqual({ kind: 'beyond_horizon' });
    expect(readBack('on:soon')).toEqual({ kind: 'unknown' });
  });
  it('orders places by what will miss its date, then by what is late', () => {
    const list = [act({ will_miss: 2, overdue: 9 }), act({ will_miss: 5 }), act({ will_miss: 2, overdue: 10 })];
    expect(ordered(list).map((a) => [a.will_miss, a.overdue])).toEqual([
      [5, 0],
      [2, 10],
      [2, 9]
    ]);
  });
  it('names a place without empty parts', () => {
    expect(place(act({ product: null, unit: 'Nord' }))).toBe('Retraite · Nord');
  });
  it('keeps unknown apart from no change', () => {
    expect(trend(null)).toBe('unknown');
    expect(trend(0)).toBe('same');
    expect(trend(-3)).toBe('down');
  });
});
