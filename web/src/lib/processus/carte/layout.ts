/**
 * Where the nodes and links of a drawing stand: what is asked of the layered layout, what
 * it answers as curves, and a plain layout of our own for drawings too large for it.
 */
import { END, START, type Graph, type Shown } from './graph';

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}
export interface Curve {
  /** Path of an SVG. */
  d: string;
  /** Middle of its label. */
  x: number;
  y: number;
}
export interface Placed {
  key: string;
  nodes: ReadonlyMap<number, Box>;
  links: ReadonlyMap<number, Curve>;
  width: number;
  height: number;
  /** Whether the layered layout was left out, because too much is shown for it. */
  plain: boolean;
}

export type Direction = 'DOWN' | 'RIGHT';

export const NODE = { w: 196, h: 62 } as const;
export const CAP = { w: 104, h: 40 } as const;
export const LABEL = { w: 80, h: 19 } as const;

/** Beyond this the layered layout takes more than a person waits. */
export const MOST = { nodes: 130, links: 420 } as const;
/** Links drawn at most, the most followed first: more of them is a stain. */
export const DRAWN = 2_000;
export const tooLarge = (s: Shown): boolean => s.activities > MOST.nodes || s.paths > MOST.links;

/** Up to so many nodes and links a drawing follows the sliders without any wait. */
const LIGHT = 110;
/** For so long the choice must rest before a heavy drawing is made again. */
const REST_MS = 110;
/**
 * How long to wait before drawing `s` again; `null` to draw at once. A heavy drawing costs more than a
 * frame: redrawn at every move of a slider it would hold the pointer back.
 */
export function restFor(s: Shown, before: Shown | null): number | null {
  const weight = (x: Shown) => x.activities + Math.min(x.paths, DRAWN);
  return before && before.key !== s.key && Math.max(weight(s), weight(before)) > LIGHT ? REST_MS : null;
}

export const sizeOf = (n: number) => (n === START || n === END ? CAP : NODE);

/** What the layered layout takes and gives: the part of its format that is used here. */
export interface ElkGraph {
  id: string;
  layoutOptions?: Record<string, string>;
  children: { id: string; width: number; height: number; x?: number; y?: number; layoutOptions?: Record<string, string> }[];
  edges: {
    id: string;
    sources: string[];
    targets: string[];
    labels?: { text: string; width: number; height: number; x?: number; y?: number }[];
    layoutOptions?: Record<string, string>;
    sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[];
  }[];
  width?: number;
  height?: number;
}
interface Point {
  x: number;
  y: number;
}

/** The drawing to lay out: the main path first, straight; the rest around it. */
export function toElk(g: Graph, s: Shown, main: readonly number[], direction: Direction): ElkGraph {
  const straight = new Set<number>();
  for (let i = 0; i + 1 < main.length; i++) {
    const from = main[i];
    const to = main[i + 1];
    const l = g.links.find((x) => x.from === from && x.to === to);
    if (l) straight.add(l.id);
  }
  const rank = new Map(main.map((n, i) => [n, i]));
  const order = [START, ...g.ranked, END]
    .filter((n) => s.nodes[n])
    .sort((a, b) => (rank.get(a) ?? Infinity) - (rank.get(b) ?? Infinity) || 0);
  return {
    id: 'map',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': direction,
      'elk.edgeRouting': 'SPLINES',
      'elk.layered.spacing.nodeNodeBetweenLayers': '30',
      'elk.layered.spacing.edgeNodeBetweenLayers': '14',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
      'elk.spacing.nodeNode': '34',
      'elk.spacing.edgeNode': '18',
      'elk.spacing.edgeEdge': '12',
      'elk.spacing.edgeLabel': '4',
      'elk.layered.edgeLabels.sideSelection': 'ALWAYS_UP',
      'elk.layered.considerModelOrder.strategy': 'PREFER_NODES',
      'elk.layered.crossingMinimization.forceNodeModelOrder': 'false',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.thoroughness': s.paths > 150 ? '3' : '7',
      'elk.layered.cycleBreaking.strategy': 'GREEDY',
      'elk.randomSeed': '1',
      'elk.padding': '[top=16,left=16,bottom=16,right=16]'
    },
    children: order.map((n) => ({
      id: `n${n}`,
      width: sizeOf(n).w,
      height: sizeOf(n).h,
      layoutOptions:
        n === START
          ? { 'elk.layered.layering.layerConstraint': 'FIRST' }
          : n === END
            ? { 'elk.layered.layering.layerConstraint': 'LAST' }
            : undefined
    })),
    edges: g.links
      .filter((l) => s.links[l.id])
      .map((l) => ({
        id: `e${l.id}`,
        sources: [`n${l.from}`],
        targets: [`n${l.to}`],
        labels: [{ text: 'x', width: LABEL.w, height: LABEL.h }],
        layoutOptions: {
          'elk.edgeLabels.inline': 'true',
          'elk.layered.priority.straightness': straight.has(l.id) ? '20' : '1',
          'elk.layered.priority.shortness': straight.has(l.id) ? '10' : '1',
          // Links of the ways in and out point down; the others may be turned round.
          'elk.layered.priority.direction': straight.has(l.id) ? '100' : g.wayIn[l.to] === l.id ? '20' : g.wayOut[l.from] === l.id ? '8' : '1'
        }
      }))
  };
}

