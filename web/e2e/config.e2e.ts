/** The dated configuration: its versions, its parts, the spreadsheet, and who may only read. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fr as t } from '../src/lib/labels/fr';
import { axe, invented, open, overflow, settled, visit, type Look } from './browser';
import { tabTo } from './steps';

const D = t.donnees;
const AT = '/donnees?tab=config&process=retraite';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

async function on(path: string, look: Look, play: (page: Page) => Promise<void>): Promise<void> {
  const { page, context, faults } = await visit(browser, base, path, look);
  page.setDefaultTimeout(8_000);
  try {
    await settled(page);
    await play(page);
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
}
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const see = (page: Page, day: string) => press(page, D.versionSeeOf(day));
const from = (page: Page) => page.getByLabel(D.configFrom).first();
const read = (page: Page, text: string) =>
  page.locator('input[type=file]').setInputFiles({ name: 'retraite.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
/** Looks at the effect, then saves; the versions as the server has them then, which holds what it received. */
async function saved(page: Page): Promise<{ from: string; rules: Record<string, unknown> }[]> {
  await press(page, D.previewEffect);
  await page.getByRole('heading', { name: D.effect }).waitFor();
  const answer = page.waitForResponse((r) => r.request().method() === 'PUT');
  await press(page, D.save);
  const { versions } = (await (await answer).json()) as { versions: { from: string; rules: Record<string, unknown> }[] };
  await page.getByText(D.unsaved).waitFor({ state: 'detached' });
  return versions;
}

