/** The six causes of a wait, in one order everywhere, and their shares. */
import type { CauseShares, WaitCauses } from '../types-rooms';

export const CAUSES = ['contention', 'unavailability', 'batching', 'prioritisation', 'held', 'unexplained'] as const;
export type CauseKey = (typeof CAUSES)[number];

export interface Part {
  key: CauseKey;
  seconds: number;
  /** Share of the whole; `null` when nothing waits. */
  share: number | null;
  /** Start and length in percent of the bar. */
  x: number;
  width: number;
}

const read = (c: WaitCauses, key: CauseKey): number => Math.max(0, c[`${key}_s`]);

export const total = (c: WaitCauses | null | undefined): number => (c ? CAUSES.reduce((a, k) => a + read(c, k), 0) : 0);

/** A wait of so many seconds, told as the shares of its causes. */
export const spent = (shares: CauseShares, seconds: number): WaitCauses => ({
  contention_s: shares.contention * seconds,
  unavailability_s: shares.unavailability * seconds,
  batching_s: shares.batching * seconds,
  prioritisation_s: shares.prioritisation * seconds,
  held_s: shares.held * seconds,
  unexplained_s: shares.unexplained * seconds
});

/** All six causes with their place on a bar whose length stands for `of` seconds (their total when absent). */
export function parts(c: WaitCauses, of?: number): Part[] {
  const sum = total(c);
  const whole = of ?? sum;
  let x = 0;
  return CAUSES.map((key) => {
    const seconds = read(c, key);
    const width = whole > 0 ? (seconds / whole) * 100 : 0;
    const part = { key, seconds, share: sum > 0 ? seconds / sum : null, x, width };
    x += width;
    return part;
  });
}

/** The cause that weighs most; `null` when nothing waits. */
export function main(c: WaitCauses | null | undefined): Part | null {
  if (!c || total(c) <= 0) return null;
  return parts(c).reduce((a, b) => (b.seconds > a.seconds ? b : a));
}
