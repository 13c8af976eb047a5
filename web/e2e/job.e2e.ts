/**
 * The main job by keyboard alone, in both languages: drop an export, correct a
 * column, try, store, read stock and flow, open the cases behind a figure, undo.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr } from '../src/lib/labels/fr';
import { axe, invented, open, settled, visit } from './browser';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

const CSV = ['N° dossier;Étape;Date étape', '001;Réception;31/08/2026 09:12', '001;Notification envoyée;02/09/2026 10:00', 'NA;Réception;01/09/2026 08:00', ''].join('\r\n');

/** Tabs until the element with this role and name has the focus: a mouse is never used. */
async function tabTo(page: Page, role: 'button' | 'link' | 'combobox', name: string, most = 120): Promise<void> {
  const target = page.getByRole(role, { name, exact: true }).first();
  await target.waitFor();
  for (let i = 0; i < most; i++) {
    if (await target.evaluate((n) => n === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${role} « ${name} » cannot be reached by Tab`);
}

describe.each([
  ['fr', fr],
  ['en', en]
] as const)('%s', (lang, t) => {
  it('imports, reads and goes back, by keyboard', async () => {
    const { page, context, faults } = await visit(browser, base, '/', { lang });
    try {
      await settled(page);
      // The first Tab offers the way past the navigation.
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(t.skip);
      // The palette leads to the import.
      await page.keyboard.press('Control+k');
      await page.keyboard.type(`${t.nav.donnees}`);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/donnees');
      await tabTo(page, 'button', t.donnees.choose);
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles({ name: 'export.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
      await page.getByRole('heading', { name: t.donnees.preview }).waitFor();
      expect(await axe(page)).toEqual([]);
      await tabTo(page, 'button', t.donnees.dryRun);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: t.donnees.dryReport }).waitFor();
      expect(await axe(page)).toEqual([]);
      await tabTo(page, 'button', t.donnees.importNow);
      await page.keyboard.press('Enter');
      await page.getByText(t.donnees.statuses['committed']!, { exact: false }).first().waitFor();
      await tabTo(page, 'link', t.donnees.seeFlux);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/flux**');
      await settled(page);
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
