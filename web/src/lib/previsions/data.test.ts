import { describe, expect, it } from 'vitest';
import type { Effect, NextStep, PastStep, Span, StockStep } from '../api/types';
import { change, drivers, holds, isEffectOf, joined, laneOf, lasts, lastYear, namedIn, placeOf, readAsked, seen, stepFor, sure, toQuery, whole, worst } from './data';

const past = (period: string, from: string, to: string, more: Partial<PastStep> = {}): PastStep => ({ period, from, to, arrivals: 100, neutralised: false, ...more });
const next = (period: string, from: string, to: string, more: Partial<NextStep> = {}): NextStep => ({
  period,
  from,
  to,
  mean: 110,
  base: 110,
  range_80: { low: 100, high: 120 },
  range_95: { low: 95, high: 126 },
  partial: false,
  ...more
});
const WEEKS = [
  past('2026-W45', '2026-11-02', '2026-11-08'),
  past('2026-W46', '2026-11-09', '2026-11-15'),
  past('2026-W47', '2026-11-16', '2026-11-22')
];
const AHEAD = [next('2026-W48', '2026-11-23', '2026-11-29'), next('2026-W49', '2026-11-30', '2026-12-06')];
const span = (name: string, from: string, to: string, kind = 'campaign'): Span => ({ kind, name: { fr: name, en: name }, from, to });
const effect = (id: string, size: number, low: number, high: number, is_share = true): Effect => ({
  id,
  name: { fr: id.split(':').at(-1)!, en: id },
  occurrences: 2,
  size,
  range: { low, high },
  is_share
});

describe('the question in the address', () => {
  const ask = (q: string, process?: string) => readAsked(new URLSearchParams(q), process ? { process } : {});
  it('is three months ahead, rolling, by process when nothing is asked', () => {
    expect(ask('')).toEqual({ months: 3, by: 'process', arrivals: 0, capacity: null, target: null, view: 'glissant', said: false });
    expect(ask('', 'retraite').by).toBe('product');
    expect(readAsked(new URLSearchParams(), { grain: 'day' }).view).toBe('proche');
  });
  it('leaves out what cannot be read, and keeps the "what if" within its ends', () => {
    expect(ask('months=7&by=agent&arrivals=abc&capacity=-3&target=&vue=loin')).toEqual(ask(''));
    expect(ask('arrivals=900').arrivals).toBe(100);
    expect(ask('arrivals=-90').arrivals).toBe(-50);
    expect(ask('capacity=0').capacity).toBe(0);
  });
  it('is sent without what is as things stand', () => {
    expect(toQuery({ process: 'a', group_by: 'unit' }, ask('months=12'))).toEqual({ process: 'a', grain: 'week', months: 12, by: 'process' });
    expect(toQuery({}, ask('arrivals=10&capacity=0&target=5'))).toMatchObject({ arrivals: 10, capacity: 0, target: 5 });
  });
});

describe('one axis for past and future', () => {
  it('joins them in order', () => {
    const rows = joined({ past: WEEKS, next: AHEAD });
    expect(rows.map((r) => r.future)).toEqual([false, false, false, true, true]);
    expect(rows[2]!.came).toBe(100);
    expect(rows[3]!.mean).toBe(110);
  });
  it('tells a step that is both past and to come once', () => {
    const rows = joined({ past: [...WEEKS, past('2026-W48', '2026-11-23', '2026-11-29', { arrivals: 12 })], next: AHEAD });
    expect(rows.map((r) => r.period)).toEqual(['2026-W45', '2026-W46', '2026-W47', '2026-W48', '2026-W49']);
    expect(rows[3]!.future).toBe(true);
  });
  it('zooms around the last step known', () => {
    const long = [...Array(80).keys()].map((i) => past(`p${i}`, `a${i}`, `b${i}`));
    const ahead = [...Array(52).keys()].map((i) => next(`n${i}`, `c${i}`, `d${i}`));
    const rows = joined({ past: long, next: ahead });
    expect(seen(rows, 'tout', 'week')).toHaveLength(132);
    expect(seen(rows, 'glissant', 'week')).toHaveLength(104);
    const near = seen(rows, 'proche', 'week');
    expect(near).toHaveLength(23);
    expect(near.filter((r) => r.future)).toHaveLength(14);
    // Without any future, the latest steps are the near ones.
    expect(seen(joined({ past: long, next: [] }), 'proche', 'week').at(-1)!.period).toBe('p79');
  });
});