const r = (v: number) => Math.round(v * 10) / 10;

/** The answer of the layered layout, as boxes and curves. */
export function fromElk(out: ElkGraph, key: string): Placed {
  const nodes = new Map<number, Box>();
  for (const c of out.children) nodes.set(Number(c.id.slice(1)), { x: c.x ?? 0, y: c.y ?? 0, w: c.width, h: c.height });
  const links = new Map<number, Curve>();
  for (const e of out.edges) {
    const section = e.sections?.[0];
    if (!section) continue;
    const label = e.labels?.[0];
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const middle = points[Math.floor(points.length / 2)] ?? section.startPoint;
    links.set(Number(e.id.slice(1)), {
      d: curve(points),
      x: label?.x === undefined ? middle.x : label.x + label.width / 2,
      y: label?.y === undefined ? middle.y : label.y + label.height / 2
    });
  }
  return { key, nodes, links, width: out.width ?? 0, height: out.height ?? 0, plain: false };
}

/** Control points of a spline, by threes; what is left over is joined as it comes. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const p = (x: Point) => `${r(x.x)} ${r(x.y)}`;
  let d = `M${p(first)}`;
  let i = 0;
  for (; i + 2 < rest.length; i += 3) d += `C${p(rest[i]!)} ${p(rest[i + 1]!)} ${p(rest[i + 2]!)}`;
  if (rest.length - i === 2) d += `Q${p(rest[i]!)} ${p(rest[i + 1]!)}`;
  else if (rest.length - i === 1) d += `L${p(rest[i]!)}`;
  return d;
}

/**
 * A plain layered layout: depth on the strongest way from the start, then a few rounds of
 * placing each node near its neighbours. Linear in what is shown, so that nothing is too large.
 */
export function plain(g: Graph, s: Shown): Placed {
  const depth = new Map<number, number>([[START, 0]]);
  const depthOf = (n: number): number => {
    const way: number[] = [];
    let m = n;
    while (!depth.has(m)) {
      way.push(m);
      const id = g.wayIn[m] ?? -1;
      if (id < 0) {
        depth.set(m, 1);
        way.pop();
        break;
      }
      m = g.links[id]!.from;
    }
    let d = depth.get(m) ?? 0;
    for (const x of way.reverse()) depth.set(x, ++d);
    return depth.get(n) ?? 1;
  };
  const shown = [START, ...g.ranked, END].filter((n) => s.nodes[n]);
  const last = shown.reduce((m, n) => (n === END ? m : Math.max(m, depthOf(n))), 0) + 1;
  const layers: number[][] = Array.from({ length: last + 1 }, () => []);
  // Layers of many nodes are cut, so that the drawing stays nearer a square than a line.
  const widest = Math.max(6, Math.ceil(Math.sqrt(shown.length) * 1.3));
  for (const n of shown) layers[n === END ? last : n === START ? 0 : depthOf(n)]!.push(n);
  const rows = layers.flatMap((layer) => {
    const cut: number[][] = [];
    for (let i = 0; i < layer.length; i += widest) cut.push(layer.slice(i, i + widest));
    return cut;
  });
  const drawn = g.links.filter((l) => s.links[l.id]).slice(0, DRAWN);
  const neighbours = new Map<number, number[]>();
  for (const l of drawn) {
    if (l.from === l.to) continue;
    for (const [a, b] of [[l.from, l.to], [l.to, l.from]] as const) {
      const list = neighbours.get(a);
      if (list) list.push(b);
      else neighbours.set(a, [b]);
    }
  }
  const place = new Map<number, number>();
  const spread = (row: number[]) => row.forEach((n, i) => place.set(n, i - (row.length - 1) / 2));
  rows.forEach(spread);
  for (let round = 0; round < 4; round++) {
    for (const row of round % 2 ? rows.toReversed() : rows) {
      const pull = new Map(
        row.map((n) => {
          const near = neighbours.get(n) ?? [];
          return [n, near.length ? near.reduce((t, m) => t + (place.get(m) ?? 0), 0) / near.length : (place.get(n) ?? 0)];
        })
      );
      row.sort((a, b) => pull.get(a)! - pull.get(b)!);
      spread(row);
    }
  }
  const gapX = NODE.w + 44;
  const gapY = NODE.h + 74;
  const most = Math.max(1, ...rows.map((row) => row.length));
  const width = most * gapX + 32;
  const nodes = new Map<number, Box>();
  rows.forEach((row, y) => {
    for (const n of row) {
      const { w, h } = sizeOf(n);
      nodes.set(n, { x: width / 2 + place.get(n)! * gapX - w / 2, y: 16 + y * gapY + (NODE.h - h) / 2, w, h });
    }
  });
  const links = new Map<number, Curve>();
  for (const l of drawn) {
    const a = nodes.get(l.from);
    const b = nodes.get(l.to);
    if (a && b) links.set(l.id, join(a, b));
  }
  return { key: s.key, nodes, links, width, height: rows.length * gapY + 16, plain: true };
}

