import { describe, expect, it } from 'vitest';
import { en } from './en';
import { fr } from './fr';

/** Every text of a label tree; functions are called with harmless arguments. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function')
    return [2, 1].flatMap((n) => texts((node as (...a: unknown[]) => unknown)(n, 'x', 'y'), path));
  if (Array.isArray(node)) return node.flatMap((v, i) => texts(v, `${path}[${i}]`));
  if (node && typeof node === 'object')
    return Object.entries(node).flatMap(([k, v]) => texts(v, path ? `${path}.${k}` : k));
  return [];
}

describe('labels', () => {
  it('are all there in both languages, dictionaries included', () => {
    const keys = (t: [string, string][]) => [...new Set(t.map(([k]) => k))].sort();
    expect(keys(texts(en))).toEqual(keys(texts(fr)));
  });
  it('are never empty', () => {
    for (const [key, text] of [...texts(fr), ...texts(en)]) expect(text.trim(), key).not.toBe('');
  });
  it('keep French typography', () => {
    for (const [key, text] of texts(fr)) {
      expect(text, key).not.toMatch(/ [:;!?»%]/);
      expect(text, key).not.toMatch(/« /);
      expect(text, key).not.toContain("'");
    }
  });
  it('keep English typography', () => {
    for (const [key, text] of texts(en)) {
      expect(text, key).not.toMatch(/\s[:;!?%]/);
      expect(text, key).not.toContain("'");
    }
  });
});
