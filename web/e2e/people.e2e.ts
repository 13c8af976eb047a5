/**
 * The screens of people, rights and proof: clean in every state, and what must not
 * fail in them: the keys of the tree, two people at once, a gate, a broken chain, a
 * backup that cannot be restored.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr } from '../src/lib/labels/fr';
import { axe, invented, open, overflow, settled, visit, type Look } from './browser';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

/** Address, who looks, and the states where it can be seen beside the usual one. */
const SCREENS: [string, string, string[]][] = [
  ['/connexion', 'out', []],
  ['/premier-compte', 'owner', []],
  ['/organisation', 'owner', ['empty', 'huge', 'error']],
  ['/organisation?noeud=n4&jour=2027-02-01', 'human_resources', []],
  ['/organisation', 'administrator', []],
  ['/organisation/personnes/p3', 'human_resources', ['error']],
  ['/organisation/personnes/p9', 'team_manager', []],
  ['/organisation/import', 'human_resources', []],
  ['/droits', 'owner', ['empty', 'huge', 'error']],
  ['/droits?tab=roles', 'owner', ['empty', 'error']],
  ['/droits?tab=delegations', 'director', ['empty']],
  ['/droits?tab=jetons', 'owner', ['empty']],
  ['/droits?tab=individuel', 'dpo', ['empty', 'error']],
  ['/droits?tab=conservation', 'dpo', ['empty']],
  ['/droits?tab=matrice', 'staff_representative', []],
  ['/journal', 'dpo', ['empty', 'broken', 'error']],
  ['/journal?tab=publications', 'statistician', ['empty']],
  ['/sante', 'administrator', ['empty', 'broken', 'error']],
  ['/moi', 'team_manager', ['empty', 'error']],
  ['/moi', 'owner', []],
  ['/moi/securite', 'team_manager', []],
  ['/accessibilite', 'out', []],
  ['/accessibilite', 'administrator', []],
  ['/notices', 'staff_representative', []]
];
const LOOKS: Look[] = [
  { theme: 'light', lang: 'fr' },
  { theme: 'dark', lang: 'en' },
  { theme: 'dark', lang: 'fr', width: 320, height: 700 }
];

describe.runIf(invented).each(SCREENS)('%s as %s', (path, role, states) => {
  it.each(['usual', ...states])('%s', async (state) => {
    for (const look of state === 'usual' ? LOOKS : [LOOKS[0]!, LOOKS[2]!]) {
      const where = JSON.stringify({ state, ...look });
      const { page, context, faults } = await visit(browser, base, path, { ...look, state, role });
      try {
        await settled(page);
        expect(await axe(page), where).toEqual([]);
        expect(await overflow(page), `${where} scrolls sideways`).toBeLessThanOrEqual(0);
        expect(faults, where).toEqual([]);
      } finally {
        await context.close();
      }
    }
  });
});

const focusedRow = (page: Page) =>
  page.evaluate(() => document.activeElement?.querySelector('.label')?.childNodes[0]?.textContent?.trim() ?? '');

