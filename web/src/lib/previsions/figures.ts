/** Figures of this page, with the same explanation as any other. */
import type { Figure, Foresight, Range, Text } from '../api/types';
import { en } from '../labels/en';
import { fr } from '../labels/fr';

export const both = (pick: (l: typeof fr) => string): Text => ({ fr: pick(fr), en: pick(en) });

export function made(
  d: Foresight,
  id: string,
  label: Text,
  formula: Text,
  value: number | null | undefined,
  more: { unit?: string; range?: Range | null; reason?: Text | null; n?: number } = {}
): Figure {
  return {
    id,
    label,
    value: value ?? null,
    unit: more.unit ?? 'case',
    n: more.n ?? d.past.reduce((a, s) => a + (s.arrivals ?? 0), 0),
    interval: more.range ? [more.range.low, more.range.high] : null,
    formula_version: `${id}@1`,
    formula,
    period: { from: d.past[0]?.from ?? d.basis.as_of, to: d.last_day ?? d.basis.as_of },
    perimeter: '',
    exclusions: [],
    fresh_at: d.basis.fresh_at,
    snapshot: null,
    reason: more.reason ?? null,
    change: null,
    cases: null
  };
}
