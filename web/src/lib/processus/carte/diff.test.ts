import { describe, expect, it } from 'vitest';
import type { ProcessMap } from '../types';
import { compare, linkKey } from './diff';
import { build, END, show, START } from './graph';
import { fold } from './invented';

const log = (variants: { variant: string[]; cases: number }[], median = 3600): ProcessMap => {
  const { map } = fold(variants);
  return { ...map, edges: map.edges.map((e) => ({ ...e, median_s: median, worked: { mean_s: 1, median_s: median / 4, p90_s: 1, total_s: 1 } })), caveats: [] };
};

describe('two maps', () => {
  it('of one log are alike everywhere, whatever its size', () => {
    const a = log([{ variant: ['A', 'B'], cases: 10 }, { variant: ['A', 'C', 'B'], cases: 30 }]);
    const b = log([{ variant: ['A', 'B'], cases: 1000 }, { variant: ['A', 'C', 'B'], cases: 3000 }]);
    for (const d of compare(a, b, 'calendar').rows) expect(d).toMatchObject({ kind: 'same', delta: 0 });
  });
  it('tell what is only here, only there, more and less, per 100 cases', () => {
    const a = log([{ variant: ['A', 'B'], cases: 80 }, { variant: ['A', 'X', 'B'], cases: 20 }]);
    const b = log([{ variant: ['A', 'B'], cases: 40 }, { variant: ['A', 'Y', 'B'], cases: 10 }, { variant: ['A', 'B', 'B'], cases: 50 }], 7200);
    const c = compare(a, b, 'calendar');
    expect(c.activities.get('X')).toMatchObject({ kind: 'here', delta: 20, there: null });
    expect(c.activities.get('Y')).toMatchObject({ kind: 'there', delta: -10, here: null });
    expect(c.activities.get('B')).toMatchObject({ kind: 'less', delta: -50 });
    expect(c.links.get(linkKey('A', 'B'))).toMatchObject({ kind: 'less', delta: -10, slower: -3600 });
    expect(c.links.get(linkKey('', 'A'))).toMatchObject({ kind: 'same' });
    expect(compare(a, b, 'worked').links.get(linkKey('A', 'B'))).toMatchObject({ slower: -900 });
  });
  it('are opposite when turned round', () => {
    const a = log([{ variant: ['A', 'B'], cases: 3 }, { variant: ['C'], cases: 4 }]);
    const b = log([{ variant: ['A', 'D'], cases: 5 }, { variant: ['C', 'C'], cases: 1 }]);
    const there = compare(b, a, 'calendar');
    const opposite = { here: 'there', there: 'here', more: 'less', less: 'more', same: 'same' } as const;
    for (const [key, d] of compare(a, b, 'calendar').links) {
      expect(there.links.get(key)?.delta).toBeCloseTo(-d.delta, 9);
      expect(there.links.get(key)?.kind).toBe(opposite[d.kind]);
    }
  });
  it('put the largest difference first', () => {
    const a = log([{ variant: ['A', 'B'], cases: 3 }, { variant: ['C'], cases: 4 }]);
    const b = log([{ variant: ['A', 'D'], cases: 5 }, { variant: ['C', 'C'], cases: 1 }]);
    const sizes = compare(a, b, 'calendar').rows.map((d) => Math.abs(d.delta));
    expect(sizes).toEqual(sizes.toSorted((x, y) => y - x));
  });
  it('are laid out together: each shown node is reached and leaves', () => {
    const a = log([{ variant: ['A', 'B'], cases: 3 }]);
    const b = log([{ variant: ['Z', 'B'], cases: 5 }]);
    const g = build(compare(a, b, 'calendar').union);
    const s = show(g, 9, 1);
    expect(s.activities).toBe(3);
    expect(s.nodes[START]! + s.nodes[END]!).toBe(2);
  });
  it('compare with nothing', () => {
    const none = log([]);
    expect(compare(none, none, 'calendar').rows).toEqual([]);
    for (const d of compare(log([{ variant: ['A'], cases: 2 }]), none, 'calendar').rows) expect(d.kind).toBe('here');
  });
});