// The versions and the spreadsheet are invented answers.
describe.skipIf(!invented)('configuration', () => {
  it('opens the version in force, reads another and starts from it', () =>
    on(AT, {}, async (page) => {
      const rows = await page.locator('table', { has: page.locator('caption', { hasText: D.versions }) }).locator('tbody tr').allInnerTexts();
      expect(rows.map((r) => r.split(/\s*[\t\n]\s*/).filter(Boolean))).toEqual([
        ['01/01/2027', D.versionComing, 'cibles, fermetures', D.versionSee],
        ['01/01/2026', D.versionInForce, '31/12/2026', 'cibles, seuils d’alerte, temps unitaires, campagnes, événements, fermetures', D.versionSee],
        [D.configAlways, '31/12/2025', D.versionFirst, D.versionSee]
      ]);
      expect(await from(page).inputValue()).toBe('2026-01-01');
      await page.getByText(D.versionReplaces('01/01/2026')).waitFor();

      await see(page, D.configAlways);
      await page.getByText(D.versionReadAlways).waitFor();
      expect(await page.getByRole('button', { name: D.previewEffect }).count()).toBe(0);
      const days = page.getByLabel(`${D.targetDays}, ${D.lineOf(1)}`);
      expect([await days.inputValue(), await days.isDisabled()]).toEqual(['30', true]);
      // Written before the thresholds: those by default hold.
      expect(await page.getByLabel(D.thresholdWords['critical_points']![0]).inputValue()).toBe('10');

      await press(page, D.versionStart);
      // What is past stays: the day proposed is today.
      expect(await from(page).inputValue()).toBe('2026-11-23');
      expect(await from(page).evaluate((n) => n === document.activeElement)).toBe(true);
      await page.getByText(D.versionAdds('23/11/2026')).waitFor();
      await from(page).fill('2027-01-01');
      await page.getByText(`▲ ${D.versionReplaces('01/01/2027')}`).waitFor();
      await from(page).fill('2026-11-23');
      await days.fill('28');
      const versions = await saved(page);
      expect(versions.map((v) => v.from)).toEqual(['1900-01-01', '2026-01-01', '2026-11-23', '2027-01-01']);
      expect(versions[2]?.rules['target']).toMatchObject([{ days: 28 }]);
      await page.getByRole('button', { name: D.versionSeeOf('23/11/2026'), pressed: true }).waitFor();
    }));

  it('shows no list of versions where there is one', () =>
    on('/donnees?tab=config&process=ij', {}, async (page) => {
      expect(await page.getByRole('heading', { name: D.versions }).count()).toBe(0);
      expect(await from(page).inputValue()).toBe('2026-01-01');
    }));

  it('adds a campaign and a unit time, changes a threshold, by keyboard, then looks and saves', () =>
    on(AT, {}, async (page) => {
      const critical = page.getByLabel(D.thresholdWords['critical_points']![0]);
      expect(await critical.inputValue()).toBe('12,5');
      await critical.fill('7,5');
      await critical.press('Tab');
      await tabTo(page, 'button', `${t.add}, ${D.unitTimes}`);
      await page.keyboard.press('Enter');
      // The new line has the focus.
      for (const typed of ['Révision', 'Réception', '12,5']) {
        await page.keyboard.type(typed);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.type('d');
      await tabTo(page, 'button', `${t.add}, ${D.campaigns}`);
      await page.keyboard.press('Enter');
      await page.keyboard.type('Pic de mars');
      const line = D.lineOf(2);
      await page.getByLabel(`${t.top.from}, ${line}`).first().fill('2027-03-01');
      await page.getByLabel(`${D.until}, ${line}`).first().fill('2027-03-31');
      await page.getByLabel(`${D.campaignExpected}, ${line}`).fill('400');
      await page.getByText(D.unsaved).waitFor();
      expect(await axe(page)).toEqual([]);
      expect((await saved(page))[1]).toMatchObject({
        from: '2026-01-01',
        rules: {
          alert: { tense_points: 0.02, critical_points: 0.075, tense_late_share: 0.05, critical_late_share: 0.2 },
          unit_time: [{}, {}, { product: 'Révision', activity: 'Réception', minutes: 12.5, basis: 'declared' }],
          campaign: [{ name: 'Bascule de janvier' }, { name: 'Pic de mars', from: '2027-03-01', to: '2027-03-31', product: null, expected: 400 }]
        }
      });
    }));

  it('adds an event with its expected effect in percent, and a campaign like the last', () =>
    on(AT, {}, async (page) => {
      await tabTo(page, 'button', `${t.add}, ${D.events}`);
      await page.keyboard.press('Enter');
      await page.keyboard.type('Grève des transports');
      await page.keyboard.press('Tab');
      // The kind is chosen by its first letter.
      await page.keyboard.type('g');
      const line = D.lineOf(2);
      const events = page.getByRole('group', { name: D.events, exact: true });
      await events.getByLabel(`${t.top.from}, ${line}`).fill('2026-12-01');
      const effect = events.getByLabel(`${D.eventEffect}, ${line}`);
      await effect.fill('-100');
      await effect.press('Tab');
      expect(await effect.evaluate((n: HTMLInputElement) => n.validationMessage)).toBe(t.previsions.tooFar('\u221299', '2\u202f000'));
      await effect.fill('-12,3');
      await effect.press('Tab');
      await events.getByRole('button', { name: `${t.add}, ${D.events}` }).click();
      const next = D.lineOf(3);
      await events.getByLabel(`${D.campaignName}, ${next}`).fill('Grève');
      await events.getByLabel(`${t.top.from}, ${next}`).fill('2026-12-08');
      await events.getByLabel(`${D.eventUntil}, ${next}`).fill('2026-12-09');
      await events.getByLabel(`${D.eventEffect}, ${next}`).fill('\u221230');
      await page.getByLabel(`${D.campaignLikeLast}, ${D.lineOf(1)}`).check();
      const rules = (await saved(page))[1]?.rules;
      expect(rules?.['event']).toMatchObject([
        { name: 'Simplification du formulaire', kind: 'rule', to: null, effect: null },
        { name: 'Grève des transports', kind: 'strike', from: '2026-12-01', to: null, product: null, effect: -0.123 },
        { name: 'Grève', kind: 'other', from: '2026-12-08', to: '2026-12-09', product: null, effect: -0.3 }
      ]);
      expect(rules?.['campaign']).toMatchObject([{ like_last_time: true }]);
    }));

  it('does not send a line that is not filled, and removes the line it names', () =>
    on(AT, {}, async (page) => {
      let asked = 0;
      page.on('request', (r) => (asked += Number(r.url().endsWith('/preview'))));
      await press(page, `${t.add}, ${D.unitTimes}`);
      await press(page, D.previewEffect);
      const minutes = page.getByLabel(`${D.unitMinutes}, ${D.lineOf(3)}`);
      expect(await minutes.evaluate((n) => n === document.activeElement)).toBe(true);
      expect(asked).toBe(0);
      await press(page, `${t.remove}, ${D.unitTimes}\u00a0: ${D.lineOf(3)}`);
      await press(page, `${t.remove}, ${D.configTargets}\u00a0: ${D.lineOf(2)}, Réversion`);
      const rules = (await saved(page))[1]?.rules;
      expect([rules?.['unit_time'], rules?.['target']]).toMatchObject([[{}, {}], [{ product: null }]]);
    }));

  it('asks for the effect again after one more change', () =>
    on(AT, {}, async (page) => {
      await press(page, D.previewEffect);
      await page.getByRole('heading', { name: D.effect }).waitFor();
      await page.getByLabel(`${D.targetDays}, ${D.lineOf(1)}`).fill('20');
      expect(await page.getByRole('button', { name: D.save, exact: true }).isDisabled()).toBe(true);
    }));

  it('reads a spreadsheet into the form, then saves it', () =>
    on(AT, {}, async (page) => {
      const link = page.getByRole('link', { name: D.sheetXlsx });
      expect(await link.getAttribute('href')).toBe('/api/v1/processes/retraite/config/files/config.xlsx?lang=fr');
      await read(page, 'cibles');
      await page.locator('.note', { hasText: D.sheetTaken('retraite.csv', 'cibles (4), campagnes (2)') }).waitFor();
      await page.getByText(D.unsaved).waitFor();
      expect(await axe(page)).toEqual([]);
      expect((await saved(page))[1]).toMatchObject({
        from: '2026-01-01',
        rules: { target: [{ days: 10 }, { days: 11 }, { days: 12 }, { days: 13 }], campaign: [{ name: 'Bascule de janvier' }, { name: 'Rentrée' }] }
      });
      expect(await page.locator('.note', { hasText: 'retraite.csv' }).count()).toBe(0);
    }));

  it('says what is wrong in a spreadsheet and leaves the form alone', () =>
    on(AT, { width: 390, height: 844 }, async (page) => {
      await read(page, 'quinze');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.innerText()).toContain('Cibles, 3');
      expect(await alert.locator('li').count()).toBe(2);
      expect(await page.getByLabel(`${D.targetDays}, ${D.lineOf(1)}`).inputValue()).toBe('15');
      expect(await page.getByText(D.unsaved).count()).toBe(0);
      expect([await axe(page), await overflow(page)]).toEqual([[], 0]);
    }));

  it('asks before unsaved changes are lost', () =>
    on(AT, {}, async (page) => {
      const days = page.getByLabel(`${D.targetDays}, ${D.lineOf(1)}`);
      const stays = async (leave: () => Promise<unknown>) => {
        await leave();
        await page.getByRole('dialog', { name: D.leaveTitle }).waitFor();
        await press(page, D.leaveStay);
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        expect(await days.inputValue()).toBe('18');
      };
      await days.fill('18');
      const asked = page.waitForEvent('dialog');
      void page.close({ runBeforeUnload: true });
      const dialog = await asked;
      expect(dialog.type()).toBe('beforeunload');
      await dialog.dismiss();
      await stays(() => see(page, '01/01/2027'));
      await stays(() => press(page, D.toml));
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(D.toml);
      await stays(() => read(page, 'cibles'));
      await stays(() => page.getByRole('link', { name: D.tabs.history }).click());
      await stays(() => page.getByLabel(D.configPick).selectOption('ij'));
      expect(await page.getByLabel(D.configPick).inputValue()).toBe('retraite');
      await page.getByLabel(D.configPick).selectOption('ij');
      await press(page, D.leaveDo);
      await page.waitForURL('**process=ij');
      await settled(page);
      expect(await page.getByLabel(D.configPick).inputValue()).toBe('ij');
      expect([await days.inputValue(), await page.getByText(D.unsaved).count()]).toEqual(['15', 0]);
    }));

  it('gives who may only read the versions and the files, and nothing to press else', () =>
    on(AT, { role: 'internal_control' }, async (page) => {
      expect(await page.getByRole('link', { name: D.sheetCsv, exact: true }).count()).toBe(1);
      await see(page, '01/01/2027');
      expect(await page.getByLabel(`${D.targetDays}, ${D.lineOf(1)}`).inputValue()).toBe('12');
      for (const name of [D.sheetRead, D.versionStart, D.previewEffect, D.save, t.add, t.remove]) {
        expect(await page.getByRole('button', { name }).count(), name).toBe(0);
      }
      expect(await axe(page)).toEqual([]);
    }));

  it.each<Look>([
    { theme: 'light', lang: 'fr', width: 390, height: 844 },
    { theme: 'dark', lang: 'en', width: 390, height: 844 },
    { theme: 'dark', lang: 'fr' }
  ])('is clean and holds in the page while another version is read: %o', (look) =>
    on(AT, look, async (page) => {
      await page.getByRole('button', { pressed: false }).filter({ hasText: /^(Voir|See)$/ }).first().click();
      expect(await axe(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
    })
  );
});
