/**
 * The main job by keyboard alone, in both languages: drop an export, correct a
 * column, try, store, read stock and flow, open the cases behind a figure, undo.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr } from '../src/lib/labels/fr';
import { axe, invented, open, settled, visit } from './browser';
import { importByKeyboard, tabTo } from './steps';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

describe.each([
  ['fr', fr],
  ['en', en]
] as const)('%s', (lang, t) => {
  it('imports, reads and goes back, by keyboard', async () => {
    const { page, context, faults } = await visit(browser, base, '/', { lang });
    try {
      await settled(page);
      await importByKeyboard(page, t);
      expect(page.url()).toContain('process=');
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it.runIf(invented)('reads a chart, its table and a figure by keyboard', async () => {
    const { page, context, faults } = await visit(browser, base, '/flux?process=retraite', { lang });
    try {
      await settled(page);
      const plot = page.locator('#flux .plot');
      await plot.focus();
      await page.keyboard.press('End');
      await page.waitForFunction(() => (document.querySelector('.sr[role="status"]')?.textContent ?? '') !== '');
      const said = await page.locator('.sr[role="status"]').last().textContent();
      expect(said).toContain(t.flux.stock);
      await page.keyboard.press('t');
      await page.locator('#flux table tbody th').first().waitFor();
      expect(await page.locator('#flux tbody tr:has(th)').count()).toBeGreaterThan(50);
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('t');
      // A figure explains itself and leads to its cases.
      await page.goto(`${base}/`);
      await settled(page);
      await tabTo(page, 'button', t.help.open(t.pilotage.overdue));
      await page.keyboard.press('Enter');
      await page.getByText('overdue@1').waitFor();
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByText('overdue@1').waitFor({ state: 'detached' });
      await page.locator('.big a').first().focus();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/dossiers?figure=overdue**');
      await settled(page);
      expect(await page.locator('tbody tr').count()).toBe(50);
      // The palette opened: still clean.
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
      expect(await axe(page)).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it.runIf(invented)('groups the ledger by what is chosen, and says so in the address', async () => {
    const { page, context, faults } = await visit(browser, base, '/flux?process=retraite', { lang });
    try {
      await settled(page);
      const ledger = page.locator('#grand-livre');
      await ledger.getByLabel(t.flux.groupBy).selectOption('unit');
      await page.waitForURL('**group_by=unit**');
      await ledger.getByText('Équipe Nord').first().waitFor();
      expect(await ledger.getByText(t.unknown, { exact: true }).count()).toBe(0);
      // The cards and the charts stay those of the whole.
      expect(await page.locator('#flux .plot svg').count()).toBe(1);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it.runIf(invented)('asks before undoing, and adopts a target', async () => {
    const { page, context } = await visit(browser, base, '/donnees?tab=history', { lang });
    try {
      await settled(page);
      const undo = page.getByRole('button', { name: new RegExp(`^${t.donnees.undo}`) }).first();
      await undo.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      expect(await axe(page)).toEqual([]);
      await tabTo(page, 'button', t.donnees.undoDo);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
    const other = await visit(browser, base, '/', { lang, state: 'notarget' });
    try {
      await settled(other.page);
      await other.page.getByRole('button', { name: new RegExp(`^${t.pilotage.propose('').trim()}`) }).first().focus();
      await other.page.keyboard.press('Enter');
      await other.page.getByRole('dialog').waitFor();
      expect(await axe(other.page)).toEqual([]);
      await tabTo(other.page, 'button', t.confirm);
      await other.page.keyboard.press('Enter');
      await other.page.getByRole('dialog').waitFor({ state: 'detached' });
    } finally {
      await other.context.close();
    }
  });

  it.runIf(invented)('keeps the wall up when the network goes, and says so', async () => {
    const { page, context } = await visit(browser, base, '/mur', { lang });
    try {
      await settled(page);
      const before = await page.locator('.figure').first().textContent();
      await context.setOffline(true);
      await context.route('**/api/**', (r) => r.abort());
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await page.getByRole('alert').waitFor();
      expect(await page.locator('.figure').first().textContent()).toBe(before);
      await context.unroute('**/api/**');
      await context.setOffline(false);
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await page.getByRole('alert').waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
  });

  it('prints each note on one A4 page', async () => {
    for (const path of ['/', '/flux']) {
      const { page, context } = await visit(browser, base, path, { lang });
      try {
        await settled(page);
        const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true, printBackground: true });
        const pages = pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
        if (process.env['KEEP']) (await import('node:fs')).writeFileSync(`${process.env['KEEP']}/note${path.replace('/', '-')}-${lang}.pdf`, pdf);
        if (invented) expect(pages, path).toBe(1);
      } finally {
        await context.close();
      }
    }
  });
});
