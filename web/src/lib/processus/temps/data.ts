/** Shapes the times of activities: boxes on one axis per activity, and the costs with their idle part apart. */
import type { Cost, Costs, UnitTimeMeasure } from '../types-rooms';

export interface Group {
  activity: string;
  /** All products first, then products by name. */
  rows: UnitTimeMeasure[];
  /** Longest time drawn for the activity, in minutes. */
  most: number;
}

const drawn = (m: UnitTimeMeasure): number[] =>
  [m.p90_min, m.p75_min, m.median_min, m.configured_min].filter((v): v is number => v != null && Number.isFinite(v));

/** Measures by activity, in the order given; each activity has its own axis. */
export function groups(times: readonly UnitTimeMeasure[], compare: (a: string, b: string) => number): Group[] {
  const by = new Map<string, UnitTimeMeasure[]>();
  for (const m of times) by.set(m.activity, [...(by.get(m.activity) ?? []), m]);
  return [...by].map(([activity, rows]) => ({
    activity,
    rows: [...rows].sort((a, b) => (a.product == null ? (b.product == null ? 0 : -1) : b.product == null ? 1 : compare(a.product, b.product))),
    most: Math.max(0, ...rows.flatMap(drawn))
  }));
}

export interface Box {
  p25: number;
  median: number;
  p75: number;
  p90: number | null;
  configured: number | null;
}

/** Places of a box in percent of the axis; `null` when the quartiles are not told. */
export function box(m: UnitTimeMeasure, most: number): Box | null {
  if (m.p25_min == null || m.median_min == null || m.p75_min == null || !(most > 0)) return null;
  const at = (v: number) => Math.max(0, Math.min(100, (v / most) * 100));
  return {
    p25: at(m.p25_min),
    median: at(m.median_min),
    p75: at(m.p75_min),
    p90: m.p90_min == null ? null : at(m.p90_min),
    configured: m.configured_min == null ? null : at(m.configured_min)
  };
}

/** Measured against configured, as a share of what is configured; `null` where either is unknown. */
export const gap = (m: UnitTimeMeasure): number | null =>
  m.median_min != null && m.configured_min != null && m.configured_min > 0 ? m.median_min / m.configured_min - 1 : null;

/** Minutes to type in the configuration: the trimmed mean, which adds up to hours of work as a median does not. */
export const proposed = (m: UnitTimeMeasure): number | null => m.trimmed_mean_min ?? m.median_min ?? null;

/** Cost of one; `null` without any. */
export const each = (c: Cost): number | null => (c.count > 0 ? c.cents / c.count : null);

/** Of the hours paid, what went to cases and what did not, as shares; `null` when the hours paid are unknown. */
export function capacity(c: Costs): { spent: number; idle: number; spentShare: number | null; idleShare: number | null } | null {
  if (c.paid_cents == null || c.idle_cents == null) return null;
  const spent = c.paid_cents - c.idle_cents;
  const share = (v: number) => (c.paid_cents ? v / c.paid_cents : null);
  return { spent, idle: c.idle_cents, spentShare: share(spent), idleShare: share(c.idle_cents) };
}
