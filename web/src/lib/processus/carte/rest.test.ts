import { describe, expect, it } from 'vitest';
import { formats } from '../../format';
import { build, END, mainPath, show, START, walks } from './graph';
import { randomLog } from './invented';
import { curve, DRAWN, fromElk, plain, reading, toElk, tooLarge, wrap } from './layout';
import { levels, linkValue, nodeValue, say, widths } from './measures';
import { plan, where } from './tokens';
import { first, reveal, whole, zoom } from './view';

describe('layout', () => {
  it('asks for what is shown and nothing else', () => {
    const g = build(randomLog(2, 10, 90).map);
    const s = show(g, 6, 0.3);
    const asked = toElk(g, s, mainPath(g), 'DOWN');
    expect(asked.children).toHaveLength(s.activities + 2);
    expect(asked.edges).toHaveLength(s.paths);
    const ids = new Set(asked.children.map((c) => c.id));
    for (const e of asked.edges) expect(ids.has(e.sources[0]!) && ids.has(e.targets[0]!)).toBe(true);
    expect(asked.children[0]!.id).toBe(`n${START}`);
  });
  it('reads an answer back', () => {
    const placed = fromElk(
      {
        id: 'map',
        width: 300,
        height: 200,
        children: [{ id: 'n2', width: 10, height: 20, x: 5, y: 6 }],
        edges: [{ id: 'e7', sources: ['n2'], targets: ['n2'], labels: [{ text: 'x', width: 20, height: 10, x: 40, y: 50 }], sections: [{ startPoint: { x: 0, y: 0 }, endPoint: { x: 9, y: 9 } }] }]
      },
      'k'
    );
    expect(placed.nodes.get(2)).toEqual({ x: 5, y: 6, w: 10, h: 20 });
    expect(placed.links.get(7)).toEqual({ d: 'M0 0L9 9', x: 50, y: 55 });
  });
  it('joins control points by threes', () => {
    const p = (n: number) => ({ x: n, y: n });
    expect(curve([p(0), p(1), p(2), p(3)])).toBe('M0 0C1 1 2 2 3 3');
    expect(curve([p(0), p(1), p(2), p(3), p(4)])).toBe('M0 0C1 1 2 2 3 3L4 4');
    expect(curve([p(0), p(1), p(2)])).toBe('M0 0Q1 1 2 2');
  });
  it('of its own puts every node somewhere, none over another, even 400 of them', () => {
    const g = build(randomLog(11, 420, 6000).map);
    const s = show(g, 420, 1);
    expect(tooLarge(s)).toBe(true);
    const begun = performance.now();
    const placed = plain(g, s);
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(placed.nodes.size).toBe(s.activities + 2);
    expect(placed.links.size).toBe(Math.min(s.paths, DRAWN));
    const boxes = [...placed.nodes.values()];
    for (const [i, a] of boxes.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + a.w).toBeLessThanOrEqual(placed.width);
      const over = boxes.slice(i + 1).filter((b) => !(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y));
      expect(over).toEqual([]);
    }
  });
  it('is read from the start to the end, each node before its links', () => {
    const g = build(randomLog(2, 10, 90).map);
    const s = show(g, 10, 0.5);
    const order = reading(g, s, plain(g, s));
    expect(order[0]).toEqual({ kind: 'node', id: START });
    expect(order.filter((c) => c.kind === 'node')).toHaveLength(s.activities + 2);
    expect(order.filter((c) => c.kind === 'link')).toHaveLength(s.paths);
    expect(order.filter((c) => c.kind === 'node').at(-1)?.id).toBe(END);
  });
  it('cuts names at a space, in two lines at most', () => {
    expect(wrap('Réception')).toEqual(['Réception']);
    expect(wrap('Vérification des pièces justificatives')).toEqual(['Vérification des pièces', 'justificatives']);
    expect(wrap('x'.repeat(90)).every((l) => l.length <= 25)).toBe(true);
  });
});

