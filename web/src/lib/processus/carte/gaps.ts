/**
 * Where cases leave the reference model, told on the nodes and links of the map: an activity that was
 * not foreseen is told on the link it came by and on itself; a skipped one on itself alone, since no
 * link of the map shows what was not done.
 */
import type { Deviation } from '../types-rooms';
import { linkKey } from './diff';
import type { Graph } from './graph';

export const READINGS = ['minutes', 'times'] as const;
export type Reading = (typeof READINGS)[number];

export interface Gap {
  /** Times it was done unforeseen, and times it was skipped. */
  unforeseen: number;
  skipped: number;
  /** Worked minutes of the costliest deviation here; cases may have several, so they are not added up. */
  minutes: number | null;
  list: Deviation[];
}
export interface Gaps {
  activities: ReadonlyMap<string, Gap>;
  links: ReadonlyMap<string, Gap>;
}

/** Deviations by activity and by link; the empty name is the start. */
export function gaps(deviations: readonly Deviation[]): Gaps {
  const activities = new Map<string, Gap>();
  const links = new Map<string, Gap>();
  const put = (to: Map<string, Gap>, key: string, d: Deviation) => {
    const gap = to.get(key) ?? { unforeseen: 0, skipped: 0, minutes: null, list: [] };
    if (d.kind === 'skipped') gap.skipped += d.occurrences;
    else gap.unforeseen += d.occurrences;
    if (d.extra_minutes != null) gap.minutes = Math.max(gap.minutes ?? -Infinity, d.extra_minutes);
    gap.list.push(d);
    to.set(key, gap);
  };
  for (const d of deviations) {
    put(activities, d.activity, d);
    if (d.kind !== 'skipped') put(links, linkKey(d.after ?? '', d.activity), d);
  }
  return { activities, links };
}

/** Time is read only where the answer tells some. */
export const hasMinutes = (deviations: readonly Deviation[]): boolean => deviations.some((d) => d.extra_minutes != null);

/** What the ink stands for; nothing where the reading asked for is not told. */
export const gapValue = (g: Gap | undefined, reading: Reading): number | null => {
  if (!g) return null;
  if (reading === 'times') return g.unforeseen + g.skipped;
  return g.minutes !== null && g.minutes > 0 ? g.minutes : null;
};

/** Links of the map on which the heaviest deviations lie, so that they are on view whatever the sliders say. */
export function heaviest(g: Graph, found: Gaps, reading: Reading, most = 12): number[] {
  return g.links
    .flatMap((l) => {
      const v = gapValue(found.links.get(linkKey(g.names[l.from] ?? '', g.names[l.to] ?? '')), reading);
      return v === null ? [] : [{ id: l.id, v }];
    })
    .sort((a, b) => b.v - a.v || a.id - b.id)
    .slice(0, most)
    .map((x) => x.id);
}
