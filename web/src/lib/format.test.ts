import { describe, expect, it } from 'vitest';
import { addDays, dayInZone, ends, formats, isoWeek, readDecimal, readWhole, writeDecimal } from './format';

const fr = formats('fr');
const en = formats('en');

describe('numbers', () => {
  it('groups thousands by U+202F in French and by a comma in English', () => {
    expect(fr.num(2318)).toBe('2\u202f318');
    expect(fr.num(1234567.25, 1)).toBe('1\u202f234\u202f567,3');
    expect(en.num(2318)).toBe('2,318');
  });
  it('writes unknown as a dash and never as zero', () => {
    for (const v of [null, undefined, NaN, Infinity]) expect(fr.num(v)).toBe('—');
    expect(fr.value(null, 'ratio')).toBe('—');
    expect(fr.num(0)).toBe('0');
  });
  it('uses the true minus sign and no negative zero', () => {
    expect(fr.num(-3)).toBe('\u22123');
    expect(fr.num(-0.04, 1)).toBe('0,0');
    expect(fr.signed(96)).toBe('+96');
    expect(fr.signed(0)).toBe('0');
  });
  it('keeps a no-break space before the percent sign and the unit', () => {
    expect(fr.pct(0.81)).toBe('81\u00a0%');
    expect(fr.pct(0.065)).toBe('6,5\u00a0%');
    expect(fr.value(14.2, 'worked_day')).toBe('14,2\u00a0j');
    expect(en.value(41, 'worked_day')).toBe('41\u00a0d');
    expect(fr.instantLong('2026-11-20T17:02:00Z')).toBe('vendredi 20 novembre, 18\u00a0h\u00a002');
  });
});

describe('days', () => {
  it('never shifts a civil day', () => {
    expect(fr.day('2026-03-29')).toBe('29/03/2026');
    expect(en.day('2024-02-29')).toBe('29/02/2024');
    expect(addDays('2026-03-28', 1)).toBe('2026-03-29');
    expect(addDays('2026-03-29', 1)).toBe('2026-03-30');
  });
  it('reads an instant in the zone of the body', () => {
    expect(dayInZone('2026-11-20T23:30:00Z', 'Europe/Paris')).toBe('2026-11-21');
    expect(dayInZone('2026-11-20T23:30:00Z', 'America/Martinique')).toBe('2026-11-20');
  });
  it('knows week 53', () => {
    expect(isoWeek('2021-01-03')).toEqual({ year: 2020, week: 53 });
    expect(isoWeek('2021-01-04')).toEqual({ year: 2021, week: 1 });
  });
  it('names the periods of the ledger', () => {
    expect(fr.period('2026-W47')).toBe('sem.\u00a047, 2026');
    expect(fr.period('2026-11')).toBe('Novembre\u00a02026');
    expect(fr.period('2026-11-20')).toBe('Ven.\u00a020\u00a0nov.');
  });
});

describe('typed numbers', () => {
  it('accepts the spaces people paste', () => {
    expect(readWhole(' 1\u202f204 ')).toBe(1204);
    expect(readWhole('')).toBeNull();
    expect(readWhole('12,5')).toBeNaN();
    expect(readWhole('\u22123')).toBe(-3);
  });
  it('reads and writes decimals as each language does', () => {
    expect(readDecimal(' 1\u202f204,5 ')).toBe(1204.5);
    expect([readDecimal('2.5'), readDecimal(',5'), readDecimal('')]).toEqual([2.5, 0.5, null]);
    expect(readDecimal('1,2,3')).toBeNaN();
    expect(readDecimal('dix')).toBeNaN();
    expect([writeDecimal(0.07 * 100, 'fr'), writeDecimal(12.5, 'fr'), writeDecimal(12.5, 'en'), writeDecimal(1204, 'fr')]).toEqual(['7', '12,5', '12.5', '1204']);
  });
  it('writes an interval that reads as one value as one value', () => {
    const write = (v: number) => formats('fr').num(v);
    expect(ends([202, 202], write)).toEqual(['202']);
    expect(ends([201.6, 202.4], write)).toEqual(['202']);
    expect(ends([0, 3], write)).toEqual(['0', '3']);
    expect(ends(null, write)).toBeNull();
  });
  it('reads instants in the zone of the body, and in a known one when it is unknown', () => {
    const night = '2026-11-20T23:30:00Z';
    expect(formats('fr').dayOf(night)).toBe('2026-11-21');
    expect(formats('fr', 'America/Cayenne').dayOf(night)).toBe('2026-11-20');
    expect(formats('en', 'America/Cayenne').instantLong(night)).toBe('Friday 20 November, 20:30');
    expect(formats('fr', 'Ailleurs/Nulle-part').dayOf(night)).toBe('2026-11-21');
  });
});
