/** Shapes the forecasts for their charts, tables and sentences. */
import type { DayOff, Effect, Foresight, ForesightQuery, PastStep, Range, Span, StockStep } from '../api/types';
import type { Filter } from '../filters';
import { civil } from '../format';

export const VIEWS = ['proche', 'glissant', 'tout'] as const;
export type View = (typeof VIEWS)[number];
export const BY = ['process', 'product', 'unit', 'channel', 'org'] as const;
export type By = (typeof BY)[number];
/** Ends of the "what if" of arrivals, in percent. */
export const LEAST = -50;
export const MOST = 100;

/** What the address asks beside the filter. */
export interface Asked {
  months: 3 | 12;
  by: By;
  arrivals: number;
  capacity: number | null;
  target: number | null;
  view: View;
  /** Whether what the method would have said is drawn over the past. */
  said: boolean;
}

const positive = (text: string | null): number | null => {
  const v = text === null || text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(v) && v >= 0 ? v : null;
};

/** A year of days is a hedge: days are first seen near. */
export const usualView = (filter: Filter): View => (filter.grain === 'day' ? 'proche' : 'glissant');

/** Reads the address; what cannot be read is as if it had not been asked. */
export function readAsked(search: URLSearchParams, filter: Filter): Asked {
  const change = Number(search.get('arrivals') ?? 0);
  return {
    months: search.get('months') === '12' ? 12 : 3,
    by: BY.find((b) => b === search.get('by')) ?? (filter.process ? 'product' : 'process'),
    arrivals: Number.isFinite(change) ? Math.max(LEAST, Math.min(MOST, change)) : 0,
    capacity: positive(search.get('capacity')),
    target: positive(search.get('target')),
    view: VIEWS.find((v) => v === search.get('vue')) ?? usualView(filter),
    said: search.get('dit') === '1'
  };
}

/** The question as the program reads it. */
export function toQuery(filter: Filter, a: Asked): ForesightQuery {
  const { group_by: _, ...rest } = filter;
  return {
    ...rest,
    grain: filter.grain ?? 'week',
    months: a.months,
    by: a.by,
    ...(a.arrivals ? { arrivals: a.arrivals } : {}),
    ...(a.capacity !== null ? { capacity: a.capacity } : {}),
    ...(a.target !== null ? { target: a.target } : {})
  };
}

/** A step of the axis, past or to come. */
export interface Row {
  period: string;
  from: string;
  to: string;
  future: boolean;
  partial: boolean;
  neutralised: boolean;
  came: number | null;
  said: number | null;
  saidRange: Range | null;
  mean: number | null;
  base: number | null;
  r80: Range | null;
  r95: Range | null;
  before: number | null;
}

/** Past and future on one axis; a step that is both is told once, as to come. */
export function joined(d: Pick<Foresight, 'past' | 'next'>): Row[] {
  const first = d.next[0]?.period;
  const past = d.past.map(
    (s): Row => ({
      period: s.period,
      from: s.from,
      to: s.to,
      future: false,
      partial: false,
      neutralised: s.neutralised,
      came: s.arrivals ?? null,
      said: s.said ?? null,
      saidRange: s.said_range ?? null,
      mean: null,
      base: null,
      r80: null,
      r95: null,
      before: null
    })
  );
  const next = d.next.map(
    (s): Row => ({
      period: s.period,
      from: s.from,
      to: s.to,
      future: true,
      partial: s.partial,
      neutralised: false,
      came: null,
      said: null,
      saidRange: null,
      mean: s.mean,
      base: s.base,
      r80: s.range_80,
      r95: s.range_95,
      before: s.year_before ?? null
    })
  );
  return [...past.filter((p) => p.period !== first), ...next];
}

const NEAR: Record<string, [number, number]> = { day: [28, 42], week: [9, 14], month: [6, 6] };
const YEAR: Record<string, number> = { day: 365, week: 52, month: 12 };

