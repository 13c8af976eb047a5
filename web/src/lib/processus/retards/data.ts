/** Shapes what goes with lateness for a forest plot: one axis for all factors, whiskers that stay on it. */
import type { Factor } from '../types-rooms';

export type Measure = 'difference' | 'odds';

export interface Whisker {
  /** Position on the axis, 0 to 1. */
  at: number;
  low: number;
  high: number;
  /** The interval goes beyond the axis on that side. */
  cutLow: boolean;
  cutHigh: boolean;
}

/** An axis, its neutral point and its marks, all as shares of its length. */
export interface Axis {
  neutral: number;
  ticks: { at: number; value: number }[];
  place: (v: number) => number;
}

const clamp = (x: number) => Math.max(0, Math.min(1, x));

/** Differences are on a straight axis that holds zero, odds ratios on a logarithmic one that holds one. */
export function axis(factors: readonly Factor[], measure: Measure): Axis {
  if (measure === 'difference') {
    const all = factors.flatMap((f) => [f.difference, ...f.difference_interval]).filter(Number.isFinite);
    const most = Math.max(0.05, ...all.map(Math.abs));
    const step = [0.02, 0.05, 0.1, 0.2, 0.25, 0.5].find((s) => most / s <= 4) ?? 0.5;
    const reach = Math.min(1, Math.ceil(most / step - 1e-9) * step);
    const place = (v: number) => clamp((v + reach) / (2 * reach));
    const n = Math.round(reach / step);
    const ticks = Array.from({ length: 2 * n + 1 }, (_, i) => (i - n) * step).map((value) => ({ value, at: place(value) }));
    return { neutral: 0.5, ticks, place };
  }
  const all = factors.flatMap((f) => [f.odds_ratio ?? 1, ...(f.odds_interval ?? [])]).filter((v) => Number.isFinite(v) && v > 0);
  // Beyond sixteen times, a whisker is cut and says so.
  const most = Math.min(16, Math.max(2, ...all.map((v) => Math.max(v, 1 / v))));
  const reach = Math.ceil(Math.log2(most) - 1e-9);
  const place = (v: number) => (v > 0 ? clamp((Math.log2(v) + reach) / (2 * reach)) : 0);
  const ticks = Array.from({ length: 2 * reach + 1 }, (_, i) => 2 ** (i - reach)).map((value) => ({ value, at: place(value) }));
  return { neutral: 0.5, ticks, place };
}

/** The whisker of a factor; `null` where this measure says nothing of it. */
export function whisker(f: Factor, measure: Measure, a: Axis): Whisker | null {
  const value = measure === 'difference' ? f.difference : f.odds_ratio;
  const interval = measure === 'difference' ? f.difference_interval : f.odds_interval;
  if (value == null || interval == null) return null;
  const [low, high] = interval;
  const first = a.ticks[0]?.value ?? 0;
  const last = a.ticks.at(-1)?.value ?? 0;
  const off = 1e-9;
  return { at: a.place(value), low: a.place(low), high: a.place(high), cutLow: low < first - off, cutHigh: high > last + off };
}

/** Factors in two groups: what is known when the case arrives, what comes on the way. */
export function groups(factors: readonly Factor[], onlySure: boolean): { arrival: Factor[]; underway: Factor[] } {
  const kept = onlySure ? factors.filter((f) => f.significant) : factors;
  return { arrival: kept.filter((f) => f.known_at_arrival), underway: kept.filter((f) => !f.known_at_arrival) };
}
