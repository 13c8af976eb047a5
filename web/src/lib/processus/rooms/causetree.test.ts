import { describe, expect, it } from 'vitest';
import type { Cause } from '../types-rooms';
import { added, attached, detached, FAMILIES, fish, flat, nextId, removed, renamed, tree, voted, wrap } from './causetree';

const c = (id: number, under: number | null, family = 'methods', text = `c${id}`): Cause => ({ id, under, family, text, votes: 0, facts: [] });

describe('cause tree', () => {
  const list = [c(1, null), c(2, 1), c(3, 2), c(4, null, 'people'), c(5, 1)];
  it('nests causes under causes, in their order', () => {
    expect(flat(tree(list, 'methods')).map((x) => [x.cause.id, x.depth])).toEqual([[1, 0], [2, 1], [3, 2], [5, 1]]);
  });
  it('loses none, even when parents are gone or go round', () => {
    const odd = [c(1, 99), c(2, 3), c(3, 2), c(4, 4)];
    expect(flat(tree(odd, 'methods')).map((x) => x.cause.id).sort()).toEqual([1, 2, 3, 4]);
  });
  it('removes a cause with all that hangs from it', () => {
    expect(removed(list, 1).map((x) => x.id)).toEqual([4]);
    expect(removed(list, 3).map((x) => x.id)).toEqual([1, 2, 4, 5]);
  });
  it('numbers, votes and attaches without touching the others', () => {
    expect(nextId([])).toBe(1);
    expect(added(list, 'people', 4).at(-1)).toMatchObject({ id: 6, under: 4, family: 'people' });
    expect(voted(voted(list, 1, 1), 2, -1).map((x) => x.votes)).toEqual([1, 0, 0, 0, 0]);
    const twice = attached(attached(list, 2, 'loss-1'), 2, 'loss-1');
    expect(twice[1]!.facts).toEqual(['loss-1']);
    expect(detached(twice, 2, 'loss-1')[1]!.facts).toEqual([]);
    expect(renamed(list, 2, 'x')[0]).toBe(list[0]);
  });
});

describe('fishbone', () => {
  it('draws seven families and hides no cause without saying so', () => {
    const many = Array.from({ length: 40 }, (_, i) => c(i + 1, null, FAMILIES[i % 2]!));
    const drawn = fish(many);
    expect(drawn.bones.map((b) => b.family)).toEqual([...FAMILIES]);
    for (const b of drawn.bones) expect(b.twigs.length + b.more).toBe(many.filter((x) => x.family === b.family).length);
    expect(drawn.bones[0]!.more).toBeGreaterThan(0);
  });
  it('keeps every twig on its side of the spine and inside the page', () => {
    const drawn = fish(Array.from({ length: 35 }, (_, i) => c(i + 1, null, FAMILIES[i % 7]!)));
    for (const b of drawn.bones)
      for (const t of b.twigs) {
        expect(b.top ? t.y < drawn.spine : t.y > drawn.spine).toBe(true);
        expect(t.x1).toBeGreaterThan(0);
        expect(t.y).toBeGreaterThan(0);
        expect(t.y).toBeLessThan(drawn.height);
      }
  });
  it('wraps words and says what it cuts', () => {
    expect(wrap('un deux trois quatre', 10, 2)).toEqual(['un deux', 'trois…'].map((x, i) => (i === 1 ? expect.stringMatching(/…$/) : x)));
    expect(wrap('court', 10, 2)).toEqual(['court']);
    expect(wrap('', 10, 2)).toEqual([]);
    expect(wrap('anticonstitutionnellement', 10, 2)[0]!.length).toBeLessThanOrEqual(10);
  });
});
