import { describe, expect, it } from 'vitest';
import { paperPalette } from '../../charts/palette';
import { formats } from '../../format';
import { fr } from '../../labels/fr';
import type { Variant } from '../types';
import { folded, holding, hues, HUES, outcomeWords, pareto, steps } from './data';

const f = formats('fr');
const list = (n: number): Variant[] =>
  Array.from({ length: n }, (_, i) => ({ id: `v${i}`, variant: ['A', `B${i}`], cases: n - i, share: 1 / n, cumulative_share: (i + 1) / n, median_lead_time_s: 3600, outcomes: [] }));

describe('variants', () => {
  it('fold what repeats in a row, and nothing else', () => {
    expect(steps(['A', 'A', 'B', 'A'])).toEqual([{ name: 'A', times: 2 }, { name: 'B', times: 1 }, { name: 'A', times: 1 }]);
    expect(steps([])).toEqual([]);
  });
  it('keep the beginning and the end of what is long', () => {
    const all = steps(Array.from({ length: 40 }, (_, i) => `a${i}`));
    const { head, hidden, tail } = folded(all, 14);
    expect(head.length + hidden + tail.length).toBe(40);
    expect(head[0]!.name).toBe('a0');
    expect(tail.at(-1)!.name).toBe('a39');
    expect(folded(all.slice(0, 14), 14).hidden).toBe(0);
  });
  it('give an activity one colour wherever it stands', () => {
    const map = hues(list(30));
    expect(map.get('A')).toBe(0);
    for (const h of map.values()) expect(h).toBeLessThan(HUES);
  });
  it('say how cases end, the most frequent first', () => {
    expect(outcomeWords([{ outcome: 'open', cases: 1 }, { outcome: 'settled', cases: 3 }], fr, f)).toMatch(/^75.% traités, 25.% en cours$/);
    expect(outcomeWords([], fr, f)).toBe('—');
  });
  it('know how many hold a share of the cases', () => {
    expect(holding(list(10), 0.8)).toBe(8);
    expect(holding(list(10), 1)).toBe(10);
    expect(holding(list(10).slice(0, 3), 0.8)).toBeNull();
  });
  it('are drawn and told by the same figures', () => {
    const c = pareto(list(60), fr, f);
    expect(c.points).toHaveLength(40);
    expect(c.table.rows).toHaveLength(40);
    const series = c.draw(paperPalette())['series'] as { data: number[] }[];
    expect(series.map((s) => s.data.length)).toEqual([40, 40]);
    for (const r of c.table.rows) expect(r).toHaveLength(c.table.columns.length);
  });
});