describe('lanes', () => {
  const rows = joined({ past: WEEKS, next: AHEAD });
  it('place a day within its step', () => {
    expect(placeOf(rows, '2026-11-02')).toBe(0);
    expect(placeOf(rows, '2026-11-12')).toBeCloseTo(1 + 3 / 7);
    expect(placeOf(rows, '2026-10-01')).toBeNull();
  });
  it('last until the evening of their last day, and are cut at the ends of the axis', () => {
    const [a] = laneOf(rows, [span('a', '2026-11-09', '2026-11-15')], 'campaign');
    expect([a!.x0, a!.x1]).toEqual([1, 2]);
    const [b] = laneOf(rows, [span('b', '2025-01-01', '2027-01-01')], 'campaign');
    expect([b!.x0, b!.x1]).toEqual([0, 5]);
    expect(laneOf(rows, [span('c', '2027-01-01', '2027-02-01'), span('d', '2026-11-09', '2026-11-10', 'school')], 'campaign')).toEqual([]);
    expect(laneOf(rows, [span('a', '2026-11-09', '2026-11-15'), span('e', '2026-11-16', '2026-11-16', 'event')], 'event').map((x) => x.span.name.fr)).toEqual(['e']);
    expect(laneOf([], [span('a', '2026-11-09', '2026-11-15')], 'campaign')).toEqual([]);
  });
  it('stand on lines of their own when they overlap, and share one when they follow', () => {
    const bars = laneOf(rows, [span('a', '2026-11-02', '2026-11-15'), span('b', '2026-11-09', '2026-11-22'), span('c', '2026-11-16', '2026-11-29')], 'campaign');
    expect(bars.map((x) => x.line)).toEqual([0, 1, 0]);
  });
  it('are named step by step', () => {
    const n = namedIn(rows[1]!, [span('a', '2026-11-15', '2026-12-01'), span('b', '2026-11-16', '2026-11-20')], [{ day: '2026-11-11', name: { fr: 'Armistice', en: 'Armistice' } }]);
    expect(n.spans.map((s) => s.name.fr)).toEqual(['a']);
    expect(n.off).toHaveLength(1);
  });
});

describe('sums and changes', () => {
  it('add whole parts up to the whole total', () => {
    expect(whole([1.4, 1.4, 1.2], 4)).toEqual([2, 1, 1]);
    expect(whole([0.5, 0.5], 1)).toEqual([1, 0]);
    for (const v of [[3.3, 3.3, 3.4], [0, 0.2, 9.8], [5]]) {
      const total = v.reduce((a, b) => a + b, 0);
      expect(whole(v, total).reduce((a, b) => a + b, 0)).toBe(Math.round(total));
    }
  });
  it('force nothing by more than rounding', () => {
    expect(whole([10, 10], 50)).toEqual([10, 10]);
    expect(whole([], 0)).toEqual([]);
  });
  it('compare with nothing when there is nothing', () => {
    expect(change(10, 0)).toBeNull();
    expect(change(null, 3)).toBeNull();
    expect(change(11, 10)).toBeCloseTo(0.1);
  });
  it('step sliders roundly', () => {
    expect(stepFor(200)).toBe(1);
    expect(stepFor(0)).toBe(1);
    expect(stepFor(3_000)).toBe(20);
    expect(stepFor(200_000)).toBe(1_000);
  });
});