/** The steps on view: the near future, a year behind all of the future, or everything. */
export function seen(rows: readonly Row[], view: View, grain: string): Row[] {
  const at = rows.findIndex((r) => r.future);
  const cut = at < 0 ? rows.length : at;
  if (view === 'tout') return [...rows];
  const [back, ahead] = view === 'proche' ? (NEAR[grain] ?? [9, 14]) : [YEAR[grain] ?? 52, Infinity];
  return rows.slice(Math.max(0, cut - back), Math.min(rows.length, cut + ahead));
}

const DAY = 86_400_000;
const days = (a: string, b: string): number => ((civil(b)?.getTime() ?? 0) - (civil(a)?.getTime() ?? 0)) / DAY;

/** Where a day starts on an axis of steps: 2.5 is the middle of the third step; `null` outside. */
export function placeOf(rows: readonly Pick<Row, 'from' | 'to'>[], day: string): number | null {
  const i = rows.findIndex((r) => r.from <= day && day <= r.to);
  if (i < 0) return null;
  const r = rows[i]!;
  return i + days(r.from, day) / (days(r.from, r.to) + 1);
}

export interface Bar {
  span: Span;
  /** Start and end in steps, cut at the ends of the axis. */
  x0: number;
  x1: number;
  /** Line of the lane: spans that overlap stand one under the other. */
  line: number;
}

/** The spans of a kind on the axis, on as few lines as keep them apart. */
export function laneOf(rows: readonly Pick<Row, 'from' | 'to'>[], spans: readonly Span[], kind: string): Bar[] {
  const first = rows[0]?.from;
  const last = rows.at(-1)?.to;
  if (!first || !last) return [];
  const ends: number[] = [];
  return spans
    .filter((s) => s.kind === kind && s.to >= first && s.from <= last)
    .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
    .map((span) => {
      const x0 = span.from <= first ? 0 : (placeOf(rows, span.from) ?? 0);
      const end = span.to >= last ? null : placeOf(rows, span.to);
      const of = end === null ? null : rows[Math.floor(end)];
      // A day lasts until its evening.
      const x1 = end === null || !of ? rows.length : end + 1 / (days(of.from, of.to) + 1);
      let line = ends.findIndex((e) => e <= x0 + 1e-9);
      if (line < 0) line = ends.push(0) - 1;
      ends[line] = x1;
      return { span, x0, x1: Math.max(x1, x0), line };
    });
}

/** The spans and days off that touch a step. */
export function namedIn(row: Pick<Row, 'from' | 'to'>, spans: readonly Span[], off: readonly DayOff[]): { spans: Span[]; off: DayOff[] } {
  return {
    spans: spans.filter((s) => s.from <= row.to && s.to >= row.from),
    off: off.filter((o) => o.day >= row.from && o.day <= row.to)
  };
}

/** Whole numbers that add up to the rounded total: the largest remainders are rounded up. */
export function whole(values: readonly number[], total: number): number[] {
  const floors = values.map(Math.floor);
  let left = Math.round(total) - floors.reduce((a, b) => a + b, 0);
  const order = values.map((v, i) => ({ i, rest: v - Math.floor(v) })).sort((a, b) => b.rest - a.rest || a.i - b.i);
  // Parts that do not add up are shown as they are: nothing is forced by more than rounding.
  if (left < 0 || left > values.length) return values.map(Math.round);
  for (const { i } of order) {
    if (left <= 0) break;
    floors[i]! += 1;
    left -= 1;
  }
  return floors;
}

/** Relative change; `null` when there is nothing to compare with. */
export const change = (now: number | null | undefined, before: number | null | undefined): number | null =>
  now === null || now === undefined || !before ? null : now / before - 1;

/** Whether zero lies outside the interval: the effect is more than chance. */
export const sure = (e: Pick<Effect, 'range'>): boolean => e.range.low > 0 || e.range.high < 0;

/** What is declared in the rules, and how the name of its effect begins. */
const DECLARED: Record<string, string> = { campaign: 'campaign', event: 'shock' };
export const isDeclared = (s: Pick<Span, 'kind'>): boolean => s.kind in DECLARED;

