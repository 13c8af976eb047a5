/**
 * The program itself, as each role: what is shown and what is not, by mouse and by
 * keyboard. ECLUSIER_BIN names the program; skipped without.
 */
import { mkdirSync } from 'node:fs';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr as t } from '../src/lib/labels/fr';
import { HOLDERS, house, PASSWORD, type House, type Holder } from './body';
import { axe, launch, overflow, settled } from './browser';
import { tabTo } from './steps';

const bin = process.env['ECLUSIER_BIN'];
const shots = process.env['SHOTS'];

/** Every screen and part of it, by address. */
const PLACES = {
  '/': t.nav.pilotage,
  '/flux': t.nav.flux,
  '/previsions': t.nav.previsions,
  '/processus': t.nav.processus,
  '/dossiers': t.nav.dossiers,
  '/donnees': t.nav.donnees,
  '/organisation': t.nav.organisation,
  '/droits': t.nav.droits,
  '/journal': t.nav.journal,
  '/sante': t.nav.sante,
  '/mur': t.nav.mur
};
type Place = keyof typeof PLACES;

interface Expected {
  /** Screens in the navigation, in order. */
  nav: Place[];
  /** Parts of the screens that have some. */
  parts?: Partial<Record<Place, string[]>>;
  /** What the role may press, by screen; every other button of `ACTS` is absent everywhere. */
  acts?: string[];
  /** Screen and button that opens its main dialog. */
  main?: [string, string];
}

const D = t.donnees.tabs;
const R = t.droits.tabs;
/** Buttons and links that change something or take it away. */
const ACTS: Record<string, RegExp> = {
  'export': /^(xlsx|csv)$/,
  'import.undo': new RegExp(`^${t.donnees.undo}`),
  'save': new RegExp(`^${t.donnees.save}$`),
  'config.try': new RegExp(`^${t.donnees.previewEffect}`),
  'node.edit': new RegExp(`^${t.org.edit}`),
  'node.add': new RegExp(`^${t.org.addRoot}`),
  'node.close': new RegExp(`^${t.org.shutDown}…$`),
  'person.add': new RegExp(`^${t.org.addPerson}`),
  'staff.import': new RegExp(`^${t.org.importTo} /organisation/import$`),
  'fact.add': new RegExp(`^${t.person.add} · `),
  'account.add': new RegExp(`^${t.droits.add}`),
  'account.manage': new RegExp(`^${t.droits.manage} · `),
  'role.grant': new RegExp(`^${t.droits.grant}`),
  'role.end': new RegExp(`^${t.droits.end} · `),
  'role.lend': new RegExp(`^${t.droits.delegate}`),
  'token.add': new RegExp(`^${t.droits.addToken}`),
  'gate.open': new RegExp(`^${t.droits.gateOpen}`),
  'gate.close': new RegExp(`^${t.droits.gateClose} · `),
  'period.publish': new RegExp(`^${t.publications.publish}`),
  'period.restate': new RegExp(`^${t.publications.restate}`),
  'backup': new RegExp(`^${t.sante.backUp}`),
  'rehearse': new RegExp(`^${t.sante.rehearse}`),
  'weeks.read': new RegExp(`^${t.person.weeksSee}`)
};

