/**
 * The animation: a few cases drawn from the variants on view, each walking its own path at
 * the mean pace of its links. It shows where time goes, not what happened to one case.
 */
import type { Shown, Walk } from './graph';

export interface Token {
  links: readonly number[];
  /** Seconds of animation at which each link is left. */
  ends: readonly number[];
  /** Seconds already walked when the animation begins. */
  ahead: number;
}
export interface Plan {
  tokens: Token[];
  /** Seconds of the process in one second of animation. */
  pace: number;
}

/** A typical case crosses in this long. */
const CROSSING_S = 12;

/**
 * `count` tokens over the variants all of whose links are shown, each variant having its part
 * to the nearest token. `null` when nothing can be walked.
 */
export function plan(known: readonly Walk[], shown: Shown, meanOf: (link: number) => number | null, count = 60): Plan | null {
  const walkable = known.flatMap((w) => (w.links?.every((l) => shown.links[l]) && w.cases > 0 ? [{ links: [...w.links], cases: w.cases }] : []));
  const total = walkable.reduce((n, w) => n + w.cases, 0);
  if (total === 0) return null;
  const timed = walkable.map((w) => {
    const seconds = w.links.map((l) => Math.max(0, meanOf(l) ?? 0));
    return { ...w, seconds, sum: seconds.reduce((a, b) => a + b, 0) };
  });
  const sorted = timed.toSorted((a, b) => a.sum - b.sum);
  let seen = 0;
  const median = sorted.find((w) => (seen += w.cases) * 2 >= total)?.sum ?? 0;
  const pace = median > 0 ? median / CROSSING_S : 1;
  // A link without time is still crossed, or the token would jump.
  const least = 0.35;
  const tokens: Token[] = [];
  let before = 0;
  for (const w of timed) {
    // Evenly spaced draws: as many as fall inside the part of this variant.
    const from = Math.ceil((before / total) * count - 0.5);
    before += w.cases;
    const to = Math.ceil((before / total) * count - 0.5);
    let t = 0;
    const ends = w.seconds.map((s) => (t += Math.max(least, s / pace)));
    for (let i = Math.max(0, from); i < Math.min(count, to); i++) {
      // The golden ratio spreads the tokens of one variant along its path.
      tokens.push({ links: w.links, ends, ahead: ((i * 0.618034) % 1) * t });
    }
  }
  return { tokens, pace };
}

/** Where a token is after `seconds` of animation: its link, and how far along it, 0 to 1. */
export function where(token: Token, seconds: number): { link: number; along: number } {
  const total = token.ends.at(-1) ?? 0;
  const t = total > 0 ? (((token.ahead + seconds) % total) + total) % total : 0;
  let i = 0;
  while (i + 1 < token.ends.length && t >= (token.ends[i] ?? 0)) i += 1;
  const from = i === 0 ? 0 : (token.ends[i - 1] ?? 0);
  const to = token.ends[i] ?? from;
  return { link: token.links[i] ?? -1, along: to > from ? Math.min(1, Math.max(0, (t - from) / (to - from))) : 0 };
}
