// Takes a picture of every screen and state: `node e2e/shots.mjs [filter]` (BASE_URL of `npm run preview`).
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:4173';
const out = process.env.OUT ?? new URL('../test-results/shots', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const screens = {
  pilotage: ['/', ['usual', 'empty', 'huge', 'stale', 'error', 'counts', 'notarget']],
  flux: ['/flux?process=retraite', ['usual', 'huge', 'counts', 'error', 'empty']],
  fluxday: ['/flux?process=retraite&grain=day&group_by=unit', ['usual']],
  donnees: ['/donnees', ['usual', 'error']],
  historique: ['/donnees?tab=history', ['usual', 'huge', 'empty']],
  saisie: ['/donnees?tab=counts', ['usual', 'empty']],
  rapprochement: ['/donnees?tab=control', ['usual', 'empty']],
  config: ['/donnees?tab=config&process=retraite', ['usual', 'notarget']],
  dossiers: ['/dossiers?figure=overdue', ['usual', 'empty', 'huge']],
  mur: ['/mur', ['usual', 'stale']],
  a11y: ['/accessibilite', ['usual']]
};
const sizes = { w: [1440, 900], n: [390, 844] };
const only = process.argv[2] ? new RegExp(process.argv[2]) : /./;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [name, [path, states]] of Object.entries(screens)) {
  for (const state of states) {
    for (const [size, [width, height]] of Object.entries(sizes)) {
      for (const theme of ['light', 'dark']) {
        for (const lang of ['fr', 'en']) {
          const id = `${name}-${state}-${size}-${theme}-${lang}`;
          if (!only.test(id)) continue;
          const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: lang, extraHTTPHeaders: { 'x-fixture': state }, reducedMotion: 'reduce' });
          await context.addInitScript((l) => localStorage.setItem('eclusier.lang', l), lang);
          const page = await context.newPage();
          page.on('console', (m) => ['error', 'warning'].includes(m.type()) && !/Failed to load resource/.test(m.text()) && console.log(id, m.text()));
          page.on('pageerror', (e) => console.log(id, 'PAGEERROR', e.message));
          await page.goto(base + path);
          await page.waitForTimeout(900);
          await page.screenshot({ path: `${out}/${id}.png`, fullPage: true });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) console.log(id, `scrolls sideways by ${wide} px`);
          await context.close();
        }
      }
    }
  }
}
await browser.close();
