/**
 * A real body for the tests: the program itself on its demonstration data, then, through its
 * API only, an organisation, people, an account for each role, a gate, a published period
 * and a backup.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { components } from '../src/lib/api/schema';

type Schemas = components['schemas'];

export const PASSWORD = 'trois péniches attendent l’aube';

/**
 * One account for each role, and where it is held. Who imports, publishes or opens a gate holds the
 * role on everything: a part of the organisation opens no whole process.
 */
export const HOLDERS = [
  { login: 'nadia.orsel', name: 'Nadia Orsel', role: 'case_handler', node: 'retraite' },
  { login: 'camille.moreau', name: 'Camille Moreau', role: 'team_manager', node: 'retraite' },
  { login: 'hugo.lenormand', name: 'Hugo Lenormand', role: 'production_manager', node: null },
  { login: 'sabine.ferrier', name: 'Sabine Ferrier', role: 'internal_control', node: 'caisse' },
  { login: 'elise.garnier', name: 'Élise Garnier', role: 'director', node: null },
  { login: 'marion.tellier', name: 'Marion Tellier', role: 'facilitator', node: null },
  { login: 'yann.kermadec', name: 'Yann Kermadec', role: 'statistician', node: null },
  { login: 'ines.baudry', name: 'Inès Baudry', role: 'human_resources', node: 'caisse' },
  { login: 'paul.aubert', name: 'Paul Aubert', role: 'national_fund', node: 'caisse' },
  { login: 'remi.vasseur', name: 'Rémi Vasseur', role: 'administrator', node: null },
  { login: 'claire.dumas', name: 'Claire Dumas', role: 'dpo', node: null },
  { login: 'malik.haddad', name: 'Malik Haddad', role: 'staff_representative', node: null },
  { login: 'lou.perrin', name: 'Lou Perrin', role: null, node: null }
] as const;
export type Holder = (typeof HOLDERS)[number];
export const FIRST = { login: 'admin', name: 'Anne Delmas' };

/** Nodes of the demonstration that the tests speak of: kind and code. */
const NODES = {
  caisse: ['body', 'Caisse de Valbrune'],
  retraite: ['team', 'Retraite'],
  sante: ['team', 'Pôle santé'],
  complementaire: ['service', 'Complémentaire santé']
} as const;
export type NodeName = keyof typeof NODES;

/**
 * Names that the tests know: worn by people of the demonstration, as many as a team has on the day
 * the tests run. The first three of the first team and the first of the second one are asked for.
 */
const NAMES: Partial<Record<NodeName, [string, string][]>> = {
  retraite: [['Nadia', 'Orsel'], ['Bruno', 'Castaing'], ['Solène', 'Marchand'], ['Fatou', 'Ndiaye'], ['Gaël', 'Le Bihan']],
  sante: [['Iris', 'Vauquelin'], ['Tom', 'Rousselin']],
  complementaire: [['Karim', 'Belkacem'], ['Odile', 'Tessandier'], ['Jeanne', 'Abadie']]
};

export interface House {
  base: string;
  nodes: Record<NodeName, string>;
  /** People by family name. */
  people: Record<string, string>;
  /** What a wall screen presents. */
  wall: string;
  stop: () => void;
}

/** Somebody who asks the API: the cookie follows. */
export class Caller {
  cookie = '';
  constructor(readonly base: string) {}

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(this.cookie ? { cookie: this.cookie } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body)
    });
    const set = answer.headers.getSetCookie().map((c) => c.split(';')[0]!).filter((c) => !c.endsWith('='));
    if (set.length) this.cookie = set.join('; ');
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
  post = <T>(path: string, body: unknown) => this.ask<T>('POST', path, body);
  put = <T>(path: string, body: unknown) => this.ask<T>('PUT', path, body);
  signIn = (login: string, password = PASSWORD) => this.post<Schemas['SessionDto']>('/session', { login, password });
}

