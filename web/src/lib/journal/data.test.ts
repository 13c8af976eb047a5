import { describe, expect, it } from 'vitest';
import type { Publication } from '$lib/api/types';
import { formats } from '$lib/format';
import { byPeriod, unitOf, writeExact } from './data';

const f = formats('fr');
const publication = (process: string, to: string, rank: number): Publication => ({
  process, label: process, period: { from: `${to.slice(0, 8)}01`, to }, rank, at: '', by: '', reason: null, snapshot: 1, config_revision: 1, differences: []
});

describe('published periods', () => {
  it('stand by period, latest first, the restatement before what it restates', () => {
    const list = byPeriod([publication('a', '2026-03-31', 1), publication('b', '2026-10-31', 1), publication('a', '2026-03-31', 2)]);
    expect(list.map((p) => [p.latest.process, p.latest.rank, p.earlier.length])).toEqual([
      ['b', 1, 0],
      ['a', 2, 1]
    ]);
  });
});

describe('a difference', () => {
  it('is written with the digits that make it', () => {
    expect(writeExact(0.8123, 'ratio', f)).toBe('81,23\u00a0%');
    expect(writeExact(0.8057, 'ratio', f)).toBe('80,57\u00a0%');
    expect(writeExact(22.5, 'worked_day', f)).toBe('22,5\u00a0j');
    expect(writeExact(4231, 'case', f)).toBe('4\u202f231');
    expect(writeExact(0.1 + 0.2, 'case', f)).toBe('0,3');
    expect(writeExact(null, 'case', f)).toBe('—');
  });
  it('knows the unit of a figure by its name', () => {
    expect(['stock', 'in_time_due', 'lead_time_p50', 'oldest_age', 'return_rate'].map(unitOf)).toEqual(['case', 'ratio', 'worked_day', 'worked_day', 'ratio']);
  });
});
