/** Orders the processes by how much they deserve a workshop, and splits what is known of each from what is not. */
import type { Criterion, Suitability } from '../types-rooms';

/** Highest score first; what is unknown comes last, by name. */
export const ranked = (list: readonly Suitability[], compare: (a: string, b: string) => number): Suitability[] =>
  [...list].sort((a, b) => (b.score ?? -1) - (a.score ?? -1) || compare(a.label || a.process, b.label || b.process));

export const known = (s: Suitability): Criterion[] => s.criteria.filter((c) => c.value != null && c.points != null);
export const unknown = (s: Suitability): Criterion[] => s.criteria.filter((c) => c.value == null || c.points == null);
