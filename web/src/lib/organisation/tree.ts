/** Shapes the organisation for a treegrid: visible rows, and where a key leads. */
import type { OrgNode } from '$lib/api/types';

export interface Row {
  node: OrgNode;
  /** 1 for a root. */
  level: number;
  /** Place among the nodes of the same parent, from 1, and how many they are. */
  position: number;
  siblings: number;
  expandable: boolean;
  expanded: boolean;
}

const WIDTH = ['network', 'body', 'site', 'service', 'team'];

/** Children by parent; a node whose parent is out of reach stands as a root. */
export function childrenOf(nodes: readonly OrgNode[], compare: (a: string, b: string) => number): Map<string | null, OrgNode[]> {
  const known = new Set(nodes.map((n) => n.id));
  const children = new Map<string | null, OrgNode[]>();
  for (const n of nodes) {
    const parent = n.parent != null && known.has(n.parent) ? n.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), n]);
  }
  for (const list of children.values()) {
    list.sort((a, b) => WIDTH.indexOf(a.kind) - WIDTH.indexOf(b.kind) || compare(a.label, b.label));
  }
  return children;
}

/** The rows on view, parents before children. */
export function rowsOf(children: Map<string | null, OrgNode[]>, expanded: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const walk = (parent: string | null, level: number) => {
    const list = children.get(parent) ?? [];
    list.forEach((node, i) => {
      const expandable = (children.get(node.id) ?? []).length > 0;
      const open = expandable && expanded.has(node.id);
      rows.push({ node, level, position: i + 1, siblings: list.length, expandable, expanded: open });
      // A level deeper than any body has would be a loop in the answer.
      if (open && level < 20) walk(node.id, level + 1);
    });
  };
  walk(null, 1);
  return rows;
}

/** What is open at first: everything when it is small, the two upper levels otherwise. */
export function firstExpanded(children: Map<string | null, OrgNode[]>, nodes: readonly OrgNode[]): Set<string> {
  if (nodes.length <= 40) return new Set(nodes.map((n) => n.id));
  return new Set((children.get(null) ?? []).map((n) => n.id));
}

/** The ways from a root down to a node, so that it can be shown. */
export function ancestors(nodes: readonly OrgNode[], id: string): string[] {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const path: string[] = [];
  let at = byId.get(id)?.parent;
  while (at && !path.includes(at)) {
    path.push(at);
    at = byId.get(at)?.parent;
  }
  return path;
}

export interface Step {
  focus?: string;
  expand?: string[];
  collapse?: string;
}

/** Where a key leads, as the treegrid pattern says; `null` when it is not for the tree. */
export function step(rows: readonly Row[], current: string, key: string): Step | null {
  const i = Math.max(0, rows.findIndex((r) => r.node.id === current));
  const row = rows[i];
  if (!row) return null;
  const to = (r: Row | undefined): Step => (r ? { focus: r.node.id } : {});
  switch (key) {
    case 'ArrowDown':
      return to(rows[i + 1]);
    case 'ArrowUp':
      return to(rows[i - 1]);
    case 'Home':
      return to(rows[0]);
    case 'End':
      return to(rows.at(-1));
    case 'PageDown':
      return to(rows[Math.min(rows.length - 1, i + 10)]);
    case 'PageUp':
      return to(rows[Math.max(0, i - 10)]);
    case 'ArrowRight':
      if (!row.expandable) return {};
      return row.expanded ? to(rows[i + 1]) : { expand: [row.node.id] };
    case 'ArrowLeft': {
      if (row.expanded) return { collapse: row.node.id };
      for (let k = i - 1; k >= 0; k--) if (rows[k]!.level < row.level) return to(rows[k]);
      return {};
    }
    case '*':
      return { expand: rows.filter((r) => r.level === row.level && r.expandable).map((r) => r.node.id) };
    default:
      return null;
  }
}

const plain = (s: string) => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** The next row whose name begins so, going round; the same letter again goes on to the next. */
export function find(rows: readonly Row[], current: string, typed: string): string | null {
  if (rows.length === 0 || typed === '') return null;
  const i = Math.max(0, rows.findIndex((r) => r.node.id === current));
  const repeated = typed.length > 1 && [...typed].every((c) => c === typed[0]);
  const wanted = plain(repeated ? typed[0]! : typed);
  const start = typed.length === 1 || repeated ? i + 1 : i;
  for (let k = 0; k < rows.length; k++) {
    const r = rows[(start + k) % rows.length]!;
    if (plain(r.node.label).startsWith(wanted)) return r.node.id;
  }
  return null;
}
