import { describe, expect, it } from 'vitest';
import { fold, randomLog } from './invented';
import { build, coverage, END, mainPath, readable, show, START, walkOf, walks, type Graph, type Shown } from './graph';

/** Nodes that can be met from one of the ends, by brute force. */
function met(g: Graph, s: Shown, root: number): Set<number> {
  const seen = new Set([root]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const l of g.links) {
      if (!s.links[l.id]) continue;
      const [a, b] = root === START ? [l.from, l.to] : [l.to, l.from];
      if (seen.has(a) && !seen.has(b)) {
        seen.add(b);
        grew = true;
      }
    }
  }
  return seen;
}

const LOGS = Array.from({ length: 60 }, (_, i) => randomLog(i + 1, 2 + (i % 17), 3 + ((i * 7) % 60)));
const SHARES = [0, 0.1, 0.35, 0.8, 1];

describe('what is shown', () => {
  it('is always reached from the start and always reaches the end', () => {
    for (const { map } of LOGS) {
      const g = build(map);
      for (let k = 1; k <= g.ranked.length; k++) {
        for (const share of SHARES) {
          const s = show(g, k, share);
          const from = met(g, s, START);
          const to = met(g, s, END);
          s.nodes.forEach((shown, n) => {
            if (!shown) return;
            expect(from.has(n), `${g.names[n]} from the start`).toBe(true);
            expect(to.has(n), `${g.names[n]} to the end`).toBe(true);
          });
        }
      }
    }
  });
  it('joins only what is shown, and holds the activities asked for', () => {
    for (const { map } of LOGS) {
      const g = build(map);
      const k = Math.ceil(g.ranked.length / 2);
      const s = show(g, k, 0.4);
      for (const n of g.ranked.slice(0, k)) expect(s.nodes[n]).toBe(1);
      for (const l of g.links) if (s.links[l.id]) expect(s.nodes[l.from]! & s.nodes[l.to]!).toBe(1);
      expect(s.links.reduce((a, b) => a + b, 0)).toBe(s.paths);
      expect(s.activities).toBeGreaterThanOrEqual(k);
    }
  });
  it('only grows when a slider goes up', () => {
    for (const { map } of LOGS.slice(0, 20)) {
      const g = build(map);
      for (let k = 1; k < g.ranked.length; k++) {
        const a = show(g, k, 0);
        const b = show(g, k + 1, 0);
        a.nodes.forEach((x, i) => x && expect(b.nodes[i]).toBe(1));
        a.links.forEach((x, i) => x && expect(b.links[i]).toBe(1));
      }
      for (let i = 1; i < SHARES.length; i++) {
        const a = show(g, 5, SHARES[i - 1]!);
        const b = show(g, 5, SHARES[i]!);
        a.links.forEach((x, j) => x && expect(b.links[j]).toBe(1));
      }
    }
  });
  it('is everything at the top', () => {
    for (const { map } of LOGS) {
      const g = build(map);
      const s = show(g, g.ranked.length, 1);
      expect(s.paths).toBe(g.links.length);
      expect(s.activities).toBe(map.activities.length);
    }
  });
  it('has one key per drawing', () => {
    const { map } = randomLog(3, 12, 80);
    const g = build(map);
    const keys = new Map<string, string>();
    for (let k = 1; k <= g.ranked.length; k++) {
      for (let p = 0; p <= 20; p++) {
        const s = show(g, k, p / 20);
        const is = `${s.nodes.join('')}|${s.links.join('')}`;
        expect(keys.get(s.key) ?? is).toBe(is);
        keys.set(s.key, is);
      }
    }
  });
  it('keeps the strongest way: a rare activity comes with the busy one that leads to it', () => {
    const { map } = fold([
      { variant: ['A', 'B', 'C'], cases: 90 },
      { variant: ['A', 'X', 'C'], cases: 9 },
      { variant: ['X', 'C'], cases: 1 }
    ]);
    const g = build(map);
    const s = show(g, 4, 0);
    const shown = g.links.filter((l) => s.links[l.id]).map((l) => `${g.names[l.from]}>${g.names[l.to]}`);
    expect(shown).toContain('A>X');
    expect(shown).not.toContain('>X');
  });
  it('does not fail on nothing, on one activity or on what no case could have drawn', () => {
    const none = build({ activities: [], edges: [], start: {}, end: {}, cases: 0 });
    expect(show(none, 5, 1)).toMatchObject({ activities: 0, paths: 0 });
    const one = build({ activities: [{ name: 'A', events: 3, cases: 3 }], edges: [], start: { A: 3 }, end: { A: 3 }, cases: 3 });
    expect(show(one, 1, 0)).toMatchObject({ activities: 1, paths: 2 });
    const lost = build({ activities: [{ name: 'A', events: 3, cases: 3 }], edges: [], start: {}, end: {}, cases: 3 });
    expect(show(lost, 1, 1)).toMatchObject({ activities: 1, paths: 0 });
  });
});