const EXPECTED: Record<string, Expected> = {
  case_handler: { nav: ['/', '/flux', '/previsions', '/droits', '/mur'], parts: { '/droits': [R['conservation']!, R['matrice']!] } },
  team_manager: {
    nav: ['/', '/flux', '/previsions', '/dossiers', '/donnees', '/organisation', '/droits', '/mur'],
    parts: { '/donnees': [D.history, D.counts, D.control, D.config], '/droits': [R['delegations']!, R['conservation']!, R['matrice']!] },
    acts: ['export', 'role.lend', 'save', 'weeks.read'],
    main: ['/droits', `${t.droits.delegate}…`]
  },
  production_manager: {
    nav: ['/', '/flux', '/previsions', '/processus', '/dossiers', '/donnees', '/organisation', '/droits', '/mur'],
    parts: { '/donnees': [D.import, D.history, D.counts, D.control, D.config] },
    acts: ['export', 'import.undo', 'save', 'config.try', 'role.lend'],
    main: ['/donnees?tab=history', `${t.donnees.undo} retraite.csv`]
  },
  internal_control: {
    nav: ['/', '/flux', '/previsions', '/processus', '/dossiers', '/donnees', '/droits', '/mur'],
    parts: { '/donnees': [D.history, D.control, D.config] },
    acts: ['export']
  },
  director: {
    nav: ['/', '/flux', '/previsions', '/donnees', '/organisation', '/droits', '/journal', '/mur'],
    parts: { '/droits': [R['comptes']!, R['roles']!, R['delegations']!, R['individuel']!, R['conservation']!, R['matrice']!] },
    acts: ['export', 'role.lend', 'role.end', 'gate.open', 'gate.close', 'period.publish', 'period.restate'],
    main: ['/droits?tab=individuel', `${t.droits.gateOpen}…`]
  },
  facilitator: {
    nav: ['/', '/flux', '/previsions', '/processus', '/dossiers', '/donnees', '/droits', '/mur'],
    acts: ['export']
  },
  statistician: {
    nav: ['/', '/flux', '/previsions', '/processus', '/dossiers', '/donnees', '/organisation', '/droits', '/journal', '/mur'],
    acts: ['export', 'import.undo', 'save', 'config.try', 'period.publish', 'period.restate'],
    main: ['/journal', `${t.publications.publish}…`]
  },
  human_resources: {
    nav: ['/organisation', '/droits'],
    acts: ['node.edit', 'node.add', 'node.close', 'person.add', 'staff.import', 'fact.add'],
    main: ['/organisation', `${t.org.addPerson}…`]
  },
  national_fund: { nav: ['/', '/flux', '/previsions', '/droits', '/mur'] },
  administrator: {
    nav: ['/organisation', '/droits', '/sante'],
    parts: { '/droits': [R['comptes']!, R['roles']!, R['jetons']!, R['conservation']!, R['matrice']!] },
    acts: ['account.add', 'account.manage', 'role.grant', 'role.end', 'token.add', 'backup', 'rehearse'],
    main: ['/droits', `${t.droits.add}…`]
  },
  dpo: {
    nav: ['/droits', '/journal'],
    parts: { '/droits': [R['comptes']!, R['roles']!, R['individuel']!, R['conservation']!, R['matrice']!] },
    acts: ['gate.open', 'gate.close'],
    main: ['/droits?tab=individuel', `${t.droits.gateOpen}…`]
  },
  staff_representative: { nav: ['/droits'], parts: { '/droits': [R['individuel']!, R['conservation']!, R['matrice']!] } },
  none: { nav: [] }
};

/** Requests of the shell itself: they say nothing of the work nor of people. */
const SHELL = /\/api\/v1\/(session|status|events|pages\/|rights$|rights\?)/;
const NAMES_OF_OTHERS = ['Vauquelin', 'Rousselin', 'Abadie', 'Belkacem', 'Tessandier', 'Pôle santé'];
const NAMES = [...NAMES_OF_OTHERS, 'Castaing', 'Ndiaye', 'Le Bihan', 'Marchand'];

