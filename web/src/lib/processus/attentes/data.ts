/** Shapes the answer of the waits: edges by the time asked, and the presence of people by hour of the week. */
import { total } from '../rooms/causes';
import type { Presence, Span, WaitCauses, WaitEdge, Waits } from '../types-rooms';

export type Clock = 'worked' | 'calendar';

export interface Row {
  from: string | null;
  to: string;
  count: number;
  cases: number;
  span: Span;
  causes: WaitCauses;
  total: number;
  /** Share of all the waiting time; `null` when there is none. */
  share: number | null;
  examples: string[];
}

/** Whether the answer tells worked time: a log of whole days does not. */
export const hasWorked = (w: Waits): boolean => w.worked_causes != null;

export const causesOf = (w: Waits, clock: Clock): WaitCauses =>
  clock === 'worked' && w.worked_causes ? w.worked_causes : w.calendar_causes;

/** Whether anything is told of why cases wait: without starts, people or hours all stays unexplained. */
export const explained = (c: WaitCauses): boolean => total(c) > Math.max(0, c.unexplained_s);

/** Edges with the time asked, longest in all first; ties by name. */
export function rows(w: Waits, clock: Clock): Row[] {
  const whole = total(causesOf(w, clock));
  return w.edges
    .map((e: WaitEdge) => {
      const worked = clock === 'worked' && e.worked && e.worked_causes;
      const span = worked && e.worked ? e.worked : e.calendar;
      const causes = worked && e.worked_causes ? e.worked_causes : e.calendar_causes;
      const sum = total(causes);
      return {
        from: e.from ?? null,
        to: e.to,
        count: e.count,
        cases: e.cases,
        span,
        causes,
        total: sum,
        share: whole > 0 ? sum / whole : null,
        examples: e.examples
      };
    })
    .sort((a, b) => b.total - a.total || (a.from ?? '').localeCompare(b.from ?? '') || a.to.localeCompare(b.to));
}

/** Share of people at work by day (Monday first) and hour; slots of an hour are averaged. */
export function week(p: Presence): number[][] {
  const perDay = Math.round((24 * 60) / p.slot_minutes);
  return Array.from({ length: 7 }, (_, d) =>
    Array.from({ length: 24 }, (_, h) => {
      const from = Math.floor((h * 60) / p.slot_minutes);
      const to = Math.max(from + 1, Math.ceil(((h + 1) * 60) / p.slot_minutes));
      let sum = 0;
      let n = 0;
      for (let s = from; s < to && s < perDay; s++) {
        const v = p.share[d * perDay + s];
        if (v === undefined || !Number.isFinite(v)) continue;
        sum += v;
        n += 1;
      }
      return n > 0 ? sum / n : 0;
    })
  );
}

/** First and last hour at which somebody is seen, so that the grid leaves the night out; the whole day when nobody is. */
export function span(grid: readonly number[][]): [number, number] {
  let first = 24;
  let last = -1;
  for (const day of grid)
    day.forEach((v, h) => {
      if (v < 0.005) return;
      first = Math.min(first, h);
      last = Math.max(last, h);
    });
  return last < 0 ? [0, 23] : [first, last];
}
