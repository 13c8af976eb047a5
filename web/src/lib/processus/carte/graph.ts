/**
 * The map as a graph of numbered nodes, and what of it is shown.
 *
 * Whatever the two sliders say, every activity shown can be reached from the start and
 * reaches the end through links that are shown: each one brings its strongest way in and
 * its strongest way out, where the strength of a way is that of its weakest link. What the
 * sliders show only ever grows when they are pushed up.
 */
import type { ProcessMap, Variants } from '../types';

export const START = 0;
export const END = 1;

export interface Link {
  /** Place in `links`. */
  id: number;
  from: number;
  to: number;
  count: number;
  cases: number;
}

export interface Graph {
  /** Names by node; the first two are the start and the end, without a name. */
  names: readonly string[];
  /** Occurrences and cases by node. */
  events: readonly number[];
  cases: readonly number[];
  links: readonly Link[];
  /** Nodes other than start and end, most frequent first. */
  ranked: readonly number[];
  /** Link by which each node is reached best, and by which it leaves best; −1 when there is none. */
  wayIn: Int32Array;
  wayOut: Int32Array;
  index: ReadonlyMap<string, number>;
  linkOf: ReadonlyMap<number, number>;
  total: number;
}

const at = <T>(list: ArrayLike<T>, i: number): T => list[i] as T;
const keyOf = (from: number, to: number, size: number) => from * size + to;

export function build(map: Pick<ProcessMap, 'activities' | 'edges' | 'start' | 'end' | 'cases'>): Graph {
  const names = ['', ''];
  const events = [map.cases, map.cases];
  const cases = [map.cases, map.cases];
  const index = new Map<string, number>();
  const node = (name: string, e: number, c: number) => {
    const known = index.get(name);
    if (known !== undefined) return known;
    index.set(name, names.length);
    names.push(name);
    events.push(e);
    cases.push(c);
    return names.length - 1;
  };
  for (const a of map.activities) node(a.name, a.events, a.cases);
  const raw: Omit<Link, 'id'>[] = [];
  for (const [name, n] of Object.entries(map.start)) if (n > 0) raw.push({ from: START, to: node(name, n, n), count: n, cases: n });
  for (const e of map.edges) {
    raw.push({ from: node(e.from, e.count, e.cases), to: node(e.to, e.count, e.cases), count: e.count, cases: e.cases });
  }
  for (const [name, n] of Object.entries(map.end)) if (n > 0) raw.push({ from: node(name, n, n), to: END, count: n, cases: n });
  const byName = (a: number, b: number) => (at(names, a) < at(names, b) ? -1 : at(names, a) > at(names, b) ? 1 : a - b);
  raw.sort((a, b) => b.count - a.count || byName(a.from, b.from) || byName(a.to, b.to));
  const links = raw.map((l, id) => ({ ...l, id }));
  const ranked = Array.from({ length: names.length - 2 }, (_, i) => i + 2).sort(
    (a, b) => at(cases, b) - at(cases, a) || at(events, b) - at(events, a) || byName(a, b)
  );
  return {
    names,
    events,
    cases,
    links,
    ranked,
    wayIn: widest(names.length, links, START, (l) => [l.from, l.to]),
    wayOut: widest(names.length, links, END, (l) => [l.to, l.from]),
    index,
    linkOf: new Map(links.map((l) => [keyOf(l.from, l.to, names.length), l.id])),
    total: map.cases
  };
}

/**
 * For each node the last link of its strongest way from `root`: the way whose weakest link
 * is strongest and, among equals, the shortest. A binary heap, as Dijkstra's.
 */
