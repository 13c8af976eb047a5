// Takes a picture of every screen and state: `node e2e/shots.mjs [filter]` (BASE_URL of `npm run preview`).
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:4173';
const out = process.env.OUT ?? new URL('../test-results/shots', import.meta.url).pathname;
mkdirSync(out, { recursive: true });

const PASSWORD = 'quatre mots bien longs';
const click = (name) => async (page) => page.getByRole('button', { name }).first().click();
const signIn = async (page) => {
  await page.locator('input[name="username"]').fill('production_manager');
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
};
const end = (which, ms) => async (page) => {
  await signIn(page);
  await page.evaluate(([k, v]) => fetch(`/api/v1/test/session?${k}=${v}`), [which, ms]);
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
};
/** Somebody else saves the same unit while the form is open. */
const conflict = async (page) => {
  await page.getByRole('button', { name: /^(Renommer|Rename)$/ }).click();
  await page.evaluate(() => fetch('/api/v1/test/version?id=n3&version=9'));
  await page.locator('.modal input').first().fill('Service Retraite personnelle');
  await page.locator('.modal button.primary').click();
};

// name: [address, states, who is signed in (the owner of the machine when absent), what to do first]
const screens = {
  pilotage: ['/', ['usual', 'empty', 'huge', 'stale', 'error', 'counts', 'notarget']],
  flux: ['/flux?process=retraite', ['usual', 'huge', 'counts', 'error', 'empty']],
  fluxday: ['/flux?process=retraite&grain=day&group_by=unit', ['usual']],
  donnees: ['/donnees', ['usual', 'error']],
  historique: ['/donnees?tab=history', ['usual', 'huge', 'empty']],
  saisie: ['/donnees?tab=counts', ['usual', 'empty']],
  rapprochement: ['/donnees?tab=control', ['usual', 'empty']],
  config: ['/donnees?tab=config&process=retraite', ['usual', 'notarget']],
  configancienne: ['/donnees?tab=config&process=retraite', ['usual'], 'owner', click(/(depuis toujours|from the start)$/)],
  configtableur: ['/donnees?tab=config&process=retraite', ['usual'], 'owner', async (page, state) => { await page.locator('input[type=file]').setInputFiles({ name: 'retraite.csv', mimeType: 'text/csv', buffer: Buffer.from('x') }); await page.waitForTimeout(400); await page.locator('.sticky .btn').first().click(); }],
  configfautes: ['/donnees?tab=config&process=retraite', ['usual'], 'owner', async (page) => page.locator('input[type=file]').setInputFiles({ name: 'retraite.csv', mimeType: 'text/csv', buffer: Buffer.from('quinze') })],
  configlecture: ['/donnees?tab=config&process=ij', ['usual'], 'internal_control'],
  dossiers: ['/dossiers?figure=overdue', ['usual', 'empty', 'huge']],
  mur: ['/mur', ['usual', 'stale']],
  murjeton: ['/mur#jeton=jeton-retire', ['usual'], 'out'],
  a11y: ['/accessibilite', ['usual'], 'administrator'],
  a11youvert: ['/accessibilite', ['usual'], 'out'],
  a11yedit: ['/accessibilite', ['usual'], 'administrator', click(/^(Modifier|Change)$/)],
  notices: ['/notices', ['usual'], 'staff_representative'],
  connexion: ['/connexion', ['usual'], 'out'],
  connexionrefus: ['/connexion', ['usual'], 'out', async (page) => { await page.locator('input[name="username"]').fill('bloque'); await page.locator('input[name="password"]').fill('x'); await page.keyboard.press('Enter'); }],
  code: ['/connexion', ['usual'], 'out', async (page) => { await page.locator('input[name="username"]').fill('double'); await page.locator('input[name="password"]').fill(PASSWORD); await page.keyboard.press('Enter'); }],
  nouveau: ['/connexion', ['usual'], 'out', async (page) => { await page.locator('input[name="username"]').fill('nouveau'); await page.locator('input[name="password"]').fill(PASSWORD); await page.keyboard.press('Enter'); }],
  premier: ['/', ['usual'], 'setup'],
  premierlocal: ['/premier-compte', ['usual'], 'owner'],
  avertir: ['/connexion', ['usual'], 'out', end('expires', 100_000)],
  couvert: ['/connexion', ['usual'], 'out', end('expires', -1)],
  menu: ['/', ['usual'], 'director', async (page) => page.locator('button.account-menu').click()],
  interdit: ['/journal', ['usual'], 'team_manager'],
  sansrole: ['/', ['usual'], 'norole'],
  organisation: ['/organisation', ['usual', 'empty', 'huge', 'error', 'late'], 'owner'],
  orgmanager: ['/organisation?noeud=n4', ['usual'], 'team_manager'],
  orgadmin: ['/organisation', ['usual'], 'administrator'],
  orgfutur: ['/organisation?jour=2027-02-01&noeud=n6', ['usual'], 'human_resources'],
  orgconflit: ['/organisation?noeud=n3', ['usual'], 'human_resources', conflict],
  orgrattacher: ['/organisation', ['usual'], 'owner', click(/^(Rattacher|Attach) EQ NORD/)],
  personne: ['/organisation/personnes/p3', ['usual', 'error'], 'owner'],
  personnevide: ['/organisation/personnes/p9', ['usual'], 'human_resources'],
  personnechef: ['/organisation/personnes/p3', ['usual'], 'team_manager'],
  fait: ['/organisation/personnes/p3', ['usual'], 'human_resources', click(/^(Ajouter|Add) · (Contrat|Contract)/)],
  effectifs: ['/organisation/import', ['usual'], 'human_resources', async (page) => page.locator('input[type=file]').setInputFiles({ name: 'effectifs-2026.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('x') })],
  comptes: ['/droits', ['usual', 'huge', 'empty', 'error'], 'owner'],
  compte: ['/droits', ['usual'], 'owner', click(/Nadia Colin/)],
  comptecree: ['/droits', ['usual'], 'owner', async (page) => { await page.getByRole('button', { name: /^(Créer un compte|Make an account)/ }).click(); await page.locator('.modal input').nth(0).fill('Rémi Vasseur'); await page.locator('.modal input').nth(1).fill('remi.vasseur'); await page.keyboard.press('Enter'); }],
  roles: ['/droits?tab=roles', ['usual'], 'owner'],
  rolesdonner: ['/droits?tab=roles', ['usual'], 'owner', click(/^(Donner un rôle|Grant a role)/)],
  delegations: ['/droits?tab=delegations', ['usual', 'empty'], 'director'],
  jetons: ['/droits?tab=jetons', ['usual', 'empty'], 'owner'],
  jetoncreer: ['/droits?tab=jetons', ['usual'], 'owner', click(/^(Créer un jeton|Make a token)/)],
  individuel: ['/droits?tab=individuel', ['usual', 'empty'], 'dpo'],
  ouvrir: ['/droits?tab=individuel', ['usual'], 'director', click(/^(Ouvrir pour|Open for)/)],
  conservation: ['/droits?tab=conservation', ['usual', 'empty'], 'dpo'],
  matrice: ['/droits?tab=matrice', ['usual'], 'staff_representative'],
  journal: ['/journal', ['usual', 'broken', 'empty', 'error'], 'dpo', async (page, state) => { if (state === 'usual') await page.locator('.log summary').nth(2).click(); }],
  publications: ['/journal?tab=publications', ['usual', 'empty'], 'statistician', async (page, state) => { if (state === 'usual') { await page.getByRole('button', { name: /^(Rejouer|Replay)/ }).nth(0).click(); await page.getByRole('button', { name: /^(Rejouer|Replay)/ }).nth(1).click(); } }],
  sante: ['/sante', ['usual', 'broken', 'empty', 'error'], 'administrator'],
  moi: ['/moi', ['usual', 'empty'], 'team_manager'],
  moilocal: ['/moi', ['usual'], 'owner'],
  previsions: ['/previsions?process=retraite', ['usual', 'huge', 'empty', 'stale', 'error', 'late']],
  previsionsan: ['/previsions?process=retraite&months=12&arrivals=15&dit=1&by=unit', ['usual']],
  previsionsproche: ['/previsions?process=retraite&vue=proche&grain=day', ['usual']],
  previsionsmois: ['/previsions?process=retraite&grain=month&months=12', ['usual']],
  previsionsalarme: ['/previsions?process=css', ['usual']],
  previsionscourt: ['/previsions?process=rentes-at', ['usual']],
  previsionsstock: ['/previsions?process=retraite&tab=stock', ['usual', 'huge', 'notarget', 'counts']],
  previsionssansstock: ['/previsions?process=beneficiaires&tab=stock', ['usual']],
  effets: ['/previsions?process=retraite&tab=effets', ['usual', 'huge']],
  justesse: ['/previsions?process=retraite&tab=justesse', ['usual', 'huge']],
  justessenaive: ['/previsions?process=beneficiaires&tab=justesse', ['usual']],
  carte: ['/processus?process=retraite', ['usual', 'huge', 'empty', 'error', 'late']],
  cartetemps: ['/processus?process=retraite&mesure=median&temps=ouvre&surligne=heureux', ['usual']],
  cartejours: ['/processus?process=ij', ['usual']],
  cartedetail: ['/processus?process=retraite', ['usual'], 'owner', async (page) => page.locator('svg .node').nth(2).click()],
  cartetableau: ['/processus?process=retraite', ['usual'], 'owner', click(/^(Tableau|Table)$/)],
  carteecarts: ['/processus?process=retraite&ecarts=temps', ['usual'], 'owner', async (page) => page.waitForTimeout(1500)],
  cartediff: ['/processus?process=retraite&vs=1&vs_process=ij', ['usual']],
  comparer: ['/processus?process=retraite', ['usual'], 'owner', click(/^(Comparer|Compare)…$/)],
  variantes: ['/processus?process=retraite&tab=variantes', ['usual', 'huge', 'empty', 'error']],
  variantesgroupes: ['/processus?process=retraite&tab=variantes', ['usual'], 'owner', click(/^(Par groupes|In groups|By groups|Grouped)$/)],
  attentes: ['/processus?process=retraite&tab=attentes', ['usual', 'huge', 'empty', 'error', 'late']],
  attentesjours: ['/processus?process=ij&tab=attentes', ['usual']],
  retours: ['/processus?process=retraite&tab=retours', ['usual', 'huge']],
  passages: ['/processus?process=retraite&tab=passages', ['usual', 'huge']],
  passagesferme: ['/processus?process=retraite&tab=passages', ['usual'], 'owner', click(/^(Par personne|By person)$/)],
  conformite: ['/processus?process=retraite&tab=conformite', ['usual'], 'owner', async (page) => { await page.locator('input[name=model]').nth(1).check(); await page.getByRole('button', { name: /^(Rejeu rapide|Fast replay)$/ }).click(); await page.getByRole('button', { name: /^(Comparer|Compare)$/ }).click(); await page.waitForTimeout(1500); }],
  fluxvaleur: ['/processus?process=retraite&tab=flux', ['usual']],
  pertes: ['/processus?process=retraite&tab=pertes', ['usual', 'empty']],
  retards: ['/processus?process=retraite&tab=retards', ['usual', 'notarget'], 'owner', click(/^(Tout ce qui a été essayé|All that was tried)$/)],
  couts: ['/processus?process=retraite&tab=couts', ['usual'], 'owner', async (page) => { await page.locator('form input').nth(0).fill('38'); await page.locator('form input').nth(1).fill('9600'); await page.keyboard.press('Enter'); }],
  ou: ['/processus?process=retraite&tab=ou', ['usual', 'huge']],
  securite: ['/moi/securite', ['usual'], 'team_manager', click(/^(Ajouter un second|Add a second)/)]
};
const sizes = { w: [1440, 900], n: [390, 844] };
const only = process.argv[2] ? new RegExp(process.argv[2]) : /./;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [name, [path, states, role, act]] of Object.entries(screens)) {
  for (const state of states) {
    for (const [size, [width, height]] of Object.entries(sizes)) {
      for (const theme of ['light', 'dark']) {
        for (const lang of ['fr', 'en']) {
          const id = `${name}-${state}-${size}-${theme}-${lang}`;
          if (!only.test(id)) continue;
          const headers = { 'x-fixture': state, ...(role ? { 'x-role': role } : {}) };
          const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: lang, extraHTTPHeaders: headers, reducedMotion: 'reduce' });
          await context.addInitScript((l) => localStorage.setItem('eclusier.lang', l), lang);
          const page = await context.newPage();
          page.setDefaultTimeout(8_000);
          page.on('console', (m) => ['error', 'warning'].includes(m.type()) && !/Failed to load resource/.test(m.text()) && console.log(id, m.text()));
          page.on('pageerror', (e) => console.log(id, 'PAGEERROR', e.message));
          await page.goto(base + path);
          await page.waitForTimeout(900);
          try {
            await act?.(page, state);
          } catch (e) {
            console.log(id, 'could not be played:', e.message.split('\n')[0]);
          }
          if (act) await page.waitForTimeout(500);
          // A dialog belongs to what is on view; a page is shown whole.
          await page.screenshot({ path: `${out}/${id}.png`, fullPage: (await page.locator('[role=dialog], [role=alertdialog]').count()) === 0 });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (wide > 0) console.log(id, `scrolls sideways by ${wide} px`);
          await context.close();
        }
      }
    }
  }
}
await browser.close();
