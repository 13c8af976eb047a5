import { describe, expect, it } from 'vitest';
import { add, chips, noFilter, readCases, withCases, writeCases, type CaseFilter } from './casefilter';

const NASTY = ['Pièce demandée', 'a,b', 'a>b', 'x:y', '100 %', '%2C', 'é&è=ç', '+ plus', 'a/b?c#d'];
const full = (): CaseFilter => ({
  with: NASTY,
  without: ['Clôture'],
  path: [['a,b', 'c>d'], ['x', 'x']],
  noPath: [['100 %', 'a:b']],
  attr: [{ name: 'a:b', value: 'c,d' }, { name: 'a:b', value: 'e>f' }, { name: 'canal', value: 'Courrier' }],
  variant: ['9f,1', 'ab'],
  minS: 864_000,
  maxS: 2_592_000,
  rows: 'events'
});

describe('the filter of cases', () => {
  it('comes back whole from an address, whatever the names hold', () => {
    const search = new URLSearchParams(new URLSearchParams(writeCases(full())).toString());
    expect(readCases(search)).toEqual(full());
  });
  it('comes back under a prefix without touching the first filter', () => {
    const search = withCases(new URLSearchParams('process=p&with=A'), full(), 'vs_');
    expect(readCases(search, 'vs_')).toEqual(full());
    expect(readCases(search).with).toEqual(['A']);
    expect(search.get('process')).toBe('p');
  });
  it('is encoded twice: names first, then the value', () => {
    const q = new URLSearchParams(writeCases({ ...noFilter(), with: ['a,b', 'c'] }));
    expect(q.get('with')).toBe('a%2Cb,c');
    expect(q.toString()).toBe('with=a%252Cb%2Cc');
  });
  it('leaves out what cannot be read', () => {
    const q = new URLSearchParams('with=%25,,A,A&path=a,b>c,>d,e>&attr=x,y:1&min_s=-3&max_s=abc&rows=lines');
    expect(readCases(q)).toEqual({ ...noFilter(), with: ['A'], path: [['b', 'c']], attr: [{ name: 'y', value: '1' }] });
  });
  it('puts the shortest before the longest', () => {
    expect(readCases(new URLSearchParams('min_s=20&max_s=10'))).toMatchObject({ minS: 10, maxS: 20 });
  });
  it('writes nothing when nothing is asked', () => {
    expect(writeCases(noFilter())).toEqual({});
    expect(withCases(new URLSearchParams('with=A&tab=x&rows=events'), noFilter()).toString()).toBe('tab=x');
  });
});

describe('conditions', () => {
  it('are as many as told, each removable alone', () => {
    const all = chips(full());
    expect(all).toHaveLength(NASTY.length + 1 + 2 + 1 + 2 + 2 + 2);
    for (const chip of all) expect(chips(chip.rest)).toHaveLength(all.length - 1);
  });
  it('are added once', () => {
    let f = add(noFilter(), { kind: 'with', name: 'A' });
    expect(add(f, { kind: 'with', name: 'A' })).toEqual(f);
    f = add(f, { kind: 'path', from: 'A', to: 'B' });
    expect(add(f, { kind: 'path', from: 'A', to: 'B' })).toEqual(f);
    f = add(f, { kind: 'attr', name: 'n', value: 'v' });
    expect(add(f, { kind: 'attr', name: 'n', value: 'v' })).toEqual(f);
  });
  it('replace their contrary', () => {
    const f = add(add(noFilter(), { kind: 'with', name: 'A' }), { kind: 'without', name: 'A' });
    expect(f).toMatchObject({ with: [], without: ['A'] });
    const p = add(add(noFilter(), { kind: 'path', from: 'A', to: 'B' }), { kind: 'noPath', from: 'A', to: 'B' });
    expect(p).toMatchObject({ path: [], noPath: [['A', 'B']] });
  });
});