describe('what moves the future', () => {
  const e = [effect('campaign:rentree', 0.2, 0.1, 0.3), effect('holiday', -0.8, -0.9, -0.7), effect('eve', -0.05, -0.1, 0.02), effect('campaign:passee', 0.9, 0.8, 1)];
  it('names campaigns to come first, then effects beyond chance', () => {
    const d = drivers({ effects: e, spans: [span('rentree', '2026-11-25', '2026-12-20'), span('passee', '2025-01-01', '2025-02-01')], days_off: [{ day: '2026-12-01', name: { fr: 'holiday', en: 'holiday' } }], next: AHEAD }, 5);
    expect(d.map((x) => x.effect.id)).toEqual(['campaign:rentree', 'holiday']);
    expect(d[0]!.span!.from).toBe('2026-11-25');
  });
  it('names events to come before school holidays, however large those are', () => {
    const strike = effect('shock:Grève', -0.1, -0.2, -0.05);
    const spans = [span('Noël', '2026-11-23', '2026-12-06', 'school'), span('Grève', '2026-12-01', '2026-12-02', 'event')];
    const d = drivers({ effects: [effect('school:Noël', -0.5, -0.6, -0.4), strike], spans, days_off: [], next: AHEAD });
    expect(d.map((x) => [x.effect.id, x.span!.kind])).toEqual([['shock:Grève', 'event'], ['school:Noël', 'school']]);
    const over = drivers({ effects: [strike], spans: [span('Grève', '2026-11-02', '2026-11-03', 'event')], days_off: [], next: AHEAD });
    expect(over).toEqual([]);
  });
  it('gives an event its own effect: that of its name, and not that of a campaign', () => {
    const strike = span('Grève', '2026-12-01', '2026-12-02', 'event');
    const of = (id: string) => isEffectOf(effect(id, -0.3, -0.4, -0.2), strike);
    expect([of('shock:Grève'), of('shock:Grève des trains'), of('campaign:Grève'), of('school:Grève')]).toEqual([true, false, false, false]);
    expect(isEffectOf(effect('campaign:Grève', 0.1, 0, 0.2), span('Grève', '2026-12-01', '2026-12-02'))).toBe(true);
  });
  it('takes an event that reaches the last day shown for one without end', () => {
    const d = { next: AHEAD };
    expect([lasts(d, span('a', '2026-01-01', '2026-12-06', 'event')), lasts(d, span('a', '2026-01-01', '2026-12-05', 'event')), lasts(d, span('a', '2026-01-01', '2026-12-06'))]).toEqual([true, false, false]);
  });
  it('says nothing of no future', () => {
    expect(drivers({ effects: e, spans: [], days_off: [], next: [] })).toEqual([]);
  });
  it('calls sure what leaves zero out', () => {
    expect([sure(e[0]!), sure(e[2]!), sure(effect('x', 0, 0, 0.1))]).toEqual([true, false, false]);
  });
});

describe('what was really wrong', () => {
  const said = (arrivals: number | null, v: number | null, more: Partial<PastStep> = {}) =>
    past('p', 'a', 'b', { arrivals, said: v, said_range: v === null ? null : { low: v - 10, high: v + 10 }, ...more });
  it('counts steps that were said and came, and leaves neutralised ones out', () => {
    const j = lastYear([said(100, 110), said(100, 85), said(null, 50), said(100, null), said(10, 900, { neutralised: true })], 'week')!;
    expect(j.n).toBe(2);
    expect(j.error).toBe(12.5);
    expect(j.share).toBeCloseTo(0.125);
    expect(j.bias).toBeCloseTo(-0.025);
    expect([j.inside, j.banded]).toEqual([1, 2]);
  });
  it('looks back one year, no more', () => {
    expect(lastYear(Array.from({ length: 80 }, () => said(1, 1)), 'week')!.n).toBe(52);
    expect(lastYear(Array.from({ length: 80 }, () => said(1, 1)), 'month')!.n).toBe(12);
  });
  it('says nothing when nothing was said, and no share of nothing', () => {
    expect(lastYear([], 'week')).toBeNull();
    expect(lastYear([said(0, 3)], 'week')!.share).toBeNull();
  });
  it('forgives two points of coverage', () => {
    expect(holds({ level: 0.8, held: 0.78 })).toBe('keeps');
    expect(holds({ level: 0.8, held: 0.77 })).toBe('narrow');
    expect(holds({ level: 0.8, held: 0.9 })).toBe('wide');
    expect(holds({ level: 0.8, held: null })).toBeNull();
  });
});

describe('the stock', () => {
  const step = (period: string, above_threshold: number | null): StockStep => ({ period, day: period, stock: 1, range_80: { low: 0, high: 1 }, range_95: { low: 0, high: 1 }, capacity: 1, above_threshold });
  it('is most at risk in one week, the first of equals', () => {
    expect(worst([step('a', 0.1), step('b', 0.4), step('c', 0.4)])!.period).toBe('b');
    expect(worst([step('a', null)])).toBeNull();
    expect(worst([])).toBeNull();
  });
});
