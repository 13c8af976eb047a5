/** The program itself, with its demonstration data: ECLUSIER_BIN names it; skipped without. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../src/lib/labels/en';
import { fr } from '../src/lib/labels/fr';
import { axe, open, overflow, settled, visit } from './browser';
import { importByKeyboard } from './steps';

const bin = process.env['ECLUSIER_BIN'];

describe.skipIf(!bin)('the program', () => {
  const data = mkdtempSync(join(tmpdir(), 'eclusier-e2e-'));
  let browser: Browser;
  let closeBrowser: () => Promise<void> = async () => {};
  let server: ChildProcess;
  let base = '';

  beforeAll(async () => {
    const made = spawnSync(bin ?? '', ['--data', data, 'demo', '--no-serve', '--size', 'team'], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`demo failed: ${made.stderr}`);
    server = spawn(bin ?? '', ['--data', data, 'serve', '--bind', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    base = await new Promise<string>((done, fail) => {
      let said = '';
      server.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const address = /http:\/\/[\d.:[\]]+/.exec(said)?.[0];
        if (address) done(address);
      });
      server.on('exit', (code) => fail(new Error(`serve ended with ${code}: ${said}`)));
    });
    ({ browser, close: closeBrowser } = await open());
  }, 180_000);
  afterAll(async () => {
    server?.kill();
    await closeBrowser();
    rmSync(data, { recursive: true, force: true });
  });

  it.each(['/', '/flux', '/previsions', '/dossiers?figure=stock', '/donnees?tab=history', '/donnees?tab=counts', '/donnees?tab=control', '/donnees?tab=config', '/mur'])(
    'shows %s',
    async (path) => {
      const { page, context, faults } = await visit(browser, base, path);
      try {
        await settled(page);
        expect(await page.locator('.problem').allTextContents()).toEqual([]);
        expect(await axe(page)).toEqual([]);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(faults).toEqual([]);
      } finally {
        await context.close();
      }
    }
  );

  it.each([
    ['fr', fr],
    ['en', en]
  ] as const)('takes a file by keyboard (%s)', async (lang, t) => {
    const { page, context, faults } = await visit(browser, base, '/', { lang });
    try {
      await settled(page);
      await importByKeyboard(page, t);
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
