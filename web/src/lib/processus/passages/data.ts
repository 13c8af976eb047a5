/** Shapes the hand-overs: the matrix of those that matter, and how many times a case changes hands. */
import type { Handovers } from '../types-rooms';

export interface Matrix {
  names: string[];
  /** `cells[i][j]`: hand-overs from `names[i]` to `names[j]`. */
  cells: number[][];
  out: number[];
  in: number[];
  most: number;
  /** Names left to the list. */
  left: number;
}

/** The matrix of the `most` names that hand or take over most; ties by name. */
export function matrix(h: Handovers, most = 20): Matrix {
  const volume = new Map<string, number>(h.names.map((n) => [n, 0]));
  for (const x of h.handovers) {
    volume.set(x.from, (volume.get(x.from) ?? 0) + x.count);
    volume.set(x.to, (volume.get(x.to) ?? 0) + x.count);
  }
  const ranked = [...volume].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([n]) => n);
  const names = ranked.slice(0, most);
  const at = new Map(names.map((n, i) => [n, i]));
  const cells = names.map(() => names.map(() => 0));
  for (const x of h.handovers) {
    const i = at.get(x.from);
    const j = at.get(x.to);
    const row = i === undefined ? undefined : cells[i];
    if (row && j !== undefined) row[j] = (row[j] ?? 0) + x.count;
  }
  return {
    names,
    cells,
    out: cells.map((r) => r.reduce((a, b) => a + b, 0)),
    in: names.map((_, j) => cells.reduce((a, r) => a + (r[j] ?? 0), 0)),
    most: Math.max(0, ...cells.flat()),
    left: ranked.length - names.length
  };
}

export interface PerCase {
  /** Number of hand-overs; the last row gathers those above. */
  from: number;
  open: boolean;
  cases: number;
  share: number | null;
}

/** Cases by number of hand-overs; what comes after `most` rows is gathered. */
export function perCase(counts: readonly number[], most = 9): PerCase[] {
  const total = counts.reduce((a, b) => a + b, 0);
  let last = counts.length;
  while (last > 0 && !counts[last - 1]) last -= 1;
  const kept = counts.slice(0, last);
  const share = (n: number) => (total > 0 ? n / total : null);
  const head = kept.slice(0, kept.length > most ? most - 1 : most).map((cases, from) => ({ from, open: false, cases, share: share(cases) }));
  if (kept.length <= most) return head;
  const rest = kept.slice(most - 1).reduce((a, b) => a + b, 0);
  return [...head, { from: most - 1, open: true, cases: rest, share: share(rest) }];
}

/** Mean number of hand-overs of a case; `null` without cases. */
export function meanPerCase(counts: readonly number[]): number | null {
  const n = counts.reduce((a, b) => a + b, 0);
  return n > 0 ? counts.reduce((a, c, i) => a + c * i, 0) / n : null;
}
