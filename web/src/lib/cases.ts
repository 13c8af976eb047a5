/** Shapes the list of cases. */
import type { Case } from './api/types';

/** How a deadline stands today. */
export type Due = { kind: 'late' | 'soon' | 'later'; days: number } | { kind: 'today' } | { kind: 'none' };

/** `soon` is within five worked days, as everywhere. */
export function dueOf(c: Case): Due {
  const left = c.days_left;
  if (left === null || left === undefined || c.closed) return { kind: 'none' };
  if (left < 0) return { kind: 'late', days: -left };
  if (left === 0) return { kind: 'today' };
  return { kind: left <= 5 ? 'soon' : 'later', days: left };
}

/** Pages of a list: at least one, so that « page 1 sur 1 » can be said. */
export const pageCount = (total: number, perPage: number): number =>
  Math.max(1, Math.ceil(total / Math.max(1, perPage)));

/** Which optional columns have anything to show. */
export function columnsOf(cases: readonly Case[]) {
  const any = (pick: (c: Case) => unknown) => cases.some((c) => !!pick(c));
  return {
    // The same organisation on every line says nothing.
    org: new Set(cases.map((c) => c.org ?? '')).size > 1,
    unit: any((c) => c.unit),
    product: any((c) => c.product),
    channel: any((c) => c.channel),
    due: any((c) => c.due),
    left: cases.some((c) => dueOf(c).kind !== 'none'),
    promised: any((c) => c.half_by ?? c.no_promise),
    returns: any((c) => c.returns)
  };
}
