import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../api/types';
import { add, byPeriod, distribution, latest, meanOf, monthStarts, output, positionOf } from './data';

const row = (p: Partial<LedgerRow>): LedgerRow => ({
  period: '2026-11-16',
  from: '2026-11-16',
  to: '2026-11-16',
  neutralised: false,
  partial: false,
  ...p
});

describe('ledger', () => {
  it('keeps whole periods when it is shortened', () => {
    const rows = ['1', '1', '2', '2', '3'].map((period) => row({ period }));
    expect(latest(rows, 2).map((r) => r.period)).toEqual(['2', '2', '3']);
    expect(latest(rows, 9)).toHaveLength(5);
  });
  it('keeps unknown apart from zero when adding', () => {
    expect(add(null, null)).toBeNull();
    expect(add(undefined, 3)).toBe(3);
    expect(add(0, null)).toBe(0);
    expect(output(row({ settled_human: 5 }))).toBe(5);
    expect(output(row({}))).toBeNull();
  });
  it('sums groups into periods and keeps the identity', () => {
    const rows = byPeriod([
      row({ unit: 'a', opening: 10, arrivals: 4, settled_human: 3, gap: 0, closing: 11 }),
      row({ unit: 'b', opening: 5, arrivals: 1, settled_human: 2, gap: -1, closing: 3 }),
      row({ period: '2026-11-17', unit: 'a', opening: 11, closing: 11 })
    ]);
    expect(rows).toHaveLength(2);
    const r = rows[0]!;
    expect(r.opening! + r.arrivals! - r.settled_human! + r.gap!).toBe(r.closing);
    expect(rows[1]!.arrivals ?? null).toBeNull();
  });
  it('does not change the rows it is given', () => {
    const rows = [row({ opening: 1 }), row({ opening: 2 })];
    byPeriod(rows);
    expect(rows.map((r) => r.opening)).toEqual([1, 2]);
  });
  it('means over the periods that are over, none when there are none', () => {
    const rows = [row({ arrivals: 10 }), row({ arrivals: 20 }), row({ arrivals: 99, partial: true }), row({})];
    expect(meanOf(rows, (r) => r.arrivals)).toEqual({ mean: 15, sum: 30, n: 2 });
    expect(meanOf([], (r) => r.arrivals).mean).toBeNull();
  });
});

describe('axes and bars', () => {
  it('label the first period of each month', () => {
    expect([...monthStarts(['2026-01-26', '2026-02-02', '2026-02-09', '2026-03-02'])]).toEqual([1, 3]);
  });
  it('share nothing of nothing', () => {
    expect(distribution([{ from: 0, to: 4, count: 0 }])[0]).toEqual({ share: null, upTo: null });
    expect(distribution([{ from: 0, to: 4, count: 1 }, { from: 5, to: null, count: 3 }]).map((d) => d.upTo)).toEqual([0.25, 1]);
  });
  it('places a target in its bar, open end included', () => {
    const bins = [{ from: 0, to: 4, count: 1 }, { from: 5, to: null, count: 3 }];
    expect(positionOf(bins, 4)).toBe(0);
    expect(positionOf(bins, 400)).toBe(1);
    expect(positionOf([], 3)).toBeNull();
  });
});