describe('the first choice', () => {
  it('can be read, and is everything when little is there', () => {
    const small = build(randomLog(5, 8, 200).map);
    expect(readable(small).activities).toBe(small.ranked.length);
    const g = build(randomLog(9, 400, 4000).map);
    const { activities, share } = readable(g);
    const s = show(g, activities, share);
    expect(s.activities).toBeLessThanOrEqual(30);
    expect(s.activities).toBeGreaterThan(5);
    expect(s.paths).toBeLessThanOrEqual(30 * 3);
  });
  it('takes no time at 400 activities and 10,000 links', () => {
    const { map, variants } = randomLog(11, 420, 6000);
    const g = build(map);
    expect(g.links.length).toBeGreaterThan(9000);
    const known = walks(g, { variants: variants.variants.slice(0, 1000) });
    const begun = performance.now();
    for (let i = 1; i <= 20; i++) coverage(show(g, i * 20, i / 20), known, variants);
    // Twenty moves of a slider; each must stay far below what a person notices.
    expect((performance.now() - begun) / 20).toBeLessThan(50);
  });
});

describe('coverage', () => {
  it('counts the cases that can be followed, as a walk through every case says', () => {
    for (const { map, variants } of LOGS) {
      const g = build(map);
      const s = show(g, Math.ceil(g.ranked.length / 2), 0.3);
      const shown = (a: string, b: string) => {
        const l = g.links.find((x) => g.names[x.from] === a && g.names[x.to] === b && (a !== '' || x.from === START) && (b !== '' || x.to === END));
        return l !== undefined && s.links[l.id] === 1;
      };
      const brute = (variants.variants as { variant: string[]; cases: number }[])
        .filter((v) => ['', ...v.variant].every((a, i) => shown(a, v.variant[i] ?? '')))
        .reduce((n, v) => n + v.cases, 0);
      expect(coverage(s, walks(g, variants), variants)).toEqual({ cases: brute, total: map.cases, atLeast: false });
    }
  });
  it('is all of it when all is shown, and says « at least » when variants are missing', () => {
    const { map, variants } = randomLog(4, 9, 120);
    const g = build(map);
    const s = show(g, 99, 1);
    expect(coverage(s, walks(g, variants), variants).cases).toBe(map.cases);
    const some = { ...variants, variants: variants.variants.slice(0, 3) };
    expect(coverage(s, walks(g, some), some)).toMatchObject({ atLeast: true });
  });
  it('knows a path that the map does not have', () => {
    const g = build(fold([{ variant: ['A', 'B'], cases: 1 }]).map);
    expect(walkOf(g, ['B', 'A'])).toBeNull();
    expect(walkOf(g, ['Z'])).toBeNull();
  });
});

it('the strongest way leads from the start to the end', () => {
  const g = build(fold([{ variant: ['A', 'B', 'C'], cases: 9 }, { variant: ['A', 'C'], cases: 2 }]).map);
  expect(mainPath(g).map((n) => g.names[n])).toEqual(['', 'A', 'B', 'C', '']);
});
