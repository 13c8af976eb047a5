import { describe, expect, it } from 'vitest';
import { casesLink, link, query, readFilter } from './filters';

describe('filters', () => {
  it('reads only what it understands', () => {
    const f = readFilter(new URLSearchParams('process=ret&from=2026-01-01&to=bad&grain=year&x=1&unit='));
    expect(f).toEqual({ process: 'ret', from: '2026-01-01' });
  });
  it('puts a reversed period in order', () => {
    const f = readFilter(new URLSearchParams('from=2026-02-01&to=2026-01-01'));
    expect([f.from, f.to]).toEqual(['2026-01-01', '2026-02-01']);
  });
  it('survives a round trip with accents and separators', () => {
    const filter = { process: 'retraite', unit: 'Équipe A & B', grain: 'week' };
    expect(readFilter(new URLSearchParams(query(filter)))).toEqual(filter);
  });
  it('removes what is undefined', () => {
    expect(link('/flux', { process: 'a', unit: 'b' }, { unit: undefined })).toBe('/flux?process=a');
    expect(link('/', {})).toBe('/');
  });
  it('leads to the list of cases', () => {
    expect(casesLink('figure=stock')).toBe('/dossiers?figure=stock');
    expect(casesLink(null)).toBeNull();
  });
});