describe('measures', () => {
  const span = { mean_s: 1, median_s: 2, p90_s: 3, total_s: 4 };
  it('are those of the answer', () => {
    const e = { ...span, from: 'A', to: 'B', count: 9, cases: 8, worked: { ...span, median_s: 20 } };
    expect([linkValue(e, 'count', 'calendar'), linkValue(e, 'median', 'calendar'), linkValue(e, 'median', 'worked')]).toEqual([9, 2, 20]);
    expect(linkValue({ ...e, worked: null }, 'mean', 'worked')).toBeNull();
    expect(nodeValue({ name: 'A', events: 3, cases: 2, touch: null }, 'mean', 'calendar')).toBeNull();
    expect(say(null, 'mean', 'calendar', formats('fr'))).toBe('—');
  });
  it('get ink in order, from 0 to 4', () => {
    for (const time of [true, false]) {
      const level = levels([1, 10, 100, 1000, 100_000], time);
      const got = [1, 10, 100, 1000, 100_000].map(level);
      expect(got).toEqual(got.toSorted());
      expect(got.at(-1)).toBe(4);
      expect(level(null)).toBe(0);
    }
    expect(levels([], true)(5)).toBe(0);
    expect(levels([7, 7], false)(7)).toBe(4);
  });
  it('get width in order', () => {
    const w = widths([1, 50, 100]);
    expect(w(1)).toBeLessThan(w(50));
    expect(w(100)).toBeLessThan(9);
    expect(widths([])(0)).toBeGreaterThan(1);
  });
});

describe('the animation', () => {
  const { map, variants } = randomLog(6, 7, 200);
  const g = build(map);
  const known = walks(g, variants);
  it('draws tokens as the variants weigh, all on links that are shown', () => {
    const s = show(g, 7, 0.7);
    const p = plan(known, s, () => 3600, 60)!;
    expect(p.tokens.length).toBeGreaterThan(50);
    expect(p.tokens.length).toBeLessThanOrEqual(60);
    for (const token of p.tokens) for (const l of token.links) expect(s.links[l]).toBe(1);
  });
  it('walks each link in proportion to its time, in order, and begins again', () => {
    const token = { links: [4, 5], ends: [1, 4], ahead: 0 };
    expect(where(token, 0)).toEqual({ link: 4, along: 0 });
    expect(where(token, 0.5)).toEqual({ link: 4, along: 0.5 });
    expect(where(token, 2.5)).toEqual({ link: 5, along: 0.5 });
    expect(where(token, 4.5)).toEqual({ link: 4, along: 0.5 });
  });
  it('has nothing to play when nothing can be walked', () => {
    expect(plan([], show(g, 7, 1), () => 1)).toBeNull();
    expect(plan(known, show(g, 0, 0), () => 1)).toBeNull();
    expect(plan(known, show(g, 7, 1), () => null)).not.toBeNull();
  });
});

describe('the eye', () => {
  const frame = { w: 800, h: 600 };
  it('sees the whole in the middle, never larger than life', () => {
    expect(whole(frame, { width: 1600, height: 600 })).toEqual({ k: 0.5, x: 0, y: 150 });
    expect(whole(frame, { width: 10, height: 10 }).k).toBeLessThanOrEqual(1.1);
    expect(whole({ w: 0, h: 0 }, { width: 10, height: 10 })).toEqual({ k: 1, x: 0, y: 0 });
  });
  it('begins at the start when the whole could not be read', () => {
    const e = first(frame, { width: 6000, height: 9000 }, { x: 3000, y: 16, w: 96, h: 34 });
    expect(e.k).toBe(0.62);
    expect((3000 + 48) * e.k + e.x).toBeCloseTo(400);
    expect(16 * e.k + e.y).toBeGreaterThan(0);
  });
  it('keeps still the point it comes closer to', () => {
    const e = zoom({ k: 1, x: 10, y: 20 }, 1.5, { x: 100, y: 90 });
    expect((100 - e.x) / e.k).toBeCloseTo(90);
    expect((90 - e.y) / e.k).toBeCloseTo(70);
  });
  it('moves only for what is out of sight', () => {
    const eye = { k: 1, x: 0, y: 0 };
    expect(reveal(eye, frame, { x: 100, y: 100, w: 50, h: 50 })).toBe(eye);
    expect(reveal(eye, frame, { x: 900, y: 100, w: 50, h: 50 })).toEqual({ k: 1, x: -174, y: 0 });
  });
});
