import { describe, expect, it } from 'vitest';
import type { OrgNode } from '$lib/api/types';
import { ancestors, childrenOf, find, firstExpanded, rowsOf, step } from './tree';

const node = (id: string, parent: string | null, kind = 'team', label = id): OrgNode => ({
  id,
  kind,
  code: id,
  label,
  parent,
  places: [],
  members: null,
  fte: null,
  present: null,
  editable: false,
  version: 1
});
const NODES = [
  node('c', null, 'body', 'Caisse'),
  node('e', 'c', 'site', 'Est'),
  node('s', 'c', 'site', 'Siège'),
  node('n', 's', 'team', 'Équipe Nord'),
  node('d', 's', 'team', 'Équipe Sud'),
  node('x', 'ailleurs', 'team', 'Isolée')
];
const compare = (a: string, b: string) => a.localeCompare(b, 'fr');
const children = childrenOf(NODES, compare);
const all = new Set(NODES.map((n) => n.id));
const ids = (expanded: Set<string>) => rowsOf(children, expanded).map((r) => r.node.id);

describe('the tree', () => {
  it('shows parents first, wide kinds first, and who is out of reach as a root', () => {
    expect(ids(all)).toEqual(['c', 'e', 's', 'n', 'd', 'x']);
    expect(ids(new Set())).toEqual(['c', 'x']);
  });
  it('tells levels and places as a screen reader reads them', () => {
    const north = rowsOf(children, all).find((r) => r.node.id === 'n')!;
    expect(north).toMatchObject({ level: 3, position: 1, siblings: 2, expandable: false, expanded: false });
  });
  it('survives a loop in the answer', () => {
    const loop = [node('a', 'b'), node('b', 'a')];
    expect(rowsOf(childrenOf(loop, compare), new Set(['a', 'b']))).toEqual([]);
    expect(ancestors(loop, 'a')).toEqual(['b', 'a']);
  });
  it('opens everything of a small body, the first level of a large one', () => {
    expect(firstExpanded(children, NODES).size).toBe(NODES.length);
    const many = [NODES[0]!, ...Array.from({ length: 60 }, (_, i) => node(`t${i}`, 'c'))];
    expect([...firstExpanded(childrenOf(many, compare), many)]).toEqual(['c']);
  });
});

describe('keys of the tree', () => {
  const rows = rowsOf(children, all);
  const go = (from: string, key: string) => step(rows, from, key);
  it('go up, down, to both ends and stop there', () => {
    expect(go('e', 'ArrowDown')).toEqual({ focus: 's' });
    expect(go('c', 'ArrowUp')).toEqual({});
    expect(go('d', 'Home')).toEqual({ focus: 'c' });
    expect(go('c', 'End')).toEqual({ focus: 'x' });
  });
  it('open, enter, fold and leave', () => {
    expect(step(rowsOf(children, new Set(['c'])), 's', 'ArrowRight')).toEqual({ expand: ['s'] });
    expect(go('s', 'ArrowRight')).toEqual({ focus: 'n' });
    expect(go('n', 'ArrowRight')).toEqual({});
    expect(go('s', 'ArrowLeft')).toEqual({ collapse: 's' });
    expect(go('d', 'ArrowLeft')).toEqual({ focus: 's' });
    expect(go('x', 'ArrowLeft')).toEqual({});
    expect(go('e', '*')).toEqual({ expand: ['s'] });
  });
  it('leave the other keys alone', () => expect(go('c', 'Tab')).toBeNull());
  it('find a name by its letters, accents aside, going round', () => {
    expect(find(rows, 'c', 's')).toBe('s');
    expect(find(rows, 'n', 'e')).toBe('d');
    expect(find(rows, 'd', 'ee')).toBe('e');
    expect(find(rows, 'c', 'equipe s')).toBe('d');
    expect(find(rows, 'c', 'zz')).toBeNull();
  });
});