describe.skipIf(!bin)('as each role', () => {
  let home: House;
  let browser: Browser;
  beforeAll(async () => {
    [home, browser] = await Promise.all([house(bin ?? ''), launch()]);
    if (shots) mkdirSync(shots, { recursive: true });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    home?.stop();
  });

  interface Seat {
    context: BrowserContext;
    page: Page;
    faults: string[];
    /** Answers received since the last look: address and status. */
    answers: [string, number][];
  }
  async function seat(login: string | null): Promise<Seat> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', baseURL: home.base, locale: 'fr-FR' });
    await context.addInitScript(() => localStorage.setItem('eclusier.lang', 'fr'));
    if (login) {
      const answer = await context.request.post('/api/v1/session', { data: { login, password: PASSWORD } });
      expect(answer.status(), login).toBe(200);
    }
    const page = await context.newPage();
    const faults: string[] = [];
    const answers: [string, number][] = [];
    page.on('pageerror', (e) => faults.push(e.message));
    page.on('console', (m) => m.type() === 'error' && !/status of (4|5)\d\d/.test(m.text()) && faults.push(m.text()));
    page.on('response', (r) => r.url().includes('/api/v1/') && answers.push([r.url().replace(home.base, ''), r.status()]));
    return { context, page, faults, answers };
  }
  const checked = new Set<string>();
  async function clean(page: Page, what: string, at: string) {
    if (checked.has(what)) return;
    expect(await axe(page), at).toEqual([]);
    checked.add(what);
  }
  /** Follows a link of the page, as a person does. */
  async function go(page: Page, link: Locator, where: string) {
    if (new URL(page.url()).pathname + new URL(page.url()).search !== where) {
      await link.click();
      await page.waitForURL((url) => url.pathname + url.search === where);
    }
    await settled(page);
  }
  const text = (page: Page) => page.locator('#contenu').innerText();
  const picture = async (page: Page, name: string) => {
    if (shots) await page.screenshot({ path: `${shots}/${name.replace(/[^a-z]+/gi, '-')}.png`, fullPage: true });
  };
  /** Buttons and links of the screen that change something. */
  const acts = async (page: Page): Promise<string[]> => {
    const names = await page.locator('#contenu').locator('button, a').evaluateAll((all) =>
      all.filter((n) => (n as HTMLElement).offsetParent !== null).map((n) => {
        const name = (n.getAttribute('aria-label') ?? n.textContent ?? '').trim();
        // A link of the same name elsewhere is another act.
        return n.getAttribute('href')?.startsWith('/organisation/') ? `${name} ${n.getAttribute('href')}` : name;
      })
    );
    return Object.entries(ACTS).filter(([, name]) => names.some((n) => name.test(n))).map(([act]) => act);
  };

  const cases: [string, Holder][] = HOLDERS.map((h) => [h.role ?? 'none', h]);
  it.each(cases)('%s', async (role, holder) => {
    const want = EXPECTED[role]!;
    const { context, page, faults, answers } = await seat(holder.login);
    try {
      // Where the address of the program leads, and what the navigation offers.
      await page.goto('/');
      await settled(page);
      const nav = await page.locator('#nav a[href]').evaluateAll((all) => all.map((a) => new URL((a as HTMLAnchorElement).href).pathname));
      expect(nav.filter((p) => p in PLACES)).toEqual(want.nav);
      // Each screen open to the role, with its parts.
      const pressed = new Set<string>();
      for (const place of want.nav.filter((p) => p !== '/mur')) {
        await go(page, page.locator(`#nav a[href^="${place}"]`).first(), place);
        const tabs = await page.locator('nav.tabs a').evaluateAll((all) => all.map((a) => [a.textContent?.trim() ?? '', a.getAttribute('href') ?? '']));
        if (want.parts?.[place]) expect(tabs.map(([name]) => name), place).toEqual(want.parts[place]);
        for (const where of [place, ...tabs.slice(1).map(([, href]) => href!)]) {
          if (where !== place) await go(page, page.locator(`nav.tabs a[href="${where}"]`), where);
          const at = `${role} ${where}`;
          expect(await page.locator('.problem').allTextContents(), at).toEqual([]);
          expect(await overflow(page), at).toBeLessThanOrEqual(0);
          const offered = await acts(page);
          for (const act of offered) pressed.add(act);
          // The same screen with the same controls was checked with an earlier role.
          await clean(page, `${where} ${tabs.length} ${offered.join()}`, at);
          // The sentence under the tree runs on lines, whatever screen came before.
          if (where === '/organisation') expect((await page.locator('#tree-help').boundingBox())?.width, at).toBeGreaterThan(300);
          const seen = await text(page);
          // No identifier of the machine stands for a name.
          if (place !== '/journal') expect(seen, at).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/);
          if (role === 'team_manager') for (const name of NAMES_OF_OTHERS) expect(seen, at).not.toContain(name);
          if (!['team_manager', 'production_manager', 'human_resources'].includes(role)) for (const name of NAMES.filter((n) => n !== 'Pôle santé')) expect(seen, at).not.toContain(name);
          if (role !== 'human_resources') expect(seen, at).not.toMatch(/maladie/i);
          await picture(page, at);
        }
      }
      // A person's sheet: who may read people, and only theirs.
      const sheets: [string, string][] = [
        ['Castaing', home.people['Castaing']!],
        ['Vauquelin', home.people['Vauquelin']!]
      ];
      const reads: Record<string, string[]> = { team_manager: ['Castaing'], production_manager: ['Castaing', 'Vauquelin'], human_resources: ['Castaing', 'Vauquelin'] };
      for (const [name, id] of sheets) {
        await page.goto(`/organisation/personnes/${id}`);
        await settled(page);
        const seen = await text(page);
        const may = reads[role]?.includes(name) ?? false;
        expect(seen.includes(name), `${role} reads ${name}`).toBe(may);
        if (may) {
          for (const act of await acts(page)) pressed.add(act);
          const told = /maladie/.test(seen);
          if (role !== 'human_resources') expect(told, `${role} and the cause`).toBe(false);
          else if (name === 'Castaing') expect(told, `${role} and the cause`).toBe(true);
          await clean(page, `sheet ${(await acts(page)).join()}`, role);
        } else expect(await page.getByRole('alert').count(), `${role} is told`).toBeGreaterThan(0);
        await picture(page, `${role} fiche ${name}`);
      }
      expect([...pressed].sort(), `${role} may press`).toEqual([...(want.acts ?? [])].sort());
      // A forbidden address says why, and receives no datum.
      const shut = (Object.keys(PLACES) as Place[]).filter((p) => !want.nav.includes(p) && p !== '/mur' && p !== '/');
      for (const [i, place] of shut.entries()) {
        answers.length = 0;
        await page.goto(place);
        await settled(page);
        expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(PLACES[place]);
        await page.getByRole('alert').getByText(t.forbidden.title).waitFor();
        expect(answers.filter(([url, status]) => status < 400 && !SHELL.test(url)), `${role} ${place}`).toEqual([]);
        if (i === 0) {
          await clean(page, `refusal ${place}`, role);
          await picture(page, `${role} refus ${place}`);
        }
      }
      // By keyboard: past the navigation first, a focus one sees, the main dialog and out of it.
      await page.goto(want.main?.[0] ?? want.nav[0] ?? '/moi');
      await settled(page);
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(t.skip);
      for (let i = 0; i < 12; i++) {
        await page.keyboard.press('Tab');
        const bare = await page.evaluate(() => {
          const n = document.activeElement as HTMLElement;
          const s = getComputedStyle(n);
          // Past the last control the focus leaves the page, and comes back.
          if (n === document.body) return '';
          return (s.outlineStyle === 'none' || s.outlineWidth === '0px') && s.boxShadow === 'none' ? n.outerHTML.slice(0, 90) : '';
        });
        expect(bare, `${role}: focus not seen`).toBe('');
      }
      if (want.main) {
        await tabTo(page, 'button', want.main[1]);
        await page.keyboard.press('Enter');
        const dialog = page.getByRole('dialog');
        await dialog.waitFor();
        expect(await dialog.evaluate((n) => n.contains(document.activeElement))).toBe(true);
        await clean(page, `dialog ${want.main[1]}`, role);
        await picture(page, `${role} dialogue`);
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' });
        await page.waitForFunction((name) => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim() === name, want.main[1]);
      }
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('the wall, by its token only', async () => {
    const { context, page, faults, answers } = await seat(null);
    try {
      await page.goto(`/mur?process=retraite#jeton=${home.wall}`);
      await page.getByRole('table').waitFor();
      expect(page.url()).not.toContain('jeton');
      const seen = await page.locator('main').innerText();
      expect(seen).toContain('Retraite personnelle');
      for (const name of NAMES) expect(seen).not.toContain(name);
      expect(seen).not.toMatch(/RP\d{8}/);
      expect(await axe(page)).toEqual([]);
      await picture(page, 'mur');
      // The token opens the wall, and nothing else.
      answers.length = 0;
      await page.goto('/dossiers');
      await page.getByRole('heading', { name: t.session.title }).waitFor();
      expect(answers.filter(([url, status]) => status < 400 && !SHELL.test(url))).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('a person, what the tool knows of them', async () => {
    const { context, page, faults } = await seat('nadia.orsel');
    try {
      await page.goto('/moi');
      await settled(page);
      const seen = await text(page);
      expect(seen).toContain('Camille Moreau');
      expect(seen).toContain('Accompagner les débutants');
      expect(seen).toContain('Retraite');
      expect(seen).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
      for (const name of NAMES) expect(seen).not.toContain(name);
      expect(await axe(page)).toEqual([]);
      await picture(page, 'moi');
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('in English, narrow and dark too', async () => {
    const { context, page } = await seat('elise.garnier');
    try {
      await context.addInitScript(() => localStorage.setItem('eclusier.lang', 'en'));
      await page.setViewportSize({ width: 390, height: 844 });
      await page.emulateMedia({ colorScheme: 'dark' });
      for (const where of ['/', '/organisation', '/droits', '/droits?tab=individuel', '/journal']) {
        await page.goto(where);
        await settled(page);
        expect(await page.locator('html').getAttribute('lang')).toBe('en');
        expect(await axe(page), where).toEqual([]);
        expect(await overflow(page), where).toBeLessThanOrEqual(0);
      }
      await page.goto('/dossiers');
      await page.getByRole('alert').getByText(en.forbidden.title).waitFor();
    } finally {
      await context.close();
    }
  });
});
