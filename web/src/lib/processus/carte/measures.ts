/** What the map measures on nodes and links, and how much ink each value gets. */
import type { Formats } from '../../format';
import { duration, worked } from '../duration';
import type { MapActivity, MapEdge, Span } from '../types';

export const MEASURES = ['count', 'cases', 'mean', 'median', 'p90', 'total'] as const;
export type Measure = (typeof MEASURES)[number];
export const CLOCKS = ['calendar', 'worked'] as const;
export type Clock = (typeof CLOCKS)[number];

export const isTime = (m: Measure): m is 'mean' | 'median' | 'p90' | 'total' => m !== 'count' && m !== 'cases';

const FIELD = { mean: 'mean_s', median: 'median_s', p90: 'p90_s', total: 'total_s' } as const;
const ofSpan = (span: Span | null | undefined, m: keyof typeof FIELD): number | null => span?.[FIELD[m]] ?? null;

/** Value of a node: occurrences, cases, or the time spent on it (unknown without starts). */
export function nodeValue(a: MapActivity, m: Measure, clock: Clock): number | null {
  if (m === 'count') return a.events;
  if (m === 'cases') return a.cases;
  return ofSpan(clock === 'worked' ? a.worked_touch : a.touch, m);
}

/** Value of a link: times followed, cases, or the time between the two. */
export function linkValue(e: MapEdge, m: Measure, clock: Clock): number | null {
  if (m === 'count') return e.count;
  if (m === 'cases') return e.cases;
  return ofSpan(clock === 'worked' ? e.worked : e, m);
}

export function say(v: number | null, m: Measure, clock: Clock, f: Formats): string {
  if (!isTime(m)) return f.num(v);
  return clock === 'worked' ? worked(v, f) : duration(v, f);
}

/**
 * Five levels of ink, 0 to 4. Counts by their square root, so that small ones are still told
 * apart; times by their logarithm, since they range from minutes to months.
 */
export function levels(values: readonly (number | null)[], time: boolean): (v: number | null) => number {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v) && v > 0);
  if (known.length === 0) return () => 0;
  const scale = time ? (v: number) => Math.log(v) : (v: number) => Math.sqrt(v);
  let low = Infinity;
  let high = -Infinity;
  for (const v of known) {
    low = Math.min(low, scale(v));
    high = Math.max(high, scale(v));
  }
  if (!time) low = 0;
  return (v) => {
    if (v === null || !(v > 0)) return 0;
    if (high - low < 1e-9) return time ? 0 : 4;
    return Math.max(0, Math.min(4, Math.floor(((scale(v) - low) / (high - low)) * 5)));
  };
}

/** Width of a link, 1 to 9, by how often it is followed. */
export function widths(counts: readonly number[]): (n: number) => number {
  const most = counts.reduce((m, n) => Math.max(m, n), 1);
  return (n) => Math.round((1.2 + 7.3 * Math.sqrt(Math.max(0, n) / most)) * 10) / 10;
}
