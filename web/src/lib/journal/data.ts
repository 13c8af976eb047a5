/** Shapes published periods. */
import type { Publication } from '$lib/api/types';
import { DASH, type Formats } from '$lib/format';

/** Unit of a figure by its stable name. */
export function unitOf(id: string): 'ratio' | 'worked_day' | 'case' {
  if (/rate|in_time|clearance/.test(id)) return 'ratio';
  return /lead_time|age|stock_days/.test(id) ? 'worked_day' : 'case';
}

/** A figure with every digit that tells it from its neighbour: what a difference is about. */
export function writeExact(value: number | null | undefined, unit: string, f: Formats): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const shown = unit === 'ratio' ? value * 100 : value;
  // Six decimals tell any two figures apart that a person could care for; trailing zeros say nothing.
  const digits = Math.min(6, (String(Number(shown.toFixed(6))).split('.')[1] ?? '').length);
  const text = f.num(shown, digits);
  if (unit === 'ratio') return f.lang === 'fr' ? `${text}\u00a0%` : `${text}%`;
  return unit === 'worked_day' ? `${text}\u00a0${f.lang === 'fr' ? 'j' : 'd'}` : text;
}

/** Publications of the same period together, latest period first, latest rank first. */
export interface Published {
  key: string;
  latest: Publication;
  earlier: Publication[];
}
export function byPeriod(list: readonly Publication[]): Published[] {
  const groups = new Map<string, Publication[]>();
  for (const p of list) {
    const key = `${p.process}/${p.period.from}/${p.period.to}`;
    groups.set(key, [...(groups.get(key) ?? []), p]);
  }
  return [...groups]
    .map(([key, all]) => {
      const sorted = [...all].sort((a, b) => b.rank - a.rank);
      return { key, latest: sorted[0]!, earlier: sorted.slice(1) };
    })
    .sort((a, b) => (a.latest.period.to < b.latest.period.to ? 1 : a.latest.period.to > b.latest.period.to ? -1 : a.key < b.key ? -1 : 1));
}
