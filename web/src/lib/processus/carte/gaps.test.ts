import { describe, expect, it } from 'vitest';
import type { Deviation } from '../types-rooms';
import { linkKey } from './diff';
import { gaps, gapValue, hasMinutes, heaviest } from './gaps';
import { build, END, show, START, withLinks } from './graph';
import { fold, randomLog } from './invented';

const deviation = (kind: string, activity: string, after: string | null, occurrences: number, minutes: number | null = null): Deviation => ({
  kind, activity, after, occurrences, cases: occurrences, extra_minutes: minutes, text: { fr: '', en: '' }
});

describe('deviations on the map', () => {
  it('tell what was not foreseen on its link and on itself, what was skipped on itself alone', () => {
    const g = gaps([deviation('unforeseen', 'B', 'A', 5, 100), deviation('unforeseen', 'B', null, 2, 300), deviation('skipped', 'B', 'A', 7)]);
    expect(g.activities.get('B')).toMatchObject({ unforeseen: 7, skipped: 7, minutes: 300 });
    expect(g.links.get(linkKey('A', 'B'))).toMatchObject({ unforeseen: 5, skipped: 0, minutes: 100 });
    expect(g.links.get(linkKey('', 'B'))).toMatchObject({ unforeseen: 2, minutes: 300 });
    expect(g.links.size).toBe(2);
  });
  it('do not add up the minutes of cases that may be the same', () => {
    const g = gaps([deviation('unforeseen', 'B', 'A', 5, 100), deviation('unforeseen', 'B', 'C', 5, 90)]);
    expect(gapValue(g.activities.get('B'), 'minutes')).toBe(100);
    expect(gapValue(g.activities.get('B'), 'times')).toBe(10);
  });
  it('have no ink for a time that is unknown or gained', () => {
    const g = gaps([deviation('unforeseen', 'B', 'A', 5), deviation('unforeseen', 'C', 'A', 5, -20)]);
    expect(gapValue(g.activities.get('B'), 'minutes')).toBeNull();
    expect(gapValue(g.activities.get('C'), 'minutes')).toBeNull();
    expect(gapValue(undefined, 'times')).toBeNull();
    expect(hasMinutes([deviation('skipped', 'B', null, 1)])).toBe(false);
  });
  it('bring their heaviest links on view, joined to the start and the end', () => {
    const { map } = fold([{ variant: ['A', 'B'], cases: 90 }, { variant: ['A', 'X', 'Y', 'B'], cases: 4 }]);
    const g = build(map);
    const found = gaps([deviation('unforeseen', 'Y', 'X', 4, 10), deviation('unforeseen', 'Q', 'A', 1, 99)]);
    const ids = heaviest(g, found, 'minutes');
    expect(ids.map((id) => [g.names[g.links[id]!.from], g.names[g.links[id]!.to]])).toEqual([['X', 'Y']]);
    const s = withLinks(g, show(g, 2, 0), ids);
    expect(s.activities).toBe(4);
    expect(s.links[ids[0]!]).toBe(1);
  });
  it('leave no node alone, on any log', () => {
    for (let seed = 1; seed < 30; seed++) {
      const g = build(randomLog(seed, 18, 60).map);
      const s = withLinks(g, show(g, 3, 0), g.links.filter((l) => l.id % 5 === 0).map((l) => l.id));
      const reach = (from: number, back: boolean) => {
        const seen = new Set([from]);
        for (const todo = [from]; todo.length; ) {
          const n = todo.pop()!;
          for (const l of g.links) {
            if (!s.links[l.id]) continue;
            const [a, b] = back ? [l.to, l.from] : [l.from, l.to];
            if (a === n && !seen.has(b)) {
              seen.add(b);
              todo.push(b);
            }
          }
        }
        return seen;
      };
      const [forward, backward] = [reach(START, false), reach(END, true)];
      s.nodes.forEach((on, n) => on && expect(forward.has(n) && backward.has(n)).toBe(true));
      expect(s.paths).toBe(s.links.reduce((a, x) => a + x, 0));
    }
  });
});
