/** The screen Prévisions: every part and state, in both themes and narrow, with the keyboard, and the address that keeps it all. */
import type { Browser } from 'playwright-core';
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

const t = fr.previsions;
const P = '/previsions?process=retraite';
const LOOKS: Look[] = [
  { theme: 'light', lang: 'fr' },
  { theme: 'dark', lang: 'en', width: 320, height: 700 }
];
const STATES: [name: string, path: string, state: string, ready: string][] = [
  ['a year, a what if, what would have been said', `${P}&months=12&arrivals=15&dit=1&by=unit`, 'usual', '#arrivees'],
  ['days, near', `${P}&grain=day&vue=proche`, 'usual', '#arrivees'],
  ['months', `${P}&grain=month&months=12&vue=tout`, 'usual', '#arrivees'],
  ['drift', '/previsions?process=css', 'usual', '.drift'],
  ['too short', '/previsions?process=rentes-at', 'usual', '.none'],
  ['too short, stock', '/previsions?process=rentes-at&tab=stock', 'usual', '.none'],
  ['no stock', '/previsions?process=beneficiaires&tab=stock', 'usual', '.none'],
  ['capacity and target', `${P}&tab=stock&months=12&capacity=150&target=0`, 'usual', '#stock'],
  ['no effect', '/previsions?process=ij&tab=effets', 'usual', '#decomposition'],
  ['naive kept', '/previsions?process=beneficiaires&tab=justesse', 'usual', '#dit-et-venu'],
  ['an address nobody could read', '/previsions?months=99&by=x&arrivals=z&capacity=-1&tab=rien&vue=rien', 'usual', '#arrivees']
];

describe.skipIf(!invented)('each state is accessible', () => {
  for (const [name, path, state, ready] of STATES) {
    it(name, async () => {
      for (const look of LOOKS) {
        const where = JSON.stringify({ name, ...look });
        const { page, context, faults } = await visit(browser, base, path, { ...look, state });
        try {
          await settled(page);
          await page.waitForSelector(ready);
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

describe.skipIf(!invented)('with the keyboard', () => {
  it('goes from part to part, and the address keeps the question', async () => {
    const { page, context, faults } = await visit(browser, base, `${P}&months=12`);
    try {
      await settled(page);
      await tabTo(page, 'link', t.tabs['stock']!);
      await page.keyboard.press('Enter');
      await page.waitForURL(/tab=stock/);
      expect(page.url()).toContain('months=12');
      await page.locator('#stock').waitFor();
      // The arrows read the points out.
      await page.locator('#stock .plot').focus();
      await page.keyboard.press('End');
      expect(await page.locator('#stock .readout').textContent()).toContain(t.stock.median);
      await page.keyboard.press('t');
      await page.locator('#stock tbody th').first().waitFor();
      await page.goBack();
      await page.locator('#arrivees').waitFor();
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('tries more arrivals, sees the line without them, and comes back', async () => {
    const { page, context } = await visit(browser, base, P);
    try {
      await settled(page);
      const head = page.locator('.lead .big');
      const before = await head.textContent();
      const typed = page.getByRole('textbox', { name: t.whatIfArrivals });
      await typed.fill('20');
      await page.keyboard.press('Enter');
      await page.waitForURL(/arrivals=20/);
      await page.waitForFunction((was) => document.querySelector('.lead .big')?.textContent !== was, before);
      expect(await page.locator('#arrivees header').textContent()).toContain(t.base);
      await page.getByRole('button', { name: t.reset }).click();
      await page.waitForURL((u) => !u.search.includes('arrivals'));
      // The slider waits until it has stopped moving.
      await page.getByRole('slider', { name: t.whatIfArrivals }).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await page.waitForURL(/arrivals=2(&|$)/);
      // Too much is refused in words.
      await typed.fill('1000');
      await page.keyboard.press('Tab');
      await page.getByText(t.tooFar('\u221250', '100')).waitFor();
    } finally {
      await context.close();
    }
  });

  it('names campaigns and holidays where the arrows stop', async () => {
    const { page, context } = await visit(browser, base, P);
    try {
      await settled(page);
      await page.locator('#arrivees .plot').focus();
      await page.keyboard.press('End');
      for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowLeft');
      expect(await page.locator('#arrivees .readout').textContent()).toContain('Renouvellement des droits');
    } finally {
      await context.close();
    }
  });

  it('does not carry a capacity to another process', async () => {
    const { page, context } = await visit(browser, base, `${P}&tab=stock&capacity=150`);
    try {
      await settled(page);
      await page.getByRole('button', { name: /^Processus/ }).click();
      await page.getByRole('link', { name: /Invalidité/ }).click();
      await page.waitForURL((u) => u.search.includes('process=invalidite') && !u.search.includes('capacity'));
    } finally {
      await context.close();
    }
  });

  it('shows a declared event beside the campaigns, with its effect', async () => {
    const { page, context, faults } = await visit(browser, base, `${P}&tab=effets`);
    try {
      await settled(page);
      const row = page.getByRole('table', { name: t.effects.declared }).getByRole('row', { name: /^Grève des transports/ });
      expect(await row.locator('td').allInnerTexts()).toEqual([t.effects.kinds['event'], t.effects.fromTo('05/10/2026', '16/10/2026'), t.effects.states['past'], '\u221228\u00a0%', t.between('\u221236\u00a0%', '\u221221\u00a0%')]);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('leads to the declaration of campaigns and events, for who may read the rules', async () => {
    const { page, context } = await visit(browser, base, `${P}&tab=effets`, { role: 'production_manager' });
    try {
      await settled(page);
      await page.getByRole('link', { name: t.effects.add }).click();
      await page.waitForURL(/tab=config&process=retraite/);
    } finally {
      await context.close();
    }
    const other = await visit(browser, base, `${P}&tab=effets`, { role: 'national_fund' });
    try {
      await settled(other.page);
      expect(await other.page.getByRole('link', { name: t.effects.add }).count()).toBe(0);
    } finally {
      await other.context.close();
    }
  });
});

describe.skipIf(!invented)('an answer that takes its time', () => {
  it('leaves the last one on view', async () => {
    const { page, context } = await visit(browser, base, P, { state: 'late' });
    try {
      await page.waitForSelector('.sk');
      await page.waitForSelector('#arrivees', { timeout: 15_000 });
      await page.getByRole('button', { name: t.monthsOf['12']!, exact: true }).click();
      await page.waitForSelector('[aria-busy="true"] #arrivees');
    } finally {
      await context.close();
    }
  });
});
