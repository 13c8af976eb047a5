/** Shapes the five age strata for a bar. */
export interface Segment {
  stratum: number;
  count: number;
  /** Start and length, in percent of the bar. */
  x: number;
  width: number;
}

/** Segments of a bar whose whole length stands for `of` cases (their total when absent). */
export function segments(counts: readonly number[], of?: number): Segment[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const whole = of ?? total;
  if (!(whole > 0)) return [];
  let x = 0;
  return counts.flatMap((count, stratum) => {
    const width = (count / whole) * 100;
    const at = x;
    x += width;
    return count > 0 ? [{ stratum, count, x: at, width }] : [];
  });
}

/** Share of each stratum; `null` when there is nothing to share. */
export function shares(counts: readonly number[]): (number | null)[] {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((c) => (total > 0 ? c / total : null));
}
