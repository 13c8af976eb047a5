/** Shapes the ledger, the delays and the cumulative flow for their charts and cards. */
import type { Bin, Figure, Flow, LedgerRow, Text } from '../api/types';

type Amount =
  | 'opening'
  | 'arrivals'
  | 'settled_human'
  | 'settled_auto'
  | 'cancelled'
  | 'transferred'
  | 'reopened'
  | 'corrections'
  | 'gap'
  | 'closing';
export const AMOUNTS: Amount[] = [
  'opening',
  'arrivals',
  'settled_human',
  'settled_auto',
  'cancelled',
  'transferred',
  'reopened',
  'corrections',
  'gap',
  'closing'
];

/** Unknown plus known is known; unknown plus unknown stays unknown. */
export function add(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a === null || a === undefined) return b ?? null;
  if (b === null || b === undefined) return a;
  return a + b;
}

/** One row per period, whatever the grouping. */
export function byPeriod(rows: readonly LedgerRow[]): LedgerRow[] {
  const out = new Map<string, LedgerRow>();
  for (const r of rows) {
    const known = out.get(r.period);
    if (!known) {
      out.set(r.period, { ...r });
      continue;
    }
    for (const k of AMOUNTS) known[k] = add(known[k], r[k]);
    known.neutralised = !!known.neutralised && !!r.neutralised;
    known.partial = !!known.partial || !!r.partial;
  }
  return [...out.values()];
}

/** What went out settled, by a person or not. */
export const output = (r: LedgerRow): number | null => add(r.settled_human, r.settled_auto);

/** Mean over the periods that are over and not neutralised; `null` without any. */
export function meanOf(rows: readonly LedgerRow[], pick: (r: LedgerRow) => number | null | undefined): {
  mean: number | null;
  sum: number | null;
  n: number;
} {
  let sum: number | null = null;
  let n = 0;
  for (const r of rows) {
    if (r.partial || r.neutralised) continue;
    const v = pick(r);
    if (v === null || v === undefined) continue;
    sum = (sum ?? 0) + v;
    n += 1;
  }
  return { mean: sum === null || n === 0 ? null : sum / n, sum, n };
}

/** A figure made on this page from the ledger, with the same explanation as any other. */
export function ledgerMean(
  id: string,
  label: Text,
  formula: Text,
  reason: Text,
  rows: readonly LedgerRow[],
  pick: (r: LedgerRow) => number | null | undefined,
  basis: Figure | undefined
): Figure {
  const { mean, sum, n } = meanOf(rows, pick);
  return {
    id,
    label,
    value: mean,
    numerator: sum,
    denominator: n,
    unit: 'case',
    n: sum ?? 0,
    interval: null,
    formula_version: `${id}@1`,
    formula,
    period: { from: rows[0]?.from ?? '', to: rows.at(-1)?.to ?? '' },
    perimeter: basis?.perimeter ?? '',
    exclusions: [],
    fresh_at: basis?.fresh_at,
    snapshot: basis?.snapshot,
    reason: mean === null ? reason : null,
    change: null,
    cases: null
  };
}

export const figureOf = (flow: Flow, id: string): Figure | undefined => flow.figures.find((f) => f.id === id);

/** Positions of the axis that carry a label: the first period of each month on long axes. */
export function monthStarts(days: readonly string[]): Set<number> {
  const starts = new Set<number>();
  let seen = '';
  days.forEach((d, i) => {
    const m = d.slice(0, 7);
    // A week that straddles two months belongs to the month of its first day.
    if (m !== seen && i > 0) starts.add(i);
    seen = m;
  });
  return starts;
}

/** Which group a row belongs to, when the ledger is grouped. */
export function groupOf(r: LedgerRow, by: string | undefined): string | null {
  if (!by) return null;
  const key = by.split(',')[0] as 'process' | 'org' | 'unit' | 'product' | 'channel';
  return r[key] ?? '';
}

/** The rows of the last periods, whole. */
export function latest(rows: readonly LedgerRow[], periods: number): LedgerRow[] {
  const kept = new Set([...new Set(rows.map((r) => r.period))].slice(-periods));
  return rows.filter((r) => kept.has(r.period));
}

/** Shares of a distribution, and shares up to each bar; `null` when it is empty. */
export function distribution(bins: readonly Bin[]): { share: number | null; upTo: number | null }[] {
  const total = bins.reduce((a, b) => a + b.count, 0);
  let run = 0;
  return bins.map((b) => {
    run += b.count;
    return total > 0 ? { share: b.count / total, upTo: run / total } : { share: null, upTo: null };
  });
}

/** Position of a delay on the axis of the bars, so that a target can be drawn at its place. */
export function positionOf(bins: readonly Bin[], days: number): number | null {
  const i = bins.findIndex((b) => days >= b.from && (b.to === null || b.to === undefined || days <= b.to));
  return i < 0 ? null : i;
}