function widest(size: number, links: readonly Link[], root: number, ends: (l: Link) => [near: number, far: number]): Int32Array {
  const out: Link[][] = Array.from({ length: size }, () => []);
  for (const l of links) at(out, ends(l)[0]).push(l);
  const best = new Int32Array(size).fill(-1);
  const width = new Float64Array(size);
  const hops = new Int32Array(size).fill(size + 1);
  const done = new Uint8Array(size);
  width[root] = Infinity;
  hops[root] = 0;
  interface Item {
    node: number;
    width: number;
    hops: number;
    rank: number;
  }
  const before = (a: Item, b: Item) => (a.width !== b.width ? a.width > b.width : a.hops !== b.hops ? a.hops < b.hops : a.rank < b.rank);
  const heap: Item[] = [{ node: root, width: Infinity, hops: 0, rank: 0 }];
  let rank = 0;
  const push = (item: Item) => {
    let i = heap.push(item) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(at(heap, i), at(heap, up))) break;
      [heap[i], heap[up]] = [at(heap, up), at(heap, i)];
      i = up;
    }
  };
  const pop = (): Item | undefined => {
    const first = heap[0];
    const last = heap.pop();
    if (last && heap.length && first !== last) {
      heap[0] = last;
      for (let i = 0; ; ) {
        let next = i;
        for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && before(at(heap, child), at(heap, next))) next = child;
        if (next === i) break;
        [heap[i], heap[next]] = [at(heap, next), at(heap, i)];
        i = next;
      }
    }
    return first;
  };
  for (let item = pop(); item; item = pop()) {
    if (done[item.node]) continue;
    done[item.node] = 1;
    for (const l of at(out, item.node)) {
      const far = ends(l)[1];
      if (done[far]) continue;
      const w = Math.min(item.width, l.count);
      if (w > at(width, far) || (w === at(width, far) && item.hops + 1 < at(hops, far))) {
        width[far] = w;
        hops[far] = item.hops + 1;
        best[far] = l.id;
        push({ node: far, width: w, hops: item.hops + 1, rank: ++rank });
      }
    }
  }
  return best;
}

export interface Shown {
  /** By node and by link: 1 when shown. */
  nodes: Uint8Array;
  links: Uint8Array;
  /** Activities shown, without start and end. */
  activities: number;
  /** Links shown, and links there are between what is shown. */
  paths: number;
  possible: number;
  /** Names this choice among the others: same key, same drawing. */
  key: string;
}

/** What is shown for the `activities` most frequent ones and a share (0 to 1) of the links between them. */
export function show(g: Graph, activities: number, share: number): Shown {
  const nodes = new Uint8Array(g.names.length);
  const links = new Uint8Array(g.links.length);
  const walk = (from: number, way: Int32Array, side: 'from' | 'to') => {
    // A way has no loop: each link leads to a node that is nearer the root.
    for (let n = from; ; ) {
      const id = at(way, n);
      if (id < 0) return;
      links[id] = 1;
      n = at(g.links, id)[side];
      nodes[n] = 1;
    }
  };
  const kept = g.ranked.slice(0, Math.max(0, Math.round(activities)));
  for (const n of kept) nodes[n] = 1;
  // What a way brings in must itself be reached and leave: worked through until nothing is new.
  const todo = [...kept];
  const seen = new Uint8Array(g.names.length);
  while (todo.length) {
    const n = todo.pop() as number;
    if (seen[n]) continue;
    seen[n] = 1;
    walk(n, g.wayIn, 'from');
    walk(n, g.wayOut, 'to');
    for (let i = 2; i < nodes.length; i++) if (nodes[i] && !seen[i]) todo.push(i);
  }
  if (kept.length) {
    nodes[START] = 1;
    nodes[END] = 1;
  }
  const among = g.links.filter((l) => nodes[l.from] && nodes[l.to]);
  let paths = among.reduce((n, l) => n + at(links, l.id), 0);
  const wanted = Math.round(Math.min(1, Math.max(0, share)) * among.length);
  for (const l of among) {
    if (paths >= wanted) break;
    if (!links[l.id]) {
      links[l.id] = 1;
      paths += 1;
    }
  }
  let count = 0;
  for (let i = 2; i < nodes.length; i++) count += at(nodes, i);
  return { nodes, links, activities: count, paths, possible: among.length, key: hash(nodes) + hash(links) };
}

/** A short name for a set: two hashes of 32 bits (FNV-1a, and a second one of another seed). */
function hash(bits: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < bits.length; i++) {
    if (!bits[i]) continue;
    a = Math.imul(a ^ i, 0x01000193);
    a = Math.imul(a ^ (i >>> 8), 0x01000193);
    b = Math.imul(b ^ (i + 0x9e3779b9), 0x85ebca6b);
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36);
}

