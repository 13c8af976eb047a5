/** The main job, step by step, with the keyboard only. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Labels } from '../src/lib/labels/fr';
import { axe, settled } from './browser';

/** An export, different in each language: the very same file twice would change nothing. */
const csv = (t: Labels) =>
  ['N° dossier;Étape;Date étape', '001;Réception;31/08/2026 09:12', '001;Notification envoyée;02/09/2026 10:00', 'NA;Réception;01/09/2026 08:00', `${t.nav.donnees};Réception;01/09/2026 09:00`, ''].join('\r\n');

/** Tabs until the element with this role and name has the focus: a mouse is never used. */
export async function tabTo(page: Page, role: 'button' | 'link' | 'combobox', name: string, most = 120): Promise<void> {
  const target = page.getByRole(role, { name, exact: true }).first();
  await target.waitFor();
  for (let i = 0; i < most; i++) {
    if (await target.evaluate((n) => n === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${role} « ${name} » cannot be reached by Tab`);
}

/** From any screen: palette, file, preview, trial, storing, then the flow of the process. */
export async function importByKeyboard(page: Page, t: Labels): Promise<void> {
  // Listened for from the start: the interception of the file dialog takes a moment to be set.
  page.on('filechooser', (chooser) => {
    void chooser.setFiles({ name: 'export.csv', mimeType: 'text/csv', buffer: Buffer.from(csv(t)) });
  });
  // The first Tab offers the way past the navigation.
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(t.skip);
  // The palette leads to the import.
  await page.keyboard.press('Control+k');
  await page.keyboard.type(`${t.nav.donnees}`);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/donnees');
  // The palette gives the focus back once it is gone.
  await page.locator('.palette').waitFor({ state: 'detached' });
  await page.waitForTimeout(300);
  await tabTo(page, 'button', t.donnees.choose);
  await page.keyboard.press('Enter');
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
}
