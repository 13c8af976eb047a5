/** Shapes the grid of counts typed for one day. */
import type { LedgerRow, TypedCounts } from '../api/types';
import { readWhole } from '../format';

export const MEASURES = [
  'arrivals',
  'settled_human',
  'settled_auto',
  'cancelled',
  'transferred',
  'reopened',
  'stock'
] as const;
export type Measure = (typeof MEASURES)[number];

export interface Line {
  process: string;
  label: string;
  isNew: boolean;
  opening: number | null;
  known: Record<Measure, number | null>;
  typed: Record<Measure, string>;
}

const empty = (): Record<Measure, string> => ({
  arrivals: '',
  settled_human: '',
  settled_auto: '',
  cancelled: '',
  transferred: '',
  reopened: '',
  stock: ''
});

export function line(process: string, label: string, row: LedgerRow | undefined, isNew = false): Line {
  return {
    process,
    label,
    isNew,
    opening: row?.opening ?? null,
    known: {
      arrivals: row?.arrivals ?? null,
      settled_human: row?.settled_human ?? null,
      settled_auto: row?.settled_auto ?? null,
      cancelled: row?.cancelled ?? null,
      transferred: row?.transferred ?? null,
      reopened: row?.reopened ?? null,
      stock: row?.closing ?? null
    },
    typed: empty()
  };
}

/** What a cell will hold once stored: the typed value, else the known one; `NaN` unreadable. */
export function valueOf(l: Line, m: Measure): number | null {
  const typed = readWhole(l.typed[m]);
  return typed === null ? l.known[m] : typed;
}

/** Typed stock minus the stock computed from the day before; `null` when it cannot be known. */
export function gapOf(l: Line): number | null {
  const stock = valueOf(l, 'stock');
  if (l.opening === null || stock === null) return null;
  const v = (m: Measure) => valueOf(l, m) ?? 0;
  const computed =
    l.opening + v('arrivals') - v('settled_human') - v('settled_auto') - v('cancelled') - v('transferred') + v('reopened');
  const gap = stock - computed;
  return Number.isFinite(gap) ? gap : null;
}

/** Cells that are not whole numbers, or negative where a count cannot be. */
export function wrong(l: Line): Measure[] {
  return MEASURES.filter((m) => {
    const v = readWhole(l.typed[m]);
    return v !== null && (!Number.isSafeInteger(v) || v < 0);
  });
}

/** Whether a value already stored would change: a reason is then asked. */
export function corrects(l: Line): boolean {
  return MEASURES.some((m) => {
    const v = readWhole(l.typed[m]);
    return v !== null && l.known[m] !== null && v !== l.known[m];
  });
}

/** The request that stores a line; `null` when nothing was typed. */
export function request(l: Line, day: string, reason: string): TypedCounts | null {
  const values: Partial<Record<Measure, number>> = {};
  for (const m of MEASURES) {
    const v = readWhole(l.typed[m]);
    if (v !== null && Number.isSafeInteger(v)) values[m] = v;
  }
  if (Object.keys(values).length === 0) return null;
  return {
    process: l.process,
    day,
    ...(l.isNew ? { label: l.label } : {}),
    ...values,
    ...(reason.trim() ? { reason: reason.trim() } : {})
  };
}