describe.runIf(invented).each([
  ['fr', fr],
  ['en', en]
] as const)('%s', (lang, t) => {
  it('walks the tree by keyboard', async () => {
    const { page, context } = await visit(browser, base, '/organisation', { lang, role: 'human_resources' });
    try {
      await settled(page);
      const grid = page.getByRole('treegrid', { name: t.org.tree });
      // One stop for Tab, wherever the tree is.
      expect(await grid.locator('tbody tr[tabindex="0"]').count()).toBe(1);
      await grid.locator('tbody tr[tabindex="0"]').focus();
      expect(await focusedRow(page)).toBe('Caisse de démonstration');
      await page.keyboard.press('ArrowRight');
      expect(await focusedRow(page)).toBe('Antenne Est');
      await page.keyboard.press('End');
      expect(await focusedRow(page)).toBe('Équipe Sud');
      await page.keyboard.press('ArrowLeft');
      expect(await focusedRow(page)).toBe('Service Retraite');
      await page.keyboard.press('ArrowLeft');
      const service = grid.getByRole('row').filter({ hasText: 'Service Retraite' });
      expect(await service.getAttribute('aria-expanded')).toBe('false');
      expect(await grid.getByText('Équipe Nord').count()).toBe(0);
      await page.keyboard.press('ArrowRight');
      expect(await service.getAttribute('aria-expanded')).toBe('true');
      await page.keyboard.press('Home');
      await page.keyboard.type('indem', { delay: 20 });
      expect(await focusedRow(page)).toBe('Indemnités journalières');
      await page.keyboard.press('Enter');
      await page.waitForURL('**noeud=n8**');
      expect(await grid.locator('tr[aria-selected="true"]').getAttribute('aria-level')).toBe('4');
      await page.getByRole('heading', { name: t.org.peopleOf('Indemnités journalières') }).waitFor();
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('shows what changed meanwhile, and keeps what was typed', async () => {
    const { page, context, faults } = await visit(browser, base, '/organisation?noeud=n3', { lang, role: 'human_resources' });
    try {
      await settled(page);
      await page.getByRole('button', { name: t.org.edit, exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(t.org.label, { exact: true }).fill('Service Retraites');
      // Somebody else saves first.
      await page.evaluate(() => fetch('/api/v1/test/version?id=n3&version=9'));
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').getByText(t.conflict.title).waitFor();
      const line = dialog.getByRole('row').filter({ hasText: t.org.label });
      expect(await line.textContent()).toContain('Service Retraite et réversion');
      expect(await dialog.getByLabel(t.org.label, { exact: true }).inputValue()).toBe('Service Retraites');
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole('button', { name: t.conflict.keepMine }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('adds a dated fact to a person', async () => {
    const { page, context } = await visit(browser, base, '/organisation/personnes/p3', { lang, role: 'human_resources' });
    try {
      await settled(page);
      const lines = page.getByRole('table', { name: t.person.groups['contract'] }).getByRole('row');
      const before = await lines.count();
      await page.getByRole('button', { name: `${t.person.add} · ${t.person.kinds['contract']}` }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(t.person.share).fill('120');
      await dialog.getByRole('button', { name: t.org.save }).click();
      await dialog.getByRole('alert').waitFor();
      await dialog.getByLabel(t.person.share).fill('62,5');
      expect(await axe(page)).toEqual([]);
      await dialog.getByRole('button', { name: t.org.save }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await lines.count()).toBe(before + 1);
    } finally {
      await context.close();
    }
  });

  it('imports a staff list only once it was read', async () => {
    const { page, context } = await visit(browser, base, '/organisation/import', { lang, role: 'human_resources' });
    try {
      await settled(page);
      const asked: string[] = [];
      page.on('request', (r) => r.url().includes('/organisation/imports') && asked.push(new URL(r.url()).searchParams.get('dry_run') ?? ''));
      await page.locator('input[type=file]').setInputFiles({ name: 'effectifs.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('x') });
      await page.getByRole('heading', { name: t.staff.would('effectifs.xlsx') }).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('button', { name: t.staff.confirm(85, '85') }).click();
      await page.getByRole('link', { name: t.staff.see }).waitFor();
      expect(asked).toEqual(['true', 'false']);
    } finally {
      await context.close();
    }
  });

  it('shows the first password once', async () => {
    const { page, context } = await visit(browser, base, '/droits', { lang, role: 'administrator' });
    try {
      await settled(page);
      await page.getByRole('button', { name: t.droits.add }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(t.droits.name).fill('Rémi Vasseur');
      await dialog.getByLabel(t.droits.login).fill('remi.vasseur');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: t.droits.made('Rémi Vasseur') }).waitFor();
      await page.getByText('marée-lente-quai-47-osier').waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('button', { name: t.droits.noted }).click();
      await page.getByText('marée-lente-quai-47-osier').waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
  });

  it('gives the address of a wall screen, token after the #', async () => {
    const { page, context } = await visit(browser, base, '/droits?tab=jetons', { lang, role: 'administrator' });
    try {
      await settled(page);
      await page.getByRole('button', { name: t.droits.addToken }).click();
      await page.getByRole('dialog').getByLabel(t.droits.tokenName).fill('Plateau Nord');
      await page.keyboard.press('Enter');
      const code = page.getByRole('dialog', { name: t.droits.tokenMade('Plateau Nord') }).locator('code');
      await code.waitFor();
      const address = (await code.textContent()) ?? '';
      expect(address).toMatch(/\/mur#jeton=ecl_wall_/);
      // The screen opens without anybody signed in, and the token leaves the address.
      const wall = await visit(browser, base, new URL(address).pathname + new URL(address).hash, { lang, role: 'out' });
      const sent: (string | undefined)[] = [];
      wall.page.on('request', (r) => r.url().includes('/api/v1/wall') && sent.push(r.headers()['authorization']));
      await wall.page.reload();
      await wall.page.locator('.figure').first().waitFor();
      expect(sent[0]).toMatch(/^Bearer ecl_wall_/);
      expect(wall.page.url()).not.toContain('jeton');
      expect(wall.faults).toEqual([]);
      expect(await axe(wall.page)).toEqual([]);
      await wall.context.close();
      const gone = await visit(browser, base, '/mur#jeton=jeton-retire', { lang, role: 'out' });
      await gone.page.getByRole('alert').getByText(t.mur.refused).waitFor();
      expect(await gone.page.locator('.figure').count()).toBe(0);
      await gone.context.close();
    } finally {
      await context.close();
    }
  });

  it('opens a gate with its three dates, and never for more than a year', async () => {
    const { page, context } = await visit(browser, base, '/droits?tab=individuel', { lang, role: 'director' });
    try {
      await settled(page);
      await page.getByText(t.droits.gateNever, { exact: true }).waitFor();
      await page.getByRole('button', { name: t.droits.gateOpen }).click();
      const dialog = page.getByRole('dialog', { name: t.droits.gateOpenTitle });
      let posted = 0;
      page.on('request', (r) => (posted += r.method() === 'POST' && r.url().endsWith('/gates') ? 1 : 0));
      await dialog.getByLabel(t.droits.purpose).fill('Accompagner les nouveaux techniciens');
      await dialog.getByRole('button', { name: t.droits.gateOpenDo }).click();
      // The three dates are compulsory.
      expect(await dialog.locator('input[type=date]:invalid').count()).toBe(4);
      await dialog.getByLabel(t.droits.dpia).fill('2026-10-01');
      await dialog.getByLabel(t.droits.council).fill('2026-10-15');
      await dialog.getByLabel(t.droits.information).fill('2026-11-02');
      await dialog.getByLabel(t.droits.gateTo).fill('2027-11-23');
      await dialog.getByRole('alert').getByText(t.droits.gateFaults['year']!).waitFor();
      await dialog.getByRole('button', { name: t.droits.gateOpenDo }).click();
      expect(posted).toBe(0);
      expect(await axe(page)).toEqual([]);
      await dialog.getByLabel(t.droits.gateTo).fill('2027-05-23');
      await dialog.getByRole('button', { name: t.droits.gateOpenDo }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await page.evaluate(async () => (await fetch('/api/v1/test/gate')).json())).toMatchObject({ dpia: '2026-10-01', council: '2026-10-15', information: '2026-11-02', to: '2027-05-23' });
    } finally {
      await context.close();
    }
  });

  it('is loud about a broken chain, and leads to the entry', async () => {
    const { page, context } = await visit(browser, base, '/journal', { lang, role: 'dpo', state: 'broken' });
    try {
      await settled(page);
      const band = page.getByRole('alert');
      expect(await band.textContent()).toMatch(/4.172/);
      await band.getByRole('link', { name: t.journal.toFault }).click();
      await page.waitForURL('**avant=4173**');
      await page.locator('.log li.bad').waitFor();
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('reads older entries, filters in the address, and one entry with its hash', async () => {
    const { page, context } = await visit(browser, base, '/journal', { lang, role: 'dpo' });
    try {
      await settled(page);
      expect(await page.locator('.log > li').count()).toBe(50);
      await page.getByRole('button', { name: t.journal.older }).click();
      await page.waitForFunction(() => document.querySelectorAll('.log > li').length === 100);
      await page.getByLabel(t.journal.act).selectOption('role');
      await page.waitForURL('**acte=role**');
      await page.waitForFunction(() => document.querySelectorAll('.log > li').length === 50);
      await page.locator('.log summary').first().click();
      expect(await page.locator('.log details[open] code').last().textContent()).toMatch(/^[0-9a-f]{64}$/);
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('replays a published period', async () => {
    const { page, context } = await visit(browser, base, '/journal?tab=publications', { lang, role: 'statistician' });
    try {
      await settled(page);
      for (const i of [0, 1]) await page.getByRole('button', { name: new RegExp(`^${t.publications.replay} `) }).nth(i).click();
      // Said to screen readers too, for as long as nothing else is: the mark on the line stays.
      const marked = page.locator('.tag');
      await marked.filter({ hasText: t.publications.differs(2, '2', '41') }).waitFor();
      await marked.filter({ hasText: t.publications.same(41, '41') }).waitFor();
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('is loud about a backup that cannot be restored, and makes another', async () => {
    const { page, context } = await visit(browser, base, '/sante', { lang, role: 'administrator', state: 'broken' });
    try {
      await settled(page);
      await page.getByRole('alert').getByText(t.sante.failedTitle).waitFor();
      // What is wrong comes first.
      expect(await page.locator('.checks li').first().getAttribute('class')).toContain('failing');
      await page.getByRole('button', { name: t.sante.backUp }).click();
      await page.getByRole('progressbar').waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByRole('progressbar').waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
  });

  it('adds a second factor and shows the recovery codes once', async () => {
    const { page, context } = await visit(browser, base, '/moi/securite', { lang, role: 'team_manager' });
    try {
      await settled(page);
      await page.getByRole('button', { name: t.second.start }).click();
      await page.getByAltText(t.second.picture).waitFor();
      await page.getByLabel(t.second.code).fill('000000');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText(t.second.refused).waitFor();
      await page.getByLabel(t.second.code).fill('123456');
      await page.keyboard.press('Enter');
      await page.getByText(t.second.codes).waitFor();
      expect(await page.locator('.codes code').count()).toBe(10);
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('edits the declaration with a preview where nothing runs', async () => {
    const { page, context, faults } = await visit(browser, base, '/accessibilite', { lang, role: 'administrator' });
    try {
      await settled(page);
      await page.getByRole('button', { name: t.pages.edit, exact: true }).click();
      await page.getByLabel(t.pages.text).fill('# Titre\n\n<img src=x onerror="document.title=1">\n\n[piège](javascript:alert(1)) et [lien](https://exemple.fr)');
      const preview = page.getByRole('region', { name: t.pages.preview });
      await preview.getByText('<img src=x').waitFor();
      expect(await preview.locator('img, script').count()).toBe(0);
      expect(await preview.getByRole('link').count()).toBe(1);
      expect(await axe(page)).toEqual([]);
      await page.getByRole('button', { name: t.pages.save }).click();
      await page.getByRole('textbox').waitFor({ state: 'detached' });
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
