/** A browser, a server, and the few gestures that the tests share. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { start } from './mock';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The test runner itself sets BASE_URL to "/": only a whole address counts. */
const given = /^https?:/.test(process.env['BASE_URL'] ?? '') ? process.env['BASE_URL'] : undefined;
export const invented = given === undefined;

export async function launch(): Promise<Browser> {
  const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = candidates.find((p) => p && existsSync(p));
  if (!executablePath) throw new Error('no Chromium found: apt-get install chromium, or set CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export async function open(): Promise<{ browser: Browser; base: string; close: () => Promise<void> }> {
  const browser = await launch();
  const base = given;
  if (base) return { browser, base: base.replace(/\/$/, ''), close: () => browser.close() };
  const build = fileURLToPath(new URL('../build', import.meta.url));
  if (!existsSync(build)) throw new Error('nothing built: npm run build');
  const { server, url } = await start(build);
  return {
    browser,
    base: url,
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      server.close();
    }
  };
}

export interface Look {
  state?: string;
  /** Who is signed in: a role, `owner`, `out`, `setup`. */
  role?: string;
  lang?: 'fr' | 'en';
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** What the page complained of: script errors, refused resources, foreign requests. */
  faults: string[];
}

export async function visit(browser: Browser, base: string, path: string, look: Look = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.theme ?? 'light',
    reducedMotion: 'reduce',
    extraHTTPHeaders: { 'x-fixture': look.state ?? 'usual', ...(look.role ? { 'x-role': look.role } : {}) }
  });
  await context.addInitScript((l: string) => localStorage.setItem('eclusier.lang', l), look.lang ?? 'fr');
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (e) => faults.push(`script: ${e.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of (4|5)\d\d|ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_CONNECTION/.test(m.text())) {
      faults.push(`console: ${m.text()}`);
    }
  });
  page.on('request', (r) => {
    if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) faults.push(`foreign request: ${r.url()}`);
  });
  await page.goto(base + path);
  return { context, page, faults };
}

/** Waits until the screen has its answer (or its empty or error state). */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('h1');
  await page.waitForFunction(() => !document.querySelector('.sk') && !document.querySelector('[aria-busy="true"]'));
  await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((p) => p.querySelector('svg')));
}

/** Accessibility faults, one line each; none when clean. */
export async function axe(page: Page): Promise<string[]> {
  // The page's own policy refuses foreign scripts: the check is run from outside it.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] }> } }).axe;
    const { violations } = await run.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    });
    return violations.flatMap((v) =>
      v.nodes.slice(0, 4).map((n) => `${v.id} (${v.impact}): ${n.target.join(' ')} — ${n.failureSummary.split('\n').slice(1, 3).join(' ').trim()}`)
    );
  });
}

export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
