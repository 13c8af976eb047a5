import { describe, expect, it } from 'vitest';
import { DATA_PARTS, firstOpen, mayOpen, openParts, RIGHTS_PARTS, SCREENS, screenOf } from './nav';

const holding = (...held: string[]) => (p: string) => held.includes(p);
const shown = (...held: string[]) => SCREENS.filter((s) => mayOpen(s, holding(...held))).map((s) => s.key);

describe('navigation', () => {
  it('shows nothing to who holds nothing', () => {
    expect(shown()).toEqual([]);
    expect(firstOpen(holding())).toBeNull();
  });
  it('keeps business data from the technical administrator', () => {
    const admin = ['accounts.read', 'accounts.write', 'rights.read', 'rights.write', 'organisation.read', 'system.read', 'method.read'];
    expect(shown(...admin)).toEqual(['organisation', 'droits', 'sante']);
    expect(firstOpen(holding(...admin))?.path).toBe('/organisation');
    expect(openParts(RIGHTS_PARTS, holding(...admin))).toEqual(['comptes', 'roles', 'jetons', 'conservation', 'matrice']);
  });
  it('lets a data protection officer read accounts and roles, not tokens', () => {
    expect(openParts(RIGHTS_PARTS, holding('rights.read', 'gates.read', 'method.read'))).toEqual(['comptes', 'roles', 'individuel', 'conservation', 'matrice']);
  });
  it('leads a staff representative to the method only', () => {
    expect(shown('method.read', 'gates.read')).toEqual(['droits']);
  });
  it('opens of a screen only the parts that lead somewhere', () => {
    expect(openParts(DATA_PARTS, holding('counts.write'))).toEqual(['counts', 'control']);
    expect(openParts(DATA_PARTS, holding('config.read'))).toEqual(['config']);
  });
  it('finds the screen of an address and of what is below it', () => {
    expect(screenOf('/')?.key).toBe('pilotage');
    expect(screenOf('/organisation/personnes/p1')?.key).toBe('organisation');
    expect(screenOf('/moi')).toBeNull();
    expect(screenOf('/fluxe')).toBeNull();
  });
});
