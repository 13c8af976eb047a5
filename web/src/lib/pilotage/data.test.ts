import { describe, expect, it } from 'vitest';
import type { Act, Process, StockRow } from '../api/types';
import { cut, notCounted, ordered, place, readBack, trend } from './data';

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
  it('says a name once when the unit is called as its process', () => {
    expect(place(act({ product: 'Réversion', unit: 'Retraite' }))).toBe('Retraite · Réversion');
  });
  it('cuts a long card and says what the rest adds up to', () => {
    const lines = (n: number) => Array.from({ length: n }, (_, i) => ({ count: i + 1 }));
    expect(cut(lines(9)).others).toBe(0);
    expect(cut(lines(9)).shown).toHaveLength(9);
    expect(cut(lines(11))).toMatchObject({ others: 3, count: 9 + 10 + 11 });
    expect(cut(lines(11)).shown).toHaveLength(8);
  });
  it('names what the totals leave out, and why', () => {
    const row = (id: string) => ({ process: id, label: id.toUpperCase() }) as StockRow;
    const known = (id: string, source: string, has_target: boolean) => ({ id, source, has_target }) as Process;
    const rows = ['a', 'b', 'c', 'd'].map(row);
    expect(notCounted(rows, [known('a', 'events', true), known('b', 'events', false), known('c', 'counts', true)])).toEqual([
      { why: 'no_target', processes: [{ id: 'b', label: 'B' }] },
      { why: 'counts', processes: [{ id: 'c', label: 'C' }] }
    ]);
    expect(notCounted(rows, [])).toEqual([]);
  });
  it('keeps unknown apart from no change', () => {
    expect(trend(null)).toBe('unknown');
    expect(trend(0)).toBe('same');
    expect(trend(-3)).toBe('down');
  });
});
