import { describe, expect, it } from 'vitest';
import type { UnitTimeMeasure } from '../types-rooms';
import { box, capacity, each, gap, groups, proposed } from './data';

const m = (over: Partial<UnitTimeMeasure> = {}): UnitTimeMeasure => ({
  activity: 'a', product: null, n: 100, censored: 2, median_min: 12, median_interval: [11, 13], trimmed_mean_min: 13, p25_min: 8, p75_min: 18, p90_min: 30, drift_min: null, configured_min: 10, reason: null, ...over
});

describe('unit times', () => {
  it('share one axis per activity, all products first', () => {
    const g = groups([m({ product: 'z' }), m({ product: 'b', p90_min: 40 }), m(), m({ activity: 'b' })], (x, y) => x.localeCompare(y));
    expect(g.map((x) => x.activity)).toEqual(['a', 'b']);
    expect(g[0]!.rows.map((r) => r.product)).toEqual([null, 'b', 'z']);
    expect(g[0]!.most).toBe(40);
  });
  it('draw a box only when the quartiles are told', () => {
    expect(box(m(), 30)).toEqual({ p25: (8 / 30) * 100, median: 40, p75: 60, p90: 100, configured: (10 / 30) * 100 });
    expect(box(m({ p25_min: null }), 30)).toBeNull();
    expect(box(m(), 0)).toBeNull();
  });
  it('compare with the configuration, or say nothing', () => {
    expect(gap(m())).toBeCloseTo(0.2);
    expect(gap(m({ configured_min: null }))).toBeNull();
    expect(gap(m({ configured_min: 0 }))).toBeNull();
    expect(proposed(m())).toBe(13);
    expect(proposed(m({ trimmed_mean_min: null, median_min: null }))).toBeNull();
  });
});

describe('costs', () => {
  it('keep the idle hours apart from the cases', () => {
    const c = { cents_per_hour: 3000, products: [], activities: [], idle_cents: 25, paid_cents: 100, caveats: [] };
    expect(capacity(c)).toEqual({ spent: 75, idle: 25, spentShare: 0.75, idleShare: 0.25 });
    expect(capacity({ ...c, idle_cents: null })).toBeNull();
    expect(each({ name: 'x', count: 0, minutes: 0, cents: 0 })).toBeNull();
    expect(each({ name: 'x', count: 4, minutes: 1, cents: 10 })).toBe(2.5);
  });
});
