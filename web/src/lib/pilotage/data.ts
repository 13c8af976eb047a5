/** Shapes the cockpit for the screen: nothing here touches the page. */
import type { Act, Card, Cockpit, Process, StockRow } from '../api/types';

/** When the stock is back to its target. */
export type Back =
  | { kind: 'in_target' | 'beyond_horizon' | 'no_target' | 'unknown' }
  | { kind: 'on'; day: string };

export function readBack(text: string): Back {
  const on = /^on:(\d{4}-\d{2}-\d{2})$/.exec(text);
  if (on) return { kind: 'on', day: on[1] ?? '' };
  if (text === 'in_target' || text === 'beyond_horizon' || text === 'no_target') return { kind: text };
  return { kind: 'unknown' };
}

/** The longest line of a card gives the scale of its bars. */
export function scale(card: Card): number {
  return Math.max(1, ...card.lines.map((l) => l.count));
}

/** Direction of a change, for its sign, its word and its colour; more late cases is bad. */
export function trend(change: number | null | undefined): 'up' | 'down' | 'same' | 'unknown' {
  if (change === null || change === undefined || !Number.isFinite(change)) return 'unknown';
  return change > 0 ? 'up' : change < 0 ? 'down' : 'same';
}

/** Name of a place to act: process, then product and unit when they narrow it; a name is said once. */
export function place(act: Act): string {
  return [...new Set([act.label, act.product, act.unit].filter((p): p is string => !!p))].join(' · ');
}

/** Lines that have room on a card, and what the others add up to. */
export function cut<T extends { count: number }>(lines: readonly T[], room = 8): { shown: T[]; others: number; count: number } {
  // A line that would say « and 1 other » is the other itself.
  const shown = lines.length <= room + 1 ? [...lines] : lines.slice(0, room);
  const rest = lines.slice(shown.length);
  return { shown, others: rest.length, count: rest.reduce((a, l) => a + l.count, 0) };
}

/** Processes that the totals of late cases leave out, by reason. */
export interface LeftOut {
  why: 'counts' | 'no_target';
  processes: { id: string; label: string }[];
}

export function notCounted(rows: readonly StockRow[], processes: readonly Process[]): LeftOut[] {
  const known = new Map(processes.map((p) => [p.id, p]));
  const why = (r: StockRow): LeftOut['why'] | null => {
    const p = known.get(r.process);
    return p?.source === 'counts' ? 'counts' : p && !p.has_target ? 'no_target' : null;
  };
  return (['no_target', 'counts'] as const)
    .map((k) => ({ why: k, processes: rows.filter((r) => why(r) === k).map((r) => ({ id: r.process, label: r.label })) }))
    .filter((g) => g.processes.length > 0);
}

/** Places to act, those that will miss most first; ties by what is late already. */
export function ordered(acts: readonly Act[]): Act[] {
  return [...acts].sort((a, b) => b.will_miss - a.will_miss || b.overdue - a.overdue);
}

/** Whether the screen has anything to show. */
export function isEmpty(c: Cockpit): boolean {
  return c.state === 'empty' || (c.stocks.length === 0 && c.overdue.lines.length === 0);
}

/** The table of stocks as plain cells, for the clipboard. */
export function stockTable(rows: readonly StockRow[]): (string | number | null | undefined)[][] {
  return rows.map((r) => [
    r.label,
    r.stock.value,
    r.stock_days.value,
    r.back_to_target.replace(/^on:/, ''),
    ...(r.strata?.counts ?? [null, null, null, null, null]),
    r.in_time.value,
    r.oldest.value,
    r.state
  ]);
}
