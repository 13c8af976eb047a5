import { describe, expect, it } from 'vitest';
import { conflictLines, merge } from './conflict';

const seen = { label: 'Équipe Nord', code: 'NORD', parent: 'n3' };
const now = { label: 'Équipe du Nord', code: 'NORD', parent: 'n3' };
const mine = { label: 'Équipe Nord', code: 'EQ NORD', parent: 'n3' };
const FIELDS = [
  { key: 'label', label: 'Nom' },
  { key: 'code', label: 'Code' },
  { key: 'parent', label: 'Sous', show: (v: string) => `unité ${v}` }
] as const;

describe('a conflict', () => {
  it('lists what moved there and what I changed, nothing else', () => {
    const lines = conflictLines(seen, now, mine, FIELDS);
    expect(lines.map((l) => [l.key, l.moved])).toEqual([
      ['label', true],
      ['code', false]
    ]);
    expect(lines[0]).toMatchObject({ seen: 'Équipe Nord', now: 'Équipe du Nord', mine: 'Équipe Nord' });
  });
  it('keeps both changes when they touch different fields', () => {
    expect(merge(seen, now, mine, ['label', 'code', 'parent'])).toEqual({ label: 'Équipe du Nord', code: 'EQ NORD', parent: 'n3' });
  });
  it('keeps mine where both changed', () => {
    expect(merge(seen, now, { ...mine, label: 'Nord' }, ['label', 'code'])).toMatchObject({ label: 'Nord' });
  });
});
