/** Shapes the answer of the conformance: marks of the diagram, deviations in their order, what the model lacks. */
import type { ActivityFit, Conformance, Deviation } from '../types-rooms';

export interface Mark {
  activity: string;
  fitting: number;
  skipped: number;
  unforeseen: number;
  /** Share of the times it was met that went as foreseen; `null` when never met. */
  share: number | null;
}

const mark = (a: ActivityFit): Mark => {
  const all = a.fitting + a.skipped + a.unforeseen;
  return { activity: a.activity, fitting: a.fitting, skipped: a.skipped, unforeseen: a.unforeseen, share: all > 0 ? a.fitting / all : null };
};

/** What to paint on each activity, by its name. */
export const marks = (c: Conformance | null): Map<string, Mark> => new Map((c?.activities ?? []).map((a) => [a.activity, mark(a)]));

/** Activities done that the diagram does not hold, most met first. */
export function absent(c: Conformance | null, inModel: ReadonlySet<string>): Mark[] {
  if (!c || inModel.size === 0) return [];
  return c.activities
    .filter((a) => !inModel.has(a.activity) && a.unforeseen > 0)
    .map(mark)
    .sort((a, b) => b.unforeseen - a.unforeseen || a.activity.localeCompare(b.activity));
}

/** Costliest first: minutes when they are told, then cases, then names. */
export const ranked = (list: readonly Deviation[]): Deviation[] =>
  [...list].sort(
    (a, b) => (b.extra_minutes ?? -1) - (a.extra_minutes ?? -1) || b.cases - a.cases || a.activity.localeCompare(b.activity) || a.kind.localeCompare(b.kind) || (a.after ?? '').localeCompare(b.after ?? '')
  );

/** A file name made of the name of a model. */
export const fileName = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase() || 'modele';
