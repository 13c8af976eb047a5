/** Conditions of the filter of cases, in words: what is kept, and what that leaves out. */
import type { Formats } from '../format';
import type { Labels } from '../labels/fr';
import type { CaseFilter, Chip } from './casefilter';
import { chips } from './casefilter';
import { duration } from './duration';

/** Identifiers of variants are long: their beginning tells them apart. */
export const shortId = (id: string): string => (id.length > 8 ? id.slice(0, 8) : id);

/**
 * Names as a room reads them: what a file hashed is cut to its beginning, which tells one from another.
 * The whole name stays in what is told by the pointer, and in the tables that are taken away.
 */
export const brief = (text: string): string => text.replace(/(?<![0-9A-Za-z])(?=[0-9a-f]*\d)[0-9a-f]{20,}(?![0-9A-Za-z])/gi, (x) => `${x.slice(0, 8)}…`);

/** What a condition keeps: « avec « Pièce demandée » ». */
export function chipWords(c: Chip, t: Labels, f: Formats): string {
  const w = t.processus.filter;
  switch (c.kind) {
    case 'with':
    case 'without':
      return w[c.kind](c.name);
    case 'variant':
      return w.variant(shortId(c.name));
    case 'path':
    case 'noPath':
      return w[c.kind](c.from, c.to);
    case 'attr':
      return w.attr(c.name, c.values.join(w.attrOr));
    case 'min':
    case 'max':
      return w[c.kind](duration(c.seconds, f));
  }
}

/** What a condition leaves out: « ceux qui ne passent pas par… ». */
function leftOut(c: Chip, t: Labels, f: Formats): string {
  const w = t.processus.filter.out;
  switch (c.kind) {
    case 'with':
    case 'without':
      return w[c.kind](c.name);
    case 'variant':
      return w.variant;
    case 'path':
    case 'noPath':
      return w[c.kind](c.from, c.to);
    case 'attr':
      return w.attr(c.name, c.values.join(t.processus.filter.attrOr));
    case 'min':
    case 'max':
      return w[c.kind](duration(c.seconds, f));
  }
}

/** One sentence saying what is left out; empty when nothing is. */
export function excluded(filter: CaseFilter, t: Labels, f: Formats): string {
  // Several variants are alternatives: those of the others are left out once.
  const parts = [...new Set(chips(filter).map((c) => leftOut(c, t, f)))];
  if (parts.length === 0) return '';
  const w = t.processus.filter;
  const last = parts.pop() ?? '';
  return `${w.excluded} ${parts.length ? `${parts.join(', ')} ${w.and} ` : ''}${last}.`;
}
