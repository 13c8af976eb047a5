/** The screen Processus: map, difference map, variants, timeline; its states, its keyboard, and no freeze. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fr } from '../src/lib/labels/fr';
import { axe, invented, open, overflow, settled, visit, type Look } from './browser';
import { tabTo } from './steps';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

const t = fr.processus;
const LOOKS: Look[] = [
  { theme: 'light', lang: 'fr' },
  { theme: 'dark', lang: 'en' },
  { theme: 'light', lang: 'fr', width: 390, height: 844 }
];
const P = '/processus?process=retraite';
const SCREENS: [name: string, path: string, state: string, ready: string][] = [
  ['chooser', '/processus', 'usual', '.tile'],
  ['map', P, 'usual', 'g.node'],
  ['map by worked time, a variant highlighted', `${P}&mesure=median&temps=ouvre&surligne=heureux`, 'usual', 'g.node.lit'],
  ['filtered map', `${P}&with=Pi%25C3%25A8ce%2520demand%25C3%25A9e&min_s=864000`, 'usual', '.cond'],
  ['difference map', `${P}&vs=1&vs_process=ij`, 'usual', 'g.node.less'],
  ['deviations from the model on the map', `${P}&ecarts=temps`, 'usual', 'g.node.gap'],
  ['variants', `${P}&tab=variantes`, 'usual', '.seq'],
  ['groups of variants', `${P}&tab=variantes&vue=groupes`, 'usual', '.seq'],
  ['case', `${P}&dossier=2026-0042`, 'usual', '.gantt'],
  ['one activity', '/processus?process=invalidite', 'usual', 'g.node'],
  ['no start times', '/processus?process=ij&mesure=mean', 'usual', 'g.node'],
  ['whole days', '/processus?process=css&temps=ouvre&mesure=mean', 'usual', 'g.node'],
  ['nothing left', `${P}&with=Inconnue`, 'usual', '.card .btn'],
  ['error', P, 'error', '.problem'],
  ['counts only', P, 'counts', '.card .btn'],
  ['no data', '/processus', 'empty', '.first']
];

const ready = async (page: Page, selector: string) => {
  await settled(page);
  await page.waitForSelector(selector);
};

describe.skipIf(!invented)('each state is accessible, in both themes and narrow', () => {
  for (const [name, path, state, selector] of SCREENS) {
    it(name, async () => {
      for (const look of LOOKS) {
        const where = JSON.stringify({ name, ...look });
        const { page, context, faults } = await visit(browser, base, path, { ...look, state });
        try {
          await ready(page, selector);
          expect(await axe(page), where).toEqual([]);
          expect(await overflow(page), `${where} scrolls sideways`).toBeLessThanOrEqual(0);
          expect(faults, where).toEqual([]);
        } finally {
          await context.close();
        }
      }
    });
  }
});

describe.skipIf(!invented)('with the keyboard only', () => {
  it('a link is chosen on the map, made a condition, and the condition is removed', async () => {
    const { page, context, faults } = await visit(browser, base, P, { lang: 'fr' });
    try {
      await ready(page, 'g.node');
      // The drawing is one stop of the Tab key; arrows go inside it.
      for (let i = 0; i < 60 && !(await page.evaluate(() => document.activeElement?.matches('g.node, g.link'))); i++) await page.keyboard.press('Tab');
      const name = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
      expect(await name()).toContain(t.map.start);
      await page.keyboard.press('ArrowDown');
      await expect.poll(name).toContain('Réception de la demande');
      await page.keyboard.press('ArrowRight');
      await expect.poll(name).toContain('Numérisation');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.details h3').textContent()).toContain('Numérisation');
      await tabTo(page, 'button', t.map.leave);
      await page.keyboard.press('Enter');
      await page.waitForURL(/no_path=/);
      await expect.poll(() => page.locator('.cond').count()).toBe(1);
      await expect.poll(() => page.locator('.said').first().textContent()).toContain('dossiers retenus sur');
      const words = t.filter.noPath('Réception de la demande', 'Numérisation');
      await page.keyboard.press('Home');
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await tabTo(page, 'button', t.filter.remove(words));
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => !location.search.includes('no_path'));
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('a condition is typed, and a name nobody knows is refused', async () => {
    const { page, context } = await visit(browser, base, P, { lang: 'fr' });
    try {
      await ready(page, 'g.node');
      await page.getByRole('button', { name: t.filter.add }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').getByLabel(t.filter.activity, { exact: true }).fill('Rien de tel');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.getByRole('dialog').getByLabel(t.filter.activity, { exact: true }).fill('Pièce demandée');
      await page.keyboard.press('Enter');
      await page.waitForURL(/with=/);
      expect(new URL(page.url()).searchParams.get('with')).toBe(encodeURIComponent('Pièce demandée'));
    } finally {
      await context.close();
    }
  });

  it('T shows the same content as tables, sorted by their headings', async () => {
    const { page, context } = await visit(browser, base, P, { lang: 'fr' });
    try {
      await ready(page, 'g.node');
      await page.locator('g.node').first().focus();
      await page.keyboard.press('t');
      await page.getByRole('region', { name: t.map.tableLinks }).first().waitFor();
      const cells = () => page.locator('.sortable').first().locator('tbody tr th').allTextContents();
      const before = await cells();
      await page.locator('.sortable').first().getByRole('button', { name: t.map.activity, exact: true }).press('Enter');
      const after = await cells();
      expect(after).not.toEqual(before);
      expect([...after].sort((a, b) => a.localeCompare(b, 'fr'))).toEqual(after);
    } finally {
      await context.close();
    }
  });
});

describe.skipIf(!invented)('a log nobody wants on a screen', () => {
  it('opens readable, and its sliders answer at once', async () => {
    const { page, context, faults } = await visit(browser, base, '/processus?process=retraite-0', { state: 'huge', lang: 'fr' });
    try {
      await ready(page, 'g.node');
      await page.waitForFunction(() => document.querySelectorAll('g.node').length > 5);
      // At most thirty activities, the start and the end, and what joins them.
      expect(await page.locator('g.node').count()).toBeLessThanOrEqual(34);
      const slow = await page.evaluate(async () => {
        const [acts, links] = document.querySelectorAll<HTMLInputElement>('input[type=range]');
        let worst = 0;
        for (const n of [40, 80, 20, 398, 12]) {
          for (const input of [acts!, links!]) {
            const begun = performance.now();
            input.value = String(Math.min(Number(input.max), n));
            input.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
            worst = Math.max(worst, performance.now() - begun);
          }
        }
        return worst;
      });
      // On a machine shared with others; the time of one frame of a busy browser is in it.
      expect(slow).toBeLessThan(1_500);
      console.log(`slowest move of a slider, 398 activities: ${Math.round(slow)} ms`);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
