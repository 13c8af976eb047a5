import { describe, expect, it } from 'vitest';
import type { Column } from '../api/types';
import { missingRoles, quote, reference, repeatedRoles, setTop, slug, withRoles } from './mapping';

const col = (name: string): Column => ({ name, role: '', looks_like: 'text', samples: [], confidence: 1 });
const TOML = `kind = "events"
separator = ";"
ignore_activities = [
    "Start",
    "End",
]

[columns]
case = "N° dossier"
activity = "Étape"

[counts]

[counts.kinds]
"Entrées" = "arrivals"

[constants]
org = "CAF 54"
`;

describe('mapping', () => {
  it('replaces the roles and keeps the rest', () => {
    const columns = [col('Id'), col('Étape'), col('Fin'), col('Motif')];
    const out = withRoles(TOML, 'events', columns, ['case', 'activity', 'time', 'attribute']);
    expect(out).toContain('[columns]\ncase = "Id"\nactivity = "Étape"\ntime = "Fin"\nattributes = ["Motif"]');
    expect(out).not.toContain('N° dossier');
    expect(out).toContain('org = "CAF 54"');
    expect(out).toContain('[counts.kinds]\n"Entrées" = "arrivals"');
  });
  it('sets and removes keys at the top, lists over several lines included', () => {
    const out = setTop(TOML, { separator: '\t', ignore_activities: null, zone: 'UTC' });
    expect(out).toContain('separator = "\\t"');
    expect(out).not.toContain('Start');
    expect(out.indexOf('zone = "UTC"')).toBeLessThan(out.indexOf('[columns]'));
    expect(setTop(out, { ignore_activities: ['A', 'B'] })).toContain('ignore_activities = ["A", "B"]');
  });
  it('changes nothing when nothing changes, however often', () => {
    const once = setTop(TOML, {});
    expect(setTop(once, {})).toBe(once);
    expect(once).toContain('"End",');
  });
  it('names a repeated or empty header by its rank', () => {
    const columns = [col('Date'), col('Date '), col(''), col('Fin')];
    expect([0, 1, 2, 3].map((i) => reference(columns, i))).toEqual(['#1', '#2', '#3', 'Fin']);
  });
  it('escapes what TOML would read otherwise', () => {
    expect(quote('a "b" \\ \u0001')).toBe('"a \\"b\\" \\\\ \\u0001"');
  });
  it('says what is missing or given twice', () => {
    const p = { columns: [col('a')], format: 'csv' };
    expect(missingRoles(p, 'events', ['case'])).toEqual(['activity', 'time']);
    expect(missingRoles(p, 'counts', ['date'])).toEqual(['stock']);
    expect(missingRoles(p, 'counts', ['date', 'kind', 'value'])).toEqual([]);
    expect(missingRoles({ ...p, format: 'xes' }, 'events', [])).toEqual([]);
    expect(repeatedRoles(['case', 'time', 'case', 'attribute', 'attribute', 'ignored', 'ignored'])).toEqual(['case']);
  });
  it('makes identifiers of names', () => {
    expect(slug('Indemnités journalières (IJ)')).toBe('indemnites-journalieres-ij');
  });
});
