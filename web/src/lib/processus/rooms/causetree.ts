/** The cause tree of a workshop: seven families, causes under causes, votes and facts; every change gives a new list. */
import type { Cause } from '../types-rooms';

export const FAMILIES = ['people', 'methods', 'materials', 'machines', 'environment', 'measurement', 'management'] as const;
export type Family = (typeof FAMILIES)[number];

export interface Branch {
  cause: Cause;
  under: Branch[];
}

/** Causes of a family as a tree, in the order they were written; one whose parent is gone, or is its own, stands under the family. */
export function tree(causes: readonly Cause[], family: string): Branch[] {
  const own = causes.filter((c) => c.family === family);
  const ids = new Set(own.map((c) => c.id));
  const parent = new Map(own.map((c) => [c.id, c.under != null && ids.has(c.under) ? c.under : null]));
  const rooted = (id: number): boolean => {
    const seen = new Set<number>();
    for (let at: number | null | undefined = id; at != null; at = parent.get(at)) {
      if (seen.has(at)) return false;
      seen.add(at);
    }
    return true;
  };
  for (const c of own) if (!rooted(c.id)) parent.set(c.id, null);
  const grow = (under: number | null): Branch[] => own.filter((c) => parent.get(c.id) === under).map((cause) => ({ cause, under: grow(cause.id) }));
  return grow(null);
}

/** A tree read from top to bottom, with the depth of each cause. */
export function flat(branches: readonly Branch[], depth = 0): { cause: Cause; depth: number }[] {
  return branches.flatMap((b) => [{ cause: b.cause, depth }, ...flat(b.under, depth + 1)]);
}

/** A number that no cause bears. */
export const nextId = (causes: readonly Cause[]): number => causes.reduce((a, c) => Math.max(a, c.id), 0) + 1;

export function added(causes: readonly Cause[], family: string, under: number | null = null): Cause[] {
  return [...causes, { id: nextId(causes), under, family, text: '', votes: 0, facts: [] }];
}

const changed = (causes: readonly Cause[], id: number, change: (c: Cause) => Partial<Cause>): Cause[] =>
  causes.map((c) => (c.id === id ? { ...c, ...change(c) } : c));

export const renamed = (causes: readonly Cause[], id: number, text: string): Cause[] => changed(causes, id, () => ({ text }));
export const voted = (causes: readonly Cause[], id: number, by: 1 | -1): Cause[] => changed(causes, id, (c) => ({ votes: Math.max(0, c.votes + by) }));
/** The same fact is attached once. */
export const attached = (causes: readonly Cause[], id: number, fact: string): Cause[] =>
  changed(causes, id, (c) => ({ facts: fact === '' || c.facts.includes(fact) ? c.facts : [...c.facts, fact] }));
export const detached = (causes: readonly Cause[], id: number, fact: string): Cause[] =>
  changed(causes, id, (c) => ({ facts: c.facts.filter((x) => x !== fact) }));

/** The list without a cause and all that hangs from it. */
export function removed(causes: readonly Cause[], id: number): Cause[] {
  const gone = new Set([id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const c of causes)
      if (c.under != null && gone.has(c.under) && !gone.has(c.id)) {
        gone.add(c.id);
        grown = true;
      }
  }
  return causes.filter((c) => !gone.has(c.id));
}

/** Words on at most `lines` lines of about `width` signs; what does not fit ends with an ellipsis. */
export function wrap(text: string, width: number, lines: number): string[] {
  const out: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    const next = line ? `${line} ${word}` : word;
    if (next.length <= width || line === '') {
      line = next;
      continue;
    }
    out.push(line);
    line = word;
  }
  if (line) out.push(line);
  const cut = (s: string) => (s.length > width ? `${s.slice(0, Math.max(1, width - 1)).trimEnd()}…` : s);
  if (out.length <= lines) return out.map(cut);
  const kept = out.slice(0, lines);
  kept[lines - 1] = cut(`${kept[lines - 1]}…`.length > width ? kept[lines - 1]!.slice(0, width - 1) + '…' : `${kept[lines - 1]}…`);
  return kept.map(cut);
}

export interface Twig {
  id: number;
  lines: string[];
  depth: number;
  votes: number;
  facts: number;
  x1: number;
  x2: number;
  y: number;
}
export interface Bone {
  family: Family;
  /** Outer end, where the name stands, and foot on the spine. */
  x: number;
  y: number;
  foot: number;
  top: boolean;
  twigs: Twig[];
  /** Causes that found no room; the list holds them. */
  more: number;
  moreAt: { x: number; y: number };
}
export interface Fish {
  width: number;
  height: number;
  spine: number;
  head: { x: number; y: number; width: number; height: number };
  bones: Bone[];
}

/** Places the bones: four families above the spine, three below, as many causes as there is room for. */
export function fish(causes: readonly Cause[], room = 6): Fish {
  const width = 1240;
  const slot = 38;
  const most = Math.min(room, Math.max(3, ...FAMILIES.map((f) => flat(tree(causes, f)).length)));
  const arm = 34 + most * slot + 14;
  const spine = arm + 34;
  const height = 2 * spine;
  const head = { x: 1030, y: spine - 56, width: 200, height: 112 };
  const lean = 64;
  const bones = FAMILIES.map((family, i): Bone => {
    const top = i % 2 === 0;
    const rank = Math.floor(i / 2);
    // Four above, three below, the latter between the former.
    const foot = top ? 268 + rank * 246 : 391 + rank * 246;
    const y = top ? 28 : height - 28;
    const x = foot - lean;
    const all = flat(tree(causes, family));
    const shown = all.length > most ? all.slice(0, most - 1) : all;
    const at = (j: number) => {
      const dy = 34 + (j + 0.62) * slot;
      const yy = top ? y + dy : y - dy;
      const share = dy / Math.abs(spine - y);
      return { y: yy, x: x + share * lean };
    };
    const twigs = shown.map(({ cause, depth }, j): Twig => {
      const p = at(top ? j : shown.length - 1 - j);
      const x1 = p.x - 206 + Math.min(depth, 3) * 12;
      // Above the spine the bone leans over the words; votes and facts need room at the end of the line.
      const room = p.x - x1 - (top ? 14 : 0) - (cause.votes > 0 ? 18 : 0) - (cause.facts.length > 0 ? 18 : 0);
      return { id: cause.id, lines: wrap(cause.text, Math.floor(room / 6.1), 2), depth, votes: cause.votes, facts: cause.facts.length, x1, x2: p.x, y: p.y };
    });
    const last = at(shown.length);
    return { family, x, y, foot, top, twigs, more: all.length - shown.length, moreAt: { x: last.x - 190, y: last.y } };
  });
  return { width, height, spine, head, bones };
}
