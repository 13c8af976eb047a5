/** The rooms of a process: in every state of a log, with the keyboard only, and when somebody else writes at once. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
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

const t = fr.rooms;
const PARTS = ['attentes', 'retours', 'passages', 'conformite', 'flux', 'pertes', 'retards', 'couts', 'ou'];
const LOOKS: Look[] = [
  { theme: 'light', lang: 'fr' },
  { theme: 'dark', lang: 'en', width: 390, height: 844 }
];
const at = (tab: string, process = 'retraite') => `/processus?process=${process}&tab=${tab}`;
/** The answer of the room is on view, not only the outline of the screen. */
async function shown(page: Page): Promise<void> {
  await settled(page);
  await page.waitForFunction(() => !document.querySelector('.slow'));
}

async function clean(path: string, look: Look, ready: (page: Page) => Promise<void> = shown): Promise<void> {
  const where = JSON.stringify({ path, ...look });
  const { page, context, faults } = await visit(browser, base, path, look);
  try {
    await ready(page);
    expect(await axe(page), where).toEqual([]);
    expect(await overflow(page), `${where} scrolls sideways`).toBeLessThanOrEqual(0);
    expect(faults, where).toEqual([]);
  } finally {
    await context.close();
  }
}

describe.runIf(invented)('rooms of a process', () => {
  for (const tab of PARTS) {
    it(`${tab}: usual, huge, empty, error`, async () => {
      for (const look of LOOKS) await clean(at(tab), { ...look, state: 'usual' });
      for (const state of ['huge', 'empty', 'error']) await clean(at(tab, state === 'huge' ? 'retraite-0' : 'retraite'), { ...LOOKS[1]!, state });
    });
  }
  it('logs without starts, of whole days, without people, and without target', async () => {
    for (const [tab, process] of [['attentes', 'invalidite'], ['attentes', 'ij'], ['attentes', 'css'], ['flux', 'ij'], ['pertes', 'ij'], ['couts', 'invalidite'], ['passages', 'css'], ['retours', 'rentes-at']] as const) {
      await clean(at(tab, process), { ...LOOKS[0]!, state: 'usual' });
    }
    await clean(at('retards'), { ...LOOKS[0]!, state: 'notarget' });
  });

  it('tell waits in worked or calendar time, and lead to the map with their path', async () => {
    const { page, context } = await visit(browser, base, at('attentes'));
    try {
      await shown(page);
      await page.getByText(t.waits.headline('worked')).waitFor();
      await tabTo(page, 'button', t.waits.calendar);
      await page.keyboard.press('Enter');
      await page.getByText(t.waits.headline('calendar')).waitFor();
      await page.getByRole('link', { name: /^Voir sur la carte/ }).first().click();
      await page.waitForURL(/path=/);
      const path = new URL(page.url()).searchParams.get('path');
      expect(path?.split('>').map(decodeURIComponent)).toEqual(['Pièce demandée', 'Pièce reçue']);
    } finally {
      await context.close();
    }
  });

  it('read by person only where the gate is open, and say why not', async () => {
    const shut = await visit(browser, base, at('passages'));
    try {
      await shown(shut.page);
      await shut.page.getByRole('button', { name: t.hand.resource }).click();
      await shut.page.getByText(t.hand.gateShut).waitFor();
      expect(await shut.page.getByRole('button', { name: t.hand.unit }).getAttribute('aria-pressed')).toBe('true');
      await shut.page.getByRole('rowheader', { name: 'Équipe Nord' }).first().waitFor();
      expect(await axe(shut.page)).toEqual([]);
    } finally {
      await shut.context.close();
    }
  });

  it('compare with a kept model, can be stopped, and paint the diagram', async () => {
    const { page, context, faults } = await visit(browser, base, at('conformite'));
    try {
      await shown(page);
      await page.locator('.djs-shape').first().waitFor();
      await page.locator('.bjs-powered-by').waitFor({ state: 'visible' });
      await page.getByRole('radio').nth(1).check();
      await page.getByRole('button', { name: t.conf.run }).click();
      await page.getByRole('button', { name: t.stop }).click();
      await page.getByText(t.stopped).waitFor();
      await page.getByRole('button', { name: t.conf.methods['replay']! }).click();
      await page.getByRole('button', { name: t.conf.run }).click();
      await page.getByRole('heading', { name: t.conf.fitness }).waitFor();
      await page.locator('.dev-badge').first().waitFor();
      expect(await page.locator('.dev-badge').allTextContents()).toContain(t.conf.marks('', '580'));
      // The diagram moves with the keyboard.
      const box = page.getByRole('group', { name: t.conf.diagram });
      const before = await page.locator('.djs-container g.viewport').getAttribute('transform');
      await box.focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('+');
      expect(await page.locator('.djs-container g.viewport').getAttribute('transform')).not.toBe(before);
      expect(await axe(page)).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('keep and delete a reference model; a file that is not one is refused in words', async () => {
    const { page, context } = await visit(browser, base, at('conformite'));
    try {
      await context.addCookies([{ name: 'play', value: 'models', url: base }]);
      await page.reload();
      await shown(page);
      await page.locator('input[type=file]').setInputFiles({ name: 'note.xml', mimeType: 'text/xml', buffer: Buffer.from('<a/>') });
      await page.getByText('Ce fichier n’est pas un BPMN 2.0.').waitFor();
      await page.getByRole('button', { name: t.conf.keep }).click();
      await page.getByRole('dialog').getByRole('textbox').fill('Essai');
      await page.keyboard.press('Enter');
      await page.getByRole('radio', { name: /^Essai/ }).waitFor();
      expect(await page.getByRole('radio', { name: /^Essai/ }).isChecked()).toBe(true);
      await page.getByRole('button', { name: `${t.conf.remove} Essai` }).click();
      await page.getByRole('dialog').getByRole('button', { name: t.conf.remove }).click();
      await page.getByRole('radio', { name: /^Essai/ }).waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
  });

  it('fill the cause tree with the keyboard, attach a loss, save it', async () => {
    const { page, context } = await visit(browser, base, at('pertes'));
    try {
      await context.addCookies([{ name: 'play', value: 'tree', url: base }]);
      await page.reload();
      await shown(page);
      await tabTo(page, 'button', t.losses.addCauseTo(t.losses.families['environment']!), 400);
      await page.keyboard.press('Enter');
      await page.keyboard.type('Locaux en travaux');
      await tabTo(page, 'button', t.losses.voteOf('Locaux en travaux'), 400);
      await page.keyboard.press('Enter');
      await tabTo(page, 'combobox', t.losses.attachTo('Locaux en travaux'), 20);
      await page.keyboard.press('ArrowDown');
      await tabTo(page, 'button', t.flow.save, 400);
      await page.keyboard.press('Enter');
      await page.getByText(t.flow.savedBy('', '').split(' le ')[0]!, { exact: false }).last().waitFor();
      await page.reload();
      await shown(page);
      await page.locator('input[value="Locaux en travaux"], input').first().waitFor();
      const values = await page.locator('#causes input').evaluateAll((all) => all.map((i) => (i as HTMLInputElement).value));
      expect(values).toContain('Locaux en travaux');
      await page.getByRole('button', { name: t.losses.unvoteOf('Locaux en travaux') }).waitFor();
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('aim at a target, reorder the steps with the keyboard, and meet another hand', async () => {
    const { page, context } = await visit(browser, base, at('flux'));
    try {
      await context.addCookies([{ name: 'play', value: 'target', url: base }]);
      await page.reload();
      await shown(page);
      await page.getByRole('textbox', { name: `${t.flow.waitAim}, Notification envoyée` }).fill('60');
      await page.keyboard.press('Tab');
      await page.getByText(t.flow.unsaved).waitFor();
      await tabTo(page, 'button', t.flow.up('Numérisation'), 300);
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('.steps .name')?.textContent === 'Numérisation');
      // Somebody else saves meanwhile.
      await page.evaluate(async () => {
        const now = (await (await fetch('/api/v1/processes/retraite/workshop')).json()) as { content: { note: string }; version: number };
        now.content.note = 'Écrit par quelqu’un d’autre';
        await fetch('/api/v1/processes/retraite/workshop', { method: 'PUT', body: JSON.stringify(now) });
      });
      await page.getByRole('button', { name: t.flow.save }).click();
      await page.getByText(fr.conflict.title).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('button', { name: fr.conflict.keepMine }).click();
      await page.getByText(fr.conflict.title).waitFor({ state: 'detached' });
      // Both hands are kept.
      expect(await page.locator('textarea').inputValue()).toBe('Écrit par quelqu’un d’autre');
      expect(await page.getByRole('textbox', { name: `${t.flow.waitAim}, Notification envoyée` }).inputValue()).toBe('60');
      const pdf = await page.getByRole('link', { name: t.flow.pdf }).getAttribute('href');
      expect(pdf).toMatch(/pages\/value-stream\.pdf\?.*steps=Num/);
    } finally {
      await context.close();
    }
  });

  it('ask for the cost of an hour, and keep the idle hours apart', async () => {
    const { page, context } = await visit(browser, base, at('couts'), { lang: 'en' });
    try {
      await shown(page);
      await page.getByText(en.rooms.unit.rateAsk).waitFor();
      await page.getByRole('textbox', { name: en.rooms.unit.rate }).fill('38.5');
      await page.getByRole('textbox', { name: new RegExp(en.rooms.unit.paid) }).fill('9600');
      await page.keyboard.press('Enter');
      await page.getByText(en.rooms.unit.idleWhy).waitFor();
      await page.getByRole('button', { name: new RegExp(`^${en.rooms.unit.proposeOf('Étude du droit')}`) }).first().click();
      await page.getByRole('dialog').getByText(en.rooms.unit.proposeDate).waitFor();
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