/** A curve between two boxes: down from one to the other, round the side when going back up. */
export function join(a: Box, b: Box): Curve {
  const ax = a.x + a.w / 2;
  const bx = b.x + b.w / 2;
  if (a === b) {
    const x = a.x + a.w;
    const y = a.y + a.h / 2;
    return { d: `M${r(x)} ${r(y - 10)}C${r(x + 34)} ${r(y - 24)} ${r(x + 34)} ${r(y + 24)} ${r(x)} ${r(y + 10)}`, x: x + 34, y };
  }
  if (b.y > a.y + a.h) {
    const y0 = a.y + a.h;
    const y1 = b.y;
    const k = (y1 - y0) / 2;
    return { d: `M${r(ax)} ${r(y0)}C${r(ax)} ${r(y0 + k)} ${r(bx)} ${r(y1 - k)} ${r(bx)} ${r(y1)}`, x: (ax + bx) / 2, y: (y0 + y1) / 2 };
  }
  // Back up, or along: out by the side that looks away.
  const right = bx >= ax ? b.x - a.x < NODE.w * 3 : a.x - b.x >= NODE.w * 3;
  const x0 = right ? a.x + a.w : a.x;
  const x1 = right ? b.x + b.w : b.x;
  const out = (right ? Math.max(x0, x1) + 46 : Math.min(x0, x1) - 46);
  const y0 = a.y + a.h / 2;
  const y1 = b.y + b.h / 2;
  return { d: `M${r(x0)} ${r(y0)}C${r(out)} ${r(y0)} ${r(out)} ${r(y1)} ${r(x1)} ${r(y1)}`, x: (x0 + x1 + 6 * out) / 8, y: (y0 + y1) / 2 };
}

/** A name cut into at most two lines of so many characters, at a space where there is one. */
export function wrap(name: string, most = 25): string[] {
  if (name.length <= most) return [name];
  const cut = Math.max(name.lastIndexOf(' ', most), name.lastIndexOf('-', most - 1) + 1, name.lastIndexOf('_', most - 1) + 1);
  const at = cut > most * 0.4 ? cut : most;
  const first = name.slice(0, at).trimEnd();
  const rest = name.slice(at).trimStart();
  return [first, rest.length > most ? `${rest.slice(0, most - 1).trimEnd()}…` : rest];
}

/** Order in which the keyboard goes through a drawing: nodes as they are read, each followed by its links. */
export function reading(g: Graph, s: Shown, placed: Placed): { kind: 'node' | 'link'; id: number }[] {
  const nodes = [...placed.nodes].sort(([a, p], [b, q]) => p.y + p.h / 2 - (q.y + q.h / 2) || p.x - q.x || a - b).map(([n]) => n);
  const out = new Map<number, number[]>();
  for (const l of g.links) {
    if (!s.links[l.id] || !placed.links.has(l.id)) continue;
    const list = out.get(l.from);
    if (list) list.push(l.id);
    else out.set(l.from, [l.id]);
  }
  return nodes.flatMap((n) => [{ kind: 'node' as const, id: n }, ...(out.get(n) ?? []).map((id) => ({ kind: 'link' as const, id }))]);
}
