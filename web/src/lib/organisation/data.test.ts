import { describe, expect, it } from 'vitest';
import type { Fact, OrgNode } from '$lib/api/types';
import { formats } from '$lib/format';
import { fr } from '$lib/labels/fr';
import { contentOf, factWords, formOf, kindsBelow, placesFor, readNumber, sourceWords, timeline } from './data';

const f = formats('fr');
const names = { node: (id: string) => ({ n4: 'Équipe Nord', n5: 'Équipe Sud' })[id] ?? id };
const fact = (id: number, kind: string, from: string, to: string | null, content: Record<string, unknown>): Fact => ({
  id,
  kind,
  from,
  to,
  content,
  source: 'screen',
  version: 1
});
const TODAY = '2026-11-23';

describe('a fact in words', () => {
  it('says contract, skill and team', () => {
    expect(factWords(fact(1, 'membership', TODAY, null, { node: 'n4' }), fr, f, names)).toBe('Équipe Nord');
    expect(factWords(fact(1, 'contract', TODAY, null, { share: 0.8, weekly_hours: 30, worked_weekdays: [1, 2, 4] }), fr, f, names)).toBe(
      '80\u00a0%, 30 h par semaine, lun. mar. jeu.'
    );
    expect(
      factWords(fact(1, 'skill', TODAY, null, { skill: 'Réversion', theory: 2, practice: 1, intensity: null, authorised: false }), fr, f, names)
    ).toBe('Réversion · théorie 2, pratique 1, non habilitée');
  });
  it('never invents the cause of an absence that was not sent', () => {
    expect(factWords(fact(1, 'absence', TODAY, TODAY, { from_noon: false, until_noon: false }), fr, f, names)).toContain('cause non montrée');
  });
  it('survives a content it does not know', () => {
    expect(factWords(fact(1, 'contract', TODAY, null, {}), fr, f, names)).toContain('—');
    expect(factWords(fact(1, 'autre', TODAY, null, {}), fr, f, names)).toBe('autre');
  });
  it('names a file by itself', () => {
    expect(sourceWords('staff:effectifs : mars.xlsx', fr)).toBe('effectifs : mars.xlsx');
    expect(sourceWords('ical', fr)).toBe('calendrier');
  });
});

describe('the timeline', () => {
  const facts = [
    fact(1, 'membership', '2019-01-01', '2026-03-31', { node: 'n5' }),
    fact(2, 'membership', '2026-04-01', null, { node: 'n4' }),
    fact(3, 'skill', '2026-02-01', null, { skill: 'Réversion', theory: 2, practice: 1 }),
    fact(4, 'absence', '2026-11-23', '2026-11-23', {})
  ];
  const line = timeline(facts, TODAY, fr, f, names)!;
  it('shows three years back at most, and bars that touch without overlap', () => {
    expect(line.from).toBe('2023-11-24');
    const [before, after] = line.lanes[0]!.bars;
    expect(before!.cut).toBe(true);
    expect(before!.x).toBe(0);
    expect(before!.x + before!.width).toBeCloseTo(after!.x, 9);
    expect(after!.x + after!.width).toBeCloseTo(100, 9);
    expect(after!.open && after!.now).toBe(true);
  });
  it('gives one day its width, and each skill its lane', () => {
    expect(line.lanes.map((l) => l.name)).toEqual(['Équipes', 'Réversion', 'Absences']);
    expect(line.lanes[2]!.bars[0]!.width).toBeGreaterThan(0);
  });
  it('draws nothing from nothing', () => expect(timeline([], TODAY, fr, f, names)).toBeNull());
});

describe('a form of a fact', () => {
  it('comes back as it was', () => {
    const content = { share: 0.375, weekly_hours: 37.5, worked_weekdays: [1, 2, 5], calendar: null };
    expect(contentOf(formOf('contract', TODAY, fact(1, 'contract', TODAY, null, content)))).toEqual(content);
    const skill = { skill: 'Droit propre', theory: 4, practice: 3, intensity: 0.6, authorised: true };
    expect(contentOf(formOf('skill', TODAY, fact(1, 'skill', TODAY, null, skill)))).toEqual(skill);
  });
  it('refuses what cannot be', () => {
    expect(contentOf({ ...formOf('contract', TODAY), share: '120' })).toBeNull();
    expect(contentOf({ ...formOf('contract', TODAY), weekdays: [] })).toBeNull();
    expect(contentOf({ ...formOf('skill', TODAY), skill: ' ' })).toBeNull();
    expect(contentOf(formOf('membership', TODAY))).toBeNull();
  });
  it('reads numbers as they are typed in French', () => {
    expect(readNumber('37,5')).toBe(37.5);
    expect(readNumber('80\u202f%')).toBe(80);
    expect(readNumber('-1')).toBeNull();
  });
});

describe('places in the tree', () => {
  const node = (id: string, kind: string, parent: string | null): OrgNode => ({
    id, kind, parent, code: id, label: id, places: [], members: 0, fte: 0, present: 0, editable: true, version: 1
  });
  const nodes = [node('c', 'body', null), node('s', 'site', 'c'), node('v', 'service', 's'), node('w', 'service', 's'), node('t', 'team', 'v')];
  it('are wider, and never below oneself', () => {
    expect(placesFor(nodes[4]!, nodes).map((n) => n.id)).toEqual(['c', 's', 'v', 'w']);
    expect(placesFor(nodes[1]!, nodes).map((n) => n.id)).toEqual(['c']);
    expect(placesFor(nodes[0]!, nodes)).toEqual([]);
  });
  it('hold narrower kinds only', () => {
    expect(kindsBelow('service')).toEqual(['team']);
    expect(kindsBelow('team')).toEqual([]);
    expect(kindsBelow(null)).toContain('body');
  });
});
