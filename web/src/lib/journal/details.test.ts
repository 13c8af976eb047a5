import { describe, expect, it } from 'vitest';
import { formats } from '$lib/format';
import { en } from '$lib/labels/en';
import { fr } from '$lib/labels/fr';
import { details, inShort } from './details';

const f = formats('fr');
const role = (key: string, value: string) => (key === 'role' && value === 'director' ? 'Directeur' : '');
const short = (text: string) => inShort(details(text, fr, f, role));

describe('the details of an entry', () => {
  it('are told in words, never as the machine writes them', () => {
    expect(short('{"how":"password"}')).toBe('mot de passe');
    expect(short('{"delegated_by":null,"from":"2026-11-22","grant":"0354f746-1805-478f-a3c0-5098a12ca6aa","role":"director","to":"2026-12-02"}')).toBe(
      'Directeur · du 22/11/2026 · au 02/12/2026'
    );
    expect(short('{"config_revision":1,"figures_sha256":"08e99f73a56de56275133a480dc95acac392e5a33df0a05c78b6dacc4ba042f7","period":"2026-10-01..2026-10-31"}')).toBe(
      'du 01/10/2026 au 31/10/2026'
    );
    expect(short('{"accepted":1500,"kind":"counts","quarantined":0,"rows_read":1500}')).toBe('comptages par jour · lignes lues 1\u202f500 · acceptées 1\u202f500 · en quarantaine 0');
  });
  it('keep everything for who opens the entry', () => {
    const all = details('{"grant":"0354f746-1805-478f-a3c0-5098a12ca6aa","node":null,"unheard_of":{"from":"2024-01-01","deep":[true]}}', fr, f);
    expect(all.map((d) => [d.name, d.value, d.telling])).toEqual([
      ['rôle donné n°', '0354f746-1805-478f-a3c0-5098a12ca6aa', false],
      ['unheard_of', 'du 01/01/2024, deep oui', false]
    ]);
  });
  it('stand as they are when they are no object', () => {
    expect(short('a plain sentence')).toBe('a plain sentence');
    expect(short('')).toBe('');
    expect(inShort(details('{"how":"password"}', en, formats('en')))).toBe('password');
  });
});
