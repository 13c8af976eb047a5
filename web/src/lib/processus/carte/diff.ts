/**
 * Two maps side by side: what is only in one, more or less frequent, faster or slower.
 *
 * Frequencies are per 100 cases of each side, so that a small body and a large one compare.
 */
import type { MapActivity, MapEdge, ProcessMap, Span } from '../types';
import type { Clock } from './measures';

export type Kind = 'here' | 'there' | 'more' | 'less' | 'same';

export interface Side {
  /** Occurrences, and occurrences per 100 cases. */
  count: number;
  per100: number;
  /** Median seconds, where they are known. */
  median: number | null;
}
export interface Difference {
  /** Empty names are the start and the end. */
  from: string;
  to: string;
  /** An activity has no `to`. */
  activity: boolean;
  here: Side | null;
  there: Side | null;
  kind: Kind;
  /** Per 100 cases, here less there. */
  delta: number;
  /** Median seconds here less there; `null` when one side is unknown. */
  slower: number | null;
}

/** Under one occurrence per 100 cases, or a tenth of the larger, the two are said alike. */
export const LEAST = { points: 1, share: 0.1 } as const;

export const linkKey = (from: string, to: string): string => `${from}\u0000${to}`;

const per = (count: number, cases: number) => (cases > 0 ? (100 * count) / cases : 0);
const median = (calendar: Span | null | undefined, worked: Span | null | undefined, clock: Clock) =>
  (clock === 'worked' ? worked : calendar)?.median_s ?? null;

function judge(from: string, to: string, activity: boolean, here: Side | null, there: Side | null): Difference {
  const a = here?.per100 ?? 0;
  const b = there?.per100 ?? 0;
  const delta = a - b;
  const small = Math.abs(delta) < LEAST.points || Math.abs(delta) < LEAST.share * Math.max(a, b);
  const kind: Kind = !there ? 'here' : !here ? 'there' : small ? 'same' : delta > 0 ? 'more' : 'less';
  const known = here?.median != null && there?.median != null;
  return { from, to, activity, here, there, kind, delta, slower: known ? here.median! - there.median! : null };
}

export interface Comparison {
  activities: ReadonlyMap<string, Difference>;
  links: ReadonlyMap<string, Difference>;
  /** Both maps as one, to be laid out: each count is the larger of the two sides, per 10,000 cases. */
  union: Pick<ProcessMap, 'activities' | 'edges' | 'start' | 'end' | 'cases'>;
  /** All differences, the largest first. */
  rows: Difference[];
}

export function compare(a: ProcessMap, b: ProcessMap, clock: Clock): Comparison {
  const activities = new Map<string, Difference>();
  const links = new Map<string, Difference>();
  const node = (m: ProcessMap, x: MapActivity | undefined): Side | null =>
    x && x.events > 0 ? { count: x.events, per100: per(x.events, m.cases), median: median(x.touch, x.worked_touch, clock) } : null;
  const edge = (m: ProcessMap, x: MapEdge | undefined): Side | null =>
    x && x.count > 0 ? { count: x.count, per100: per(x.count, m.cases), median: median(x, x.worked, clock) } : null;
  const cap = (m: ProcessMap, n: number | undefined): Side | null => (n ? { count: n, per100: per(n, m.cases), median: null } : null);

  const byName = (m: ProcessMap) => new Map(m.activities.map((x) => [x.name, x]));
  const [na, nb] = [byName(a), byName(b)];
  for (const name of new Set([...na.keys(), ...nb.keys()])) {
    activities.set(name, judge(name, '', true, node(a, na.get(name)), node(b, nb.get(name))));
  }
  const byPair = (m: ProcessMap) => new Map(m.edges.map((x) => [linkKey(x.from, x.to), x]));
  const [ea, eb] = [byPair(a), byPair(b)];
  for (const key of new Set([...ea.keys(), ...eb.keys()])) {
    const [from = '', to = ''] = key.split('\u0000');
    links.set(key, judge(from, to, false, edge(a, ea.get(key)), edge(b, eb.get(key))));
  }
  for (const name of new Set([...Object.keys(a.start), ...Object.keys(b.start)])) {
    links.set(linkKey('', name), judge('', name, false, cap(a, a.start[name]), cap(b, b.start[name])));
  }
  for (const name of new Set([...Object.keys(a.end), ...Object.keys(b.end)])) {
    links.set(linkKey(name, ''), judge(name, '', false, cap(a, a.end[name]), cap(b, b.end[name])));
  }

  const size = (d: Difference) => Math.max(1, Math.round(100 * Math.max(d.here?.per100 ?? 0, d.there?.per100 ?? 0)));
  const zero = { mean_s: 0, median_s: 0, p90_s: 0, total_s: 0 };
  const inner = [...links.values()].filter((d) => d.from !== '' && d.to !== '');
  const caps = (side: 'from' | 'to') =>
    Object.fromEntries([...links.values()].flatMap((d) => (d[side] === '' ? [[side === 'from' ? d.to : d.from, size(d)]] : [])));
  const rows = [...activities.values(), ...links.values()].sort(
    (x, y) => Math.abs(y.delta) - Math.abs(x.delta) || (x.from < y.from ? -1 : x.from > y.from ? 1 : x.to < y.to ? -1 : x.to > y.to ? 1 : 0)
  );
  return {
    activities,
    links,
    rows,
    union: {
      activities: [...activities.values()].map((d) => ({ name: d.from, events: size(d), cases: size(d) })),
      edges: inner.map((d) => ({ ...zero, from: d.from, to: d.to, count: size(d), cases: size(d) })),
      start: caps('from'),
      end: caps('to'),
      cases: 10_000
    }
  };
}
