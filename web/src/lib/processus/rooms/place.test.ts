import { describe, expect, it } from 'vitest';
import { noFilter, writeCases } from '../casefilter';
import { joined, onMap, onPath } from './place';

const at = (change: Record<string, string | undefined>) =>
  '?' + new URLSearchParams(Object.entries(change).flatMap(([k, v]) => (v ? [[k, v]] : []))).toString();

describe('ways to the map', () => {
  it('keep the names whole, whatever they hold', () => {
    const p = new URLSearchParams(onPath({ cases: noFilter(), at }, 'A > B, C', 'D:é').slice(1)).get('path');
    expect(p).toBe('A%20%3E%20B%2C%20C>D%3A%C3%A9');
  });
  it('keep both activities where neither directly follows the other', () => {
    const edges = [{ from: 'a', to: 'b' }] as never[];
    const map = { data: { edges } as never };
    expect(onPath({ cases: noFilter(), at, map }, 'a', 'b')).toContain('path=');
    const far = new URLSearchParams(onPath({ cases: noFilter(), at, map }, 'a', 'c').slice(1));
    expect([far.get('path'), far.get('with')]).toEqual([null, 'a,c']);
  });
  it('add the conditions of a loss to those in place', () => {
    const there = { ...noFilter(), with: ['x'] };
    const given = new URLSearchParams(writeCases({ ...noFilter(), path: [['a', 'b']], with: ['y'] })).toString();
    expect(joined(there, given)).toMatchObject({ with: ['x', 'y'], path: [['a', 'b']] });
    expect(onMap({ cases: there, at }, given)).toContain('with=x%2Cy');
    expect(joined(there, '')).toEqual(there);
  });
});
