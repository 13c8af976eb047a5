/** Signing in, the first account, the end of a session over typed data, and what each role is shown. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr } from '../src/lib/labels/fr';
import { axe, invented, open, overflow, settled, visit } from './browser';
import { PASSWORD } from './mock-people';
import { ROLE_NAMES } from './people';

let browser: Browser;
let base: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, base, close } = await open());
});
afterAll(() => close());

async function signIn(page: Page, t: typeof fr, login: string, password = PASSWORD) {
  await page.getByLabel(t.session.login, { exact: true }).fill(login);
  await page.getByLabel(t.session.password, { exact: true }).fill(password);
  await page.getByRole('button', { name: t.session.go, exact: true }).click();
}
const endIn = (page: Page, which: 'expires' | 'ends', ms: number) =>
  page.evaluate(([k, v]) => fetch(`/api/v1/test/session?${k}=${v}`), [which, ms] as const);
/** As a person coming back to the tab: the program is asked again. */
const wake = (page: Page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));

describe.runIf(invented).each([
  ['fr', fr],
  ['en', en]
] as const)('%s', (lang, t) => {
  it('signs in where the person was going, and says what is wrong', async () => {
    const { page, context, faults } = await visit(browser, base, '/flux?process=retraite', { lang, role: 'out' });
    try {
      await page.getByRole('heading', { name: t.session.title }).waitFor();
      expect(await axe(page)).toEqual([]);
      await signIn(page, t, 'camille.moreau', 'autre chose');
      await page.getByRole('alert').getByText(t.session.refused).waitFor();
      // The password is asked again, and takes the focus.
      expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).type)).toBe('password');
      await signIn(page, t, 'bloque');
      await page.getByRole('alert').getByText(t.session.locked(2, '2')).waitFor();
      expect(await page.getByRole('button', { name: t.session.go, exact: true }).isDisabled()).toBe(true);
      expect(await axe(page)).toEqual([]);
      await page.reload();
      await signIn(page, t, 'camille.moreau');
      await page.waitForSelector('#flux');
      expect(page.url()).toContain('/flux?process=retraite');
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('tells that capitals are locked, and lets the password be pasted and shown', async () => {
    const { page, context } = await visit(browser, base, '/connexion', { lang, role: 'out' });
    try {
      const field = page.getByLabel(t.session.password, { exact: true });
      await field.focus();
      await field.evaluate((n) => n.dispatchEvent(new KeyboardEvent('keydown', { key: 'A', modifierCapsLock: true, bubbles: true } as KeyboardEventInit)));
      await page.getByText(t.session.caps).waitFor();
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.setData('text/plain', 'x');
        return document.activeElement!.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true, bubbles: true }));
      }).then((allowed) => expect(allowed).toBe(true));
      await page.getByRole('button', { name: t.session.showWhat }).click();
      expect(await field.getAttribute('type')).toBe('text');
      expect(await field.getAttribute('autocomplete')).toBe('current-password');
    } finally {
      await context.close();
    }
  });

  it('asks for the second factor', async () => {
    const { page, context } = await visit(browser, base, '/connexion', { lang, role: 'out' });
    try {
      await signIn(page, t, 'double');
      const code = page.getByLabel(t.session.code, { exact: true });
      await code.waitFor();
      expect(await code.getAttribute('autocomplete')).toBe('one-time-code');
      expect(await axe(page)).toEqual([]);
      await code.fill('000 000');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText(t.session.refusedCode).waitFor();
      await code.fill('123 456');
      await page.keyboard.press('Enter');
      await page.getByRole('navigation', { name: t.nav.label }).waitFor();
    } finally {
      await context.close();
    }
  });

  it('has a password that was given changed first', async () => {
    const { page, context } = await visit(browser, base, '/flux', { lang, role: 'out' });
    try {
      await signIn(page, t, 'nouveau');
      await page.getByRole('heading', { name: t.change.forced }).waitFor();
      expect(await axe(page)).toEqual([]);
      await page.getByLabel(t.change.received, { exact: true }).fill(PASSWORD);
      await page.getByLabel(t.change.next, { exact: true }).fill('court');
      await page.getByLabel(t.change.again, { exact: true }).fill('court');
      await page.getByRole('button', { name: t.change.go }).click();
      expect(await page.locator('[aria-invalid="true"]').count()).toBe(1);
      await page.getByLabel(t.change.next, { exact: true }).fill('une rive, deux écluses');
      await page.getByLabel(t.change.again, { exact: true }).fill('une rive, deux écluses');
      await page.getByRole('button', { name: t.change.go }).click();
      await page.waitForSelector('#flux');
    } finally {
      await context.close();
    }
  });

  it('makes the first account, from the machine and from the network', async () => {
    for (const role of ['owner', 'setup']) {
      const { page, context } = await visit(browser, base, '/premier-compte', { lang, role });
      try {
        await page.getByRole('heading', { name: t.setup.title, level: 1 }).waitFor();
        expect(await page.getByLabel(t.setup.code).count()).toBe(role === 'setup' ? 1 : 0);
        expect(await axe(page)).toEqual([]);
        if (role === 'setup') await page.getByLabel(t.setup.code).fill('ABCD-EFGH');
        await page.getByLabel(t.setup.name, { exact: true }).fill('Solène Barbier');
        await page.getByLabel(t.setup.login).fill('solene.barbier');
        await page.getByLabel(t.setup.password, { exact: true }).fill(PASSWORD);
        await page.getByLabel(t.setup.again, { exact: true }).fill(PASSWORD);
        await page.getByRole('button', { name: t.setup.go }).click();
        await page.getByRole('button', { name: t.account.menu('Solène Barbier') }).waitFor();
      } finally {
        await context.close();
      }
    }
  });

  it('warns two minutes before the end, and puts it off', async () => {
    const { page, context } = await visit(browser, base, '/connexion', { lang, role: 'out' });
    try {
      await signIn(page, t, 'production_manager');
      await page.getByRole('navigation', { name: t.nav.label }).waitFor();
      await endIn(page, 'expires', 110_000);
      await wake(page);
      const dialog = page.getByRole('alertdialog', { name: t.expiry.warnTitle });
      await dialog.waitFor();
      expect(await dialog.textContent()).toContain(t.expiry.minutes(2));
      await page.waitForFunction((said) => [...document.querySelectorAll('.sr[role="status"]')].some((n) => n.textContent?.includes(said)), t.expiry.soon('').slice(0, 12));
      expect(await axe(page)).toEqual([]);
      // Enter is enough: the answer has the focus.
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(t.expiry.stay);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      // The longest duration cannot be put off, and says so.
      await endIn(page, 'ends', 100_000);
      await wake(page);
      await dialog.waitFor();
      expect(await page.getByRole('button', { name: t.expiry.stay }).count()).toBe(0);
      await page.getByRole('button', { name: t.expiry.understood }).click();
      await dialog.waitFor({ state: 'detached' });
    } finally {
      await context.close();
    }
  });

  it('keeps what was typed under the cover, and goes on as the same person', async () => {
    const { page, context, faults } = await visit(browser, base, '/connexion', { lang, role: 'out' });
    try {
      await signIn(page, t, 'production_manager');
      await page.getByRole('navigation', { name: t.nav.label }).waitFor();
      await page.getByRole('link', { name: t.nav.donnees, exact: true }).click();
      await page.getByRole('link', { name: t.donnees.tabs.control }).click();
      const typed = page.getByLabel(t.donnees.expected, { exact: true });
      await typed.fill('4 312');
      await endIn(page, 'expires', -1);
      // The request is refused, waits for the sign-in, and is then carried out.
      await page.getByRole('button', { name: t.donnees.controlAdd }).click();
      const cover = page.getByRole('dialog', { name: t.expiry.coverTitle });
      await cover.waitFor();
      expect(await axe(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.mouse.click(5, 5);
      expect(await cover.isVisible()).toBe(true);
      expect(await typed.inputValue()).toBe('4 312');
      // The same person: the login is there, only the password is asked.
      expect(await cover.getByLabel(t.session.login, { exact: true }).inputValue()).not.toBe('');
      await cover.getByLabel(t.session.password, { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await cover.waitFor({ state: 'detached' });
      await page.waitForFunction((said) => [...document.querySelectorAll('.sr[role="status"]')].some((n) => n.textContent === said), t.donnees.controlSaved);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it('loads the page anew for another person', async () => {
    const { page, context } = await visit(browser, base, '/connexion', { lang, role: 'out' });
    try {
      await signIn(page, t, 'production_manager');
      await page.getByRole('navigation', { name: t.nav.label }).waitFor();
      await page.evaluate(() => ((window as unknown as { kept: number }).kept = 1));
      await endIn(page, 'expires', -1);
      await wake(page);
      const cover = page.getByRole('dialog', { name: t.expiry.coverTitle });
      await cover.waitFor();
      await cover.getByLabel(t.session.login, { exact: true }).fill('dpo');
      await cover.getByLabel(t.session.password, { exact: true }).fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: t.account.menu('Yanis Leroux') }).waitFor();
      expect(await page.evaluate(() => (window as unknown as { kept?: number }).kept)).toBeUndefined();
    } finally {
      await context.close();
    }
  });

  it('says in words what is missing, and whom to ask', async () => {
    const { page, context } = await visit(browser, base, '/journal', { lang, role: 'team_manager' });
    try {
      await page.getByText(t.forbidden.ask).waitFor();
      expect(await page.getByRole('alert').textContent()).toContain(t.permissions['audit.read']!);
      expect(await axe(page)).toEqual([]);
    } finally {
      await context.close();
    }
    const none = await visit(browser, base, '/', { lang, role: 'norole' });
    try {
      await none.page.getByText(t.forbidden.ask).waitFor();
      expect(await none.page.getByRole('navigation', { name: t.nav.label }).getByRole('listitem').count()).toBe(0);
      expect(await axe(none.page)).toEqual([]);
    } finally {
      await none.context.close();
    }
  });
});

/** What the navigation leads to, role by role. */
const SHOWN: Record<string, (keyof typeof fr.nav)[]> = {
  case_handler: ['pilotage', 'flux', 'previsions', 'droits', 'mur'],
  team_manager: ['pilotage', 'flux', 'previsions', 'dossiers', 'donnees', 'organisation', 'droits', 'mur'],
  production_manager: ['pilotage', 'flux', 'previsions', 'processus', 'dossiers', 'donnees', 'organisation', 'droits', 'mur'],
  internal_control: ['pilotage', 'flux', 'previsions', 'processus', 'dossiers', 'donnees', 'droits', 'mur'],
  director: ['pilotage', 'flux', 'previsions', 'donnees', 'organisation', 'droits', 'journal', 'mur'],
  facilitator: ['pilotage', 'flux', 'previsions', 'processus', 'dossiers', 'donnees', 'droits', 'mur'],
  statistician: ['pilotage', 'flux', 'previsions', 'processus', 'dossiers', 'donnees', 'organisation', 'droits', 'journal', 'mur'],
  human_resources: ['organisation', 'droits'],
  national_fund: ['pilotage', 'flux', 'previsions', 'droits', 'mur'],
  administrator: ['organisation', 'droits', 'sante'],
  dpo: ['droits', 'journal'],
  staff_representative: ['droits']
};

describe.runIf(invented).each(ROLE_NAMES)('as %s', (role) => {
  it('is shown only what is open, and lands there', async () => {
    const { page, context, faults } = await visit(browser, base, '/', { role });
    try {
      await settled(page);
      const nav = page.getByRole('navigation', { name: fr.nav.label });
      const names = await nav.getByRole('listitem').allTextContents();
      expect(names.map((n) => n.trim())).toEqual(SHOWN[role]!.map((k) => fr.nav[k]));
      expect(await page.locator('.problem').count()).toBe(0);
      expect(await axe(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