const iso = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Fills a served demonstration that has no account yet. */
async function fill(base: string): Promise<Omit<House, 'base' | 'stop'>> {
  const owner = new Caller(base);
  const known = (await owner.ask<Schemas['OrganisationDto']>('GET', '/organisation')).nodes;
  const nodes = {} as Record<NodeName, string>;
  for (const [name, [kind, code]] of Object.entries(NODES) as [NodeName, readonly [string, string]][]) {
    const node = known.find((n) => n.kind === kind && n.code === code);
    if (!node) throw new Error(`the demonstration has no ${kind} ${code}`);
    nodes[name] = node.id;
  }
  const everybody = (await owner.ask<Schemas['PeoplePageDto']>('GET', '/people')).people;
  const people: Record<string, string> = {};
  for (const [node, names] of Object.entries(NAMES) as [NodeName, [string, string][]][]) {
    const team = everybody.filter((p) => p.nodes.includes(nodes[node]));
    for (const [i, [given, family]] of names.slice(0, team.length).entries()) {
      const { id, version } = team[i]!;
      await owner.put(`/people/${id}`, { version, given, family, email: '' });
      people[family] = id;
    }
  }
  const fact = (family: string, kind: string, content: object, from: string, to: string) =>
    owner.post(`/people/${people[family]}/facts`, { kind, from, to, content });
  // Today, so that the lists have somebody away; why is for who may know.
  await fact('Castaing', 'absence', { from_noon: false, until_noon: false, cause: 'sickness' }, iso(-3), iso(12));
  await fact('Marchand', 'ramp_up', { start: 0.4 }, iso(-40), iso(60));
  const admin = new Caller(base);
  await admin.post('/setup', { login: FIRST.login, name: FIRST.name, password: PASSWORD, steers: false });
  if (!admin.cookie) await admin.signIn(FIRST.login);
  const accounts: Record<string, string> = { [FIRST.login]: (await admin.ask<Schemas['AccountDto'][]>('GET', '/accounts'))[0]!.id };
  for (const { login, name, role, node } of HOLDERS) {
    const person = people[name.split(' ').at(-1)!];
    const made = await admin.post<Schemas['NewAccountDto']>('/accounts', { login, name, person });
    accounts[login] = made.account.id;
    if (role) await admin.post('/grants', { account: made.account.id, role, node: node ? nodes[node] : null, from: iso(-30), reason: 'Prise de poste' });
    const one = new Caller(base);
    await one.signIn(login, made.password);
    await one.put('/me/password', { current: made.password, new: PASSWORD });
  }
  const token = await admin.post<{ secret: string }>('/tokens', { kind: 'wall', name: 'Écran du hall', node: nodes.caisse, days: 90 });
  const director = new Caller(base);
  await director.signIn('elise.garnier');
  await director.post('/gates', {
    purpose: 'Accompagner les débutants de l’équipe', node: nodes.retraite,
    dpia: iso(-60), council: iso(-40), information: iso(-20), to: iso(90)
  });
  const today = new Date();
  const month = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1, 1));
  const last = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 0));
  const day = (d: Date) => d.toISOString().slice(0, 10);
  await director.post('/publications', { process: 'retraite', from: day(month), to: day(last) });
  await director.post('/delegations', { account: accounts[FIRST.login], role: 'director', node: nodes.caisse, to: iso(10), reason: 'Congés' });
  // The manager looks at the weeks of a person, through the gate: the person is told.
  const manager = new Caller(base);
  await manager.signIn('camille.moreau');
  await manager.ask('GET', `/people/${people['Orsel']}/weeks`);
  await admin.post('/system/backups', {});
  return { nodes, people, wall: token.secret };
}

/**
 * Makes the demonstration with the program `bin`, serves it and fills it. The pages are those
 * of the program, or with `pages` those of the last build, before the program is built again.
 */
export async function house(bin: string, pages = process.env['WEB_PAGES']): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'eclusier-roles-'));
  const data = join(folder, 'data');
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  const made = spawnSync(bin, ['--data', data, 'demo', '--no-serve', '--size', 'team'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`demo failed: ${made.stderr}`);
  const env = { ...process.env, ECLUSIER_BACKUP__FOLDER: backups };
  const server = spawn(bin, ['--data', data, 'serve', '--bind', '127.0.0.1:0'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const own = await address(server);
  const front = pages ? await before(own) : null;
  const stop = () => {
    front?.closeAllConnections();
    front?.close();
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const filled = await fill(own);
    const base = front ? `http://127.0.0.1:${(front.address() as AddressInfo).port}` : own;
    return { ...filled, base, stop };
  } catch (e) {
    stop();
    throw e;
  }
}

/** Where the program says that it serves. */
const address = (server: ChildProcess): Promise<string> =>
  new Promise((done, fail) => {
    let said = '';
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\/\/[\d.:[\]]+/.exec(said)?.[0];
      if (found) done(found);
    });
    server.on('exit', (code) => fail(new Error(`serve ended with ${code}: ${said}`)));
  });

const TYPES: Record<string, string> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' };

/** The built pages, with the API of the program behind them. */
function before(program: string): Promise<Server> {
  const build = fileURLToPath(new URL('../build', import.meta.url));
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://x');
    if (url.pathname.startsWith('/api/')) {
      const on = request(program + (req.url ?? ''), { method: req.method, headers: req.headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      on.on('error', () => res.destroy());
      res.on('close', () => on.destroy());
      req.pipe(on);
      return;
    }
    let file = join(build, normalize(url.pathname));
    if (!file.startsWith(build) || !existsSync(file) || statSync(file).isDirectory()) file = join(build, 'index.html');
    res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(res);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}