/** A first choice that can be read: at most thirty activities, and links in keeping. */
export function readable(g: Graph, mostNodes = 30): { activities: number; share: number } {
  const n = g.ranked.length;
  let activities = n;
  if (n > mostNodes) {
    // Ways bring activities of their own: the largest choice that still fits.
    let low = 1;
    let high = mostNodes;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (show(g, middle, 0).activities <= mostNodes) low = middle;
      else high = middle - 1;
    }
    activities = low;
  }
  const base = show(g, activities, 0);
  const most = Math.round(base.activities * 1.5) + 8;
  const fits = base.possible === 0 ? 1 : Math.floor((most / base.possible) * 20) / 20;
  return { activities, share: Math.min(1, Math.max(0, fits)) };
}

/** A variant as links of the graph; `null` when it passes where the map has no link. */
export interface Walk {
  links: Int32Array | null;
  cases: number;
}

export function walks(g: Graph, variants: Pick<Variants, 'variants'>): Walk[] {
  return variants.variants.map((v) => ({ cases: v.cases, links: walkOf(g, v.variant) }));
}

/** Links of one path, start and end included. */
export function walkOf(g: Graph, activities: readonly string[]): Int32Array | null {
  const nodes = [START, ...activities.map((a) => g.index.get(a) ?? -1), END];
  const links = new Int32Array(nodes.length - 1);
  for (let i = 0; i + 1 < nodes.length; i++) {
    const id = g.linkOf.get(keyOf(at(nodes, i), at(nodes, i + 1), g.names.length));
    if (at(nodes, i) < 0 || at(nodes, i + 1) < 0 || id === undefined) return null;
    links[i] = id;
  }
  return links;
}

export interface Coverage {
  /** Cases all of whose activities and links are shown, among the variants known. */
  cases: number;
  total: number;
  /** Whether other variants might be covered too. */
  atLeast: boolean;
}

/** Cases that can be followed from start to end on what is shown. */
export function coverage(s: Shown, known: readonly Walk[], variants: Pick<Variants, 'total' | 'cases'>): Coverage {
  let cases = 0;
  for (const w of known) {
    if (w.links?.every((id) => s.links[id] === 1)) cases += w.cases;
  }
  return { cases, total: variants.cases, atLeast: known.length < variants.total };
}

/** The strongest way from start to end, as nodes: what is laid out first, straight. */
export function mainPath(g: Graph): number[] {
  const path: number[] = [];
  const seen = new Set<number>();
  for (let n = END; n !== START; ) {
    const id = at(g.wayIn, n);
    if (id < 0 || seen.has(n)) return [];
    seen.add(n);
    path.push(n);
    n = at(g.links, id).from;
  }
  path.push(START);
  return path.reverse();
}

/** What is shown once some links are added to it, each with the ways that join it to the start and the end. */
export function withLinks(g: Graph, s: Shown, ids: readonly number[]): Shown {
  if (ids.every((id) => s.links[id])) return s;
  const nodes = s.nodes.slice();
  const links = s.links.slice();
  const todo: number[] = [];
  const add = (id: number) => {
    const l = at(g.links, id);
    links[id] = 1;
    for (const n of [l.from, l.to]) {
      if (nodes[n]) continue;
      nodes[n] = 1;
      todo.push(n);
    }
  };
  for (const id of ids) add(id);
  // A way leads nearer the root at each link: this comes to an end.
  while (todo.length) {
    const n = todo.pop() as number;
    for (const way of [g.wayIn, g.wayOut]) if (at(way, n) >= 0) add(at(way, n));
  }
  let activities = 0;
  for (let i = 2; i < nodes.length; i++) activities += at(nodes, i);
  return {
    nodes,
    links,
    activities,
    paths: links.reduce((n, x) => n + x, 0),
    possible: g.links.filter((l) => nodes[l.from] && nodes[l.to]).length,
    key: hash(nodes) + hash(links)
  };
}

/** What is shown once a path is added to it, so that a highlighted path is always whole. */
export function withWalk(g: Graph, s: Shown, walk: Int32Array | null): Shown {
  if (!walk || walk.every((id) => s.links[id])) return s;
  const nodes = s.nodes.slice();
  const links = s.links.slice();
  for (const id of walk) {
    const l = at(g.links, id);
    links[id] = 1;
    nodes[l.from] = 1;
    nodes[l.to] = 1;
  }
  let activities = 0;
  for (let i = 2; i < nodes.length; i++) activities += at(nodes, i);
  return {
    nodes,
    links,
    activities,
    paths: links.reduce((n, x) => n + x, 0),
    possible: g.links.filter((l) => nodes[l.from] && nodes[l.to]).length,
    key: hash(nodes) + hash(links)
  };
}
