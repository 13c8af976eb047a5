/** Shapes the answer of the returns: rates by pass and what is done again. */
import type { Pass, Rework, ReworkActivity } from '../types-rooms';

/** A rate keeps its two numbers; `null` without a denominator. */
export const rate = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** Cases done right the first time. */
export const firstPass = (r: Rework): number | null => rate(r.clean_cases, r.cases);

/** Return rate of the first pass, whatever the cause; `null` when no pass is told. */
export function returned(r: Rework): { rate: number | null; of: number } | null {
  const first = r.passes.find((p) => p.pass === 1);
  return first ? { rate: rate(first.returned, first.cases), of: first.cases } : null;
}

/** Passes 1 to the last one told, by number; a gap stays unknown. */
export function passLine(passes: readonly Pass[], most: number): ({ rate: number | null; cases: number; returned: number } | null)[] {
  const by = new Map(passes.map((p) => [p.pass, p]));
  return Array.from({ length: most }, (_, i) => {
    const p = by.get(i + 1);
    return p ? { rate: rate(p.returned, p.cases), cases: p.cases, returned: p.returned } : null;
  });
}

/** How many passes the tables show: all that have cases, five at most. */
export function passesShown(r: Rework, most = 5): number {
  const all = [r.passes, ...r.causes.map((c) => c.passes)].flat().filter((p) => p.cases > 0);
  return Math.min(most, Math.max(0, ...all.map((p) => p.pass)));
}

/** Activities done again at least once. */
export const repeated = (r: Rework): ReworkActivity[] => r.activities.filter((a) => a.repeats > 0);
