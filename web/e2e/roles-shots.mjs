// Takes a picture of every screen as each role, on the body of `node e2e/serve-body.mjs` (its answer
// in BODY): `BODY=body.json node e2e/roles-shots.mjs [filter]`.
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const body = JSON.parse(readFileSync(process.env.BODY ?? 'body.json', 'utf8'));
const out = process.env.OUT ?? new URL('../test-results/roles', import.meta.url).pathname;
mkdirSync(out, { recursive: true });
const only = process.argv[2] ? new RegExp(process.argv[2]) : /./;
const orsel = `/organisation/personnes/${body.people.Orsel}`;

/** Name of the picture, role (login), address. */
const SHOTS = {
  handler: ['nadia.orsel', ['/', '/flux', '/dossiers', '/organisation', '/droits', '/droits?tab=matrice', '/mur', '/moi', '/moi/securite', orsel]],
  manager: ['camille.moreau', ['/', '/flux', '/dossiers', '/donnees', '/donnees?tab=counts', '/donnees?tab=control', '/donnees?tab=config&process=retraite', '/organisation', orsel, '/droits', '/mur', '/moi', '/sante']],
  head: ['hugo.lenormand', ['/', '/flux', '/dossiers', '/donnees', '/donnees?tab=config&process=retraite', '/organisation', orsel, '/droits', '/moi']],
  control: ['sabine.ferrier', ['/', '/dossiers', '/donnees', '/donnees?tab=config&process=retraite', '/droits', '/organisation']],
  director: ['elise.garnier', ['/', '/donnees', '/organisation', '/droits', '/droits?tab=roles', '/droits?tab=delegations', '/droits?tab=individuel', '/droits?tab=conservation', '/journal', '/dossiers', orsel]],
  statistician: ['yann.kermadec', ['/', '/dossiers', '/donnees', '/donnees?tab=history', '/organisation', '/droits', '/journal', orsel]],
  hr: ['ines.baudry', ['/', '/organisation', '/organisation/import', orsel, `/organisation/personnes/${body.people.Castaing}`, `/organisation/personnes/${body.people.Marchand}`, '/droits', '/flux']],
  fund: ['paul.aubert', ['/', '/flux', '/droits', '/dossiers', '/mur']],
  admin: ['remi.vasseur', ['/', '/droits', '/droits?tab=roles', '/droits?tab=jetons', '/droits?tab=conservation', '/droits?tab=matrice', '/sante', '/journal', '/accessibilite']],
  dpo: ['claire.dumas', ['/', '/droits?tab=individuel', '/droits?tab=conservation', '/journal', '/notices', '/sante', '/donnees']],
  rep: ['malik.haddad', ['/', '/droits?tab=individuel', '/droits?tab=matrice', '/flux', '/notices']],
  none: ['lou.perrin', ['/', '/flux', '/moi']],
  wall: [null, [`/mur#jeton=${body.wall}`, `/mur?process=retraite#jeton=${body.wall}`]],
  out: [null, ['/connexion', '/accessibilite', '/droits']]
};
const slug = (p) => p.replace(/#.*/, '').replace(/personnes\/.*/, 'personne').replace(/[^a-z]+/gi, '-').replace(/^-|-$/g, '') || 'accueil';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [who, [login, paths]] of Object.entries(SHOTS)) {
  for (const [size, width, height] of [['w', 1440, 900], ['n', 390, 844]]) {
    for (const theme of ['light', 'dark']) {
      for (const lang of (process.env.LANGS ?? 'fr').split(',')) {
        const wanted = paths.map((path, i) => [path, `${who}-${slug(path)}${slug(path) === 'organisation-personne' ? i : ''}-${size}-${theme}-${lang}`]).filter(([, id]) => only.test(id));
        if (!wanted.length) continue;
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', locale: lang === 'fr' ? 'fr-FR' : 'en-GB', baseURL: body.base });
        await context.addInitScript((l) => localStorage.setItem('eclusier.lang', l), lang);
        if (login) await context.request.post('/api/v1/session', { data: { login, password: body.password } });
        for (const [path, id] of wanted) {
          const page = await context.newPage();
          page.on('pageerror', (e) => console.log(id, 'SCRIPT', e.message));
          page.on('response', (r) => r.status() >= 400 && console.log(id, r.status(), r.request().method(), r.url().replace(body.base, '')));
          await page.goto(path);
          await page.waitForSelector('h1');
          await page.waitForFunction(() => !document.querySelector('.sk')).catch(() => console.log(id, 'still waiting'));
          await page.waitForTimeout(250);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (over > 0) console.log(id, `scrolls sideways by ${over}`);
          await page.screenshot({ path: `${out}/${id}.png`, fullPage: size === 'w' });
          await page.close();
        }
        await context.close();
      }
    }
  }
}
await browser.close();