/** Whether an effect is that of a span: a campaign and an event may bear the same name. */
export const isEffectOf = (e: Pick<Effect, 'id' | 'name'>, s: Span): boolean =>
  isDeclared(s) ? e.id === `${DECLARED[s.kind]}:${s.name.fr}` : e.name.fr === s.name.fr;

/** Whether an event has no end: it is then given up to the last day shown. */
export const lasts = (d: Pick<Foresight, 'next'>, s: Span): boolean => s.kind === 'event' && s.to === d.next.at(-1)?.to;

export interface Driver {
  effect: Effect;
  /** What is to come and has this effect. */
  span: Span | null;
}

/** What moves the future most: campaigns and events to come first, then school holidays, then the days off to come, each only if more than chance. */
export function drivers(d: Pick<Foresight, 'effects' | 'spans' | 'days_off' | 'next'>, most = 2): Driver[] {
  const from = d.next[0]?.from;
  const to = d.next.at(-1)?.to;
  if (!from || !to) return [];
  const ahead = d.spans.filter((s) => s.kind !== 'neutralised' && s.to >= from && s.from <= to);
  const off = new Set(d.days_off.filter((o) => o.day >= from && o.day <= to).map((o) => o.name.fr));
  const rank = (s: Span | null) => (s === null ? 2 : isDeclared(s) ? 0 : 1);
  return d.effects
    .filter(sure)
    .map((effect) => ({ effect, span: ahead.find((s) => isEffectOf(effect, s)) ?? null }))
    .filter((x) => x.span !== null || off.has(x.effect.name.fr))
    .toSorted((a, b) => rank(a.span) - rank(b.span) || Math.abs(b.effect.size) - Math.abs(a.effect.size))
    .slice(0, most);
}

export interface Judged {
  rows: (PastStep & { arrivals: number; said: number })[];
  n: number;
  /** Mean absolute error, in items a step. */
  error: number;
  /** The same over what came. */
  share: number | null;
  /** Above zero, more was said than came. */
  bias: number | null;
  /** Steps inside the band, of those that had one. */
  inside: number;
  banded: number;
}

/** What was really wrong over the last year; `null` when nothing was said. */
export function lastYear(past: readonly PastStep[], grain: string): Judged | null {
  const rows = past
    .slice(-(YEAR[grain] ?? 52))
    .filter((s): s is Judged['rows'][number] => s.arrivals != null && s.said != null && !s.neutralised);
  if (rows.length === 0) return null;
  const came = rows.reduce((a, s) => a + s.arrivals, 0);
  const off = rows.reduce((a, s) => a + Math.abs(s.said - s.arrivals), 0);
  const banded = rows.filter((s) => s.said_range);
  return {
    rows,
    n: rows.length,
    error: off / rows.length,
    share: came > 0 ? off / came : null,
    bias: came > 0 ? rows.reduce((a, s) => a + s.said - s.arrivals, 0) / came : null,
    inside: banded.filter((s) => s.arrivals >= s.said_range!.low && s.arrivals <= s.said_range!.high).length,
    banded: banded.length
  };
}

/** The week where the chance to be above the threshold is greatest. */
export function worst(steps: readonly StockStep[]): StockStep | null {
  return steps.reduce<StockStep | null>(
    (w, s) => (s.above_threshold != null && s.above_threshold > (w?.above_threshold ?? -1) ? s : w),
    null
  );
}

/** A round step for a slider over so many values. */
export function stepFor(most: number): number {
  const raw = most / 200;
  if (raw <= 2) return 1;
  const p = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((k) => k * p).find((k) => k >= raw) ?? 10 * p;
}

/** How far a band is from what it promises, in points: two are forgiven. */
export function holds(c: { level: number; held?: number | null }): 'keeps' | 'narrow' | 'wide' | null {
  if (c.held == null) return null;
  const off = c.held - c.level;
  return Math.abs(off) <= 0.02 + 1e-9 ? 'keeps' : off < 0 ? 'narrow' : 'wide';
}
