import { describe, expect, it } from 'vitest';
import { formats } from '../../format';
import { fr } from '../../labels/fr';
import type { Loss } from '../types-rooms';
import { workedMinutes } from '../rooms/duration';
import { axisUnit, factOf, pareto, slopeWords } from './data';

const f = formats('fr');
const loss = (i: number, over: Partial<Loss> = {}): Loss => ({
  id: `l${i}`, kind: 'wait', text: { fr: `Perte ${i}`, en: `Loss ${i}` }, activities: ['a', 'b'], cause: null, cases: 10 * i, occurrences: 12 * i,
  minutes: 600 / i, share: 0.1, cumulative_share: 0.1 * i, months: [], trend: 'steady', slope: null, slope_interval: null, stability: 'stable', filter: '', ...over
});

describe('losses', () => {
  it('show ten at most, each with its whole name in the table', () => {
    const c = pareto(Array.from({ length: 14 }, (_, i) => loss(i + 1)), fr, f);
    expect(c.points).toHaveLength(10);
    expect(c.table.rows).toHaveLength(10);
    expect(c.table.rows[0]![0]).toBe('1. Perte 1');
    expect(c.table.rows[0]!.length).toBe(c.table.columns.length);
  });
  it('tell the axis in the unit of the list, millions cut short', () => {
    const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');
    const hours = axisUnit([loss(1)], f, workedMinutes);
    expect([hours.minutes, plain(hours.write(10))]).toEqual([60, '10 h']);
    const days = axisUnit([loss(1, { minutes: 42_000 })], f, workedMinutes);
    expect([days.minutes, plain(days.write(100))]).toEqual([420, '100 j']);
    const calendar = axisUnit([loss(1, { minutes: 4e10 })], f, (x, m) => x.num(m));
    expect([calendar.minutes, plain(calendar.write(30_000_000)), plain(calendar.write(1_500_000))]).toEqual([1440, '30 M j', '1,5 M j']);
  });
  it('say a slope with its sign and interval, or nothing', () => {
    const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');
    expect(slopeWords(loss(1), fr, f)).toBe('');
    expect(plain(slopeWords(loss(1, { slope: 30 }), fr, f))).toBe('+30 min');
    expect(plain(slopeWords(loss(1, { slope: 30, slope_interval: [-10, 70] }), fr, f))).toBe('−10 min à +1 h 10');
  });
});

describe('facts', () => {
  it('stay attached when the filter leaves their loss out', () => {
    expect(factOf('l1', [loss(1)])).toMatchObject({ kind: 'loss' });
    expect(factOf('l9', [loss(1)])).toEqual({ kind: 'gone', id: 'l9' });
  });
  it('never lead outside the program', () => {
    expect(factOf('/processus?tab=pertes', [])).toMatchObject({ kind: 'address' });
    expect(factOf('//ailleurs.example', [])).toMatchObject({ kind: 'gone' });
    expect(factOf('javascript:alert(1)', [])).toMatchObject({ kind: 'gone' });
  });
});
