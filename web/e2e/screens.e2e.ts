/** Every screen of figures, in every state: no accessibility fault, no script error, nothing from outside, no sideways scroll. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, invented, open, overflow, settled, visit, type Look } from './browser';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

const SCREENS = [
  '/',
  '/flux',
  '/flux?grain=day&group_by=unit',
  '/previsions',
  '/previsions?tab=stock',
  '/previsions?tab=effets',
  '/previsions?tab=justesse',
  '/dossiers?figure=overdue',
  '/donnees',
  '/donnees?tab=history',
  '/donnees?tab=counts',
  '/donnees?tab=control',
  '/donnees?tab=config',
  '/mur',
  '/accessibilite'
];
// States are invented answers; a real server only has its own.
const STATES = invented ? ['usual', 'empty', 'huge', 'stale', 'error', 'counts', 'notarget'] : ['usual'];
const LOOKS: Look[] = [
  { theme: 'light', lang: 'fr' },
  { theme: 'dark', lang: 'en' },
  { theme: 'light', lang: 'en', width: 390, height: 844 },
  { theme: 'dark', lang: 'fr', width: 320, height: 700 }
];

/** Where each state can be seen; the usual one is everywhere. */
const SHOWN: Record<string, RegExp> = {
  usual: /./,
  empty: /^\/(flux|previsions|donnees.*|dossiers.*|mur)?$/,
  huge: /^\/(flux|previsions.*|dossiers.*|donnees\?tab=history|mur)?$/,
  stale: /^\/(flux|previsions|mur)?$/,
  error: /^\/(flux|previsions|dossiers.*|donnees\?tab=(history|counts|control|config)|mur)?$/,
  counts: /^\/(flux|previsions\?tab=stock|mur)?$/,
  notarget: /^\/(flux|previsions\?tab=stock|donnees\?tab=config)?$/
};

describe.each(STATES)('%s', (state) => {
  for (const path of SCREENS) {
    if (!SHOWN[state]?.test(path)) continue;
    it(path, async () => {
      for (const look of state === 'usual' ? LOOKS : [LOOKS[0]!, LOOKS[3]!]) {
        const where = JSON.stringify({ state, ...look });
        const { page, context, faults } = await visit(browser, base, path, { ...look, state });
        try {
          await settled(page);
          expect(await page.getAttribute('html', 'lang'), where).toBe(look.lang);
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
