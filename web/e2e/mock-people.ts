/** The invented program's answers on people, rights and proof: sessions, conflicts, jobs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { State } from './fixtures';
import * as fx from './fixtures';
import * as px from './people';

interface Sid {
  who: string;
  /** Login that awaits its code. */
  second: boolean;
  mustChange: boolean;
  expires: number;
  ends: number;
}

/** Password of every invented account. */
export const PASSWORD = 'quatre mots bien longs';

export interface Ask {
  req: IncomingMessage;
  res: ServerResponse;
  path: string;
  q: URLSearchParams;
  state: State;
  read: () => Promise<string>;
  send: (body: unknown, status?: number, headers?: Record<string, string>) => void;
  startJob: (kind: string) => unknown;
}

/** Permissions that open a family of addresses, as the program's router does. */
const GUARDS: [RegExp, ...string[]][] = [
  [/^\/api\/(cockpit|flow|ledger|foresight)$/, 'figures.read'],
  [/^\/api\/processes\/[^/]+\/(map|variants|cases)/, 'log.read'],
  [/^\/api\/cases$/, 'cases.read'],
  [/^\/api\/audit/, 'audit.read'],
  [/^\/api\/system/, 'system.read'],
  [/^\/api\/accounts$/, 'accounts.read', 'rights.read'],
  [/^\/api\/(accounts|tokens)/, 'accounts.read'],
  [/^\/api\/grants/, 'rights.write'],
  [/^\/api\/gates/, 'gates.read'],
  [/^\/api\/organisation/, 'organisation.read'],
  [/^\/api\/people/, 'people.read'],
  [/^\/api\/(rights|notices)$/, 'method.read']
];

export function peopleMock() {
  const sessions = new Map<string, Sid>();
  let nextSid = 1;
  let failures = 0;
  /** Versions as each browser moved them (its cookie `play`), so that conflicts can be played. */
  const played = new Map<string, Map<string, number>>();
  const playOf = (req: IncomingMessage) => /(?:^|; )play=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
  const pageVersion = 2;
  /** The last gate opened, for the test to read what was sent. */
  let lastGate: unknown = null;

  const sidOf = (req: IncomingMessage) => /(?:^|; )sid=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
  const whoOf = (req: IncomingMessage): string => {
    const s = sessions.get(sidOf(req));
    if (s) return s.second || Date.now() >= Math.min(s.expires, s.ends) ? 'out' : s.who;
    const cookie = /(?:^|; )role=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
    return String(req.headers['x-role'] ?? cookie ?? process.env['ROLE'] ?? 'owner');
  };
  const told = (req: IncomingMessage) => {
    const s = sessions.get(sidOf(req));
    const who = whoOf(req);
    if (s?.second) return { ...px.OUT, state: 'second_factor', login: '', providers: [] };
    const base = px.session(who);
    if (!s || who === 'out') return base;
    return {
      ...base,
      must_change: s.mustChange,
      expires_at: new Date(s.expires).toISOString(),
      ends_at: new Date(s.ends).toISOString()
    };
  };
  const IDLE = 30 * 60_000;
  const open = (who: string, second: boolean, mustChange: boolean) => {
    const sid = `s${nextSid++}x${Math.random().toString(36).slice(2)}`;
    sessions.set(sid, { who, second, mustChange, expires: Date.now() + IDLE, ends: Date.now() + 10 * 3_600_000 });
    return { 'set-cookie': `sid=${sid}; Path=/; HttpOnly; SameSite=Lax` };
  };
  const refuse = () => px.problem('credentials', 401, 'Identifiant ou mot de passe inexact.', 'Wrong login or password.');

  /** Answers, or leaves the address to the others. */
  return async ({ req, path, q, state, read, send, startJob }: Ask): Promise<boolean> => {
    const who = whoOf(req);
    const method = req.method ?? 'GET';
    const hit = (re: RegExp) => re.exec(path);
    let m: RegExpExecArray | null;
    const versions = played.get(playOf(req)) ?? new Map<string, number>();
    const json = async <T>() => JSON.parse((await read()) || '{}') as T;

    // What the tests move by hand: the end of a session, the version of a record.
    if (path === '/api/test/session') {
      const s = sessions.get(sidOf(req));
      if (s && q.get('expires')) s.expires = Date.now() + Number(q.get('expires'));
      if (s && q.get('ends')) s.ends = Date.now() + Number(q.get('ends'));
      send({});
      return true;
    }
    if (path === '/api/test/gate') return send(lastGate), true;
    if (path === '/api/test/version') {
      const play = playOf(req) || `p${nextSid++}`;
      played.set(play, new Map([...(played.get(play) ?? []), [q.get('id') ?? '', Number(q.get('version'))]]));
      send({}, 200, { 'set-cookie': `play=${play}; Path=/` });
      return true;
    }

    if (path === '/api/session') {
      if (method === 'GET') send(told(req));
      else if (method === 'DELETE') {
        sessions.delete(sidOf(req));
        send(undefined, 204, { 'set-cookie': 'sid=; Path=/; Max-Age=0' });
      } else {
        const body = await json<{ login: string; password: string }>();
        if (body.login === 'bloque') {
          send(px.problem('locked', 429, 'Trop d’essais.', 'Too many attempts.'), 429, { 'retry-after': '90' });
        } else if (body.password !== PASSWORD) {
          failures += 1;
          send(refuse(), 401);
        } else {
          const role = px.ROLE_NAMES.find((r) => r === body.login || px.session(r).login === body.login) ?? 'production_manager';
          const second = body.login === 'double';
          const cookie = open(role, second, body.login === 'nouveau');
          req.headers.cookie = cookie['set-cookie'].split(';')[0]!;
          send(told(req), 200, cookie);
        }
      }
      return true;
    }
    if (path === '/api/session/second') {
      const { code } = await json<{ code: string }>();
      const s = sessions.get(sidOf(req));
      if (!s || code !== '123456') send(px.problem('code', 401, 'Ce code n’est pas le bon.', 'That code is wrong.'), 401);
      else {
        s.second = false;
        send(told(req));
      }
      return true;
    }
    if (path === '/api/oidc/end') return send({}), true;
    if (path === '/api/session/extend') {
      const s = sessions.get(sidOf(req));
      if (who === 'out') send(px.problem('unauthenticated', 401, 'Connectez-vous.', 'Sign in.'), 401);
      else {
        if (s) s.expires = Date.now() + IDLE;
        send(told(req));
      }
      return true;
    }
    if (path === '/api/setup') {
      const cookie = open('administrator', false, false);
      req.headers.cookie = cookie['set-cookie'].split(';')[0]!;
      send(told(req), 200, cookie);
      return true;
    }
    if (path === '/api/pages/accessibility' && method === 'GET') {
      send(px.page(who, pageVersion));
      return true;
    }
    if (path === '/api/wall') {
      const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
      if (token === 'jeton-retire') send(px.problem('unauthenticated', 401, 'Ce jeton ne vaut plus.', 'This token no longer holds.'), 401);
      else if (who === 'out' && !token) send(px.problem('unauthenticated', 401, 'Connectez-vous.', 'Sign in.'), 401);
      else if (state === 'error') send(fx.problem(), 503);
      else send(fx.cockpit(state));
      return true;
    }
    if (who === 'out' || who === 'setup') {
      send(px.problem('unauthenticated', 401, 'Connectez-vous.', 'Sign in.'), 401);
      return true;
    }
    const may = px.session(who).permissions;
    const needed = GUARDS.find(([re]) => re.test(path))?.slice(1) as string[] | undefined;
    if (needed && !needed.some((p) => may.includes(p))) {
      send(px.problem('forbidden', 403, 'Vos rôles ne le permettent pas.', 'Your roles do not allow it.', needed[0]), 403);
      return true;
    }
    if (path === '/api/me/password') {
      const body = await json<{ current: string }>();
      const s = sessions.get(sidOf(req));
      if (body.current !== PASSWORD) send(px.problem('credentials', 401, 'Le mot de passe actuel est inexact.', 'The present password is wrong.', 'current'), 401);
      else {
        if (s) s.mustChange = false;
        send(undefined, 204);
      }
      return true;
    }
    if (state === 'error' && /^\/api\/(me|accounts|tokens|rights|delegations|gates|retention|audit|system|organisation|people|publications|notices)/.test(path)) {
      send(fx.problem(), 503);
      return true;
    }
    if (path === '/api/me') return send(px.me(state, who)), true;
    if (path === '/api/me/sessions') return send(undefined, 204), true;
    if (path === '/api/me/second-factor') {
      if (method === 'POST') send(px.secondFactor());
      else {
        const { code } = await json<{ code: string }>();
        if (code !== '123456') send(px.problem('code', 401, 'Ce code n’est pas le bon.', 'That code is wrong.', 'code'), 401);
        else if (method === 'DELETE') send(undefined, 204);
        else send({ codes: Array.from({ length: 10 }, (_, i) => `${(i * 7919 + 10007).toString(36)}-${(i * 104729 + 50021).toString(36)}`) });
      }
      return true;
    }

    if (path === '/api/accounts') {
      if (method === 'GET') send(px.accounts(state));
      else {
        const body = await json<{ login: string; name: string }>();
        send({ account: { ...px.accounts('usual')[0], id: 'new', login: body.login, name: body.name, grants: [], seen_at: null }, password: 'marée-lente-quai-47-osier' });
      }
      return true;
    }
    if ((m = hit(/^\/api\/accounts\/(\w+)\/password$/))) return send({ account: px.accounts(state).find((a) => a.id === m![1]), password: 'berge-claire-amont-62-joncs' }), true;
    if ((m = hit(/^\/api\/accounts\/(\w+)$/))) {
      const body = await json<{ name?: string; status?: string }>();
      const a = px.accounts(state).find((x) => x.id === m![1])!;
      return send({ ...a, ...body, version: a.version + 1 }), true;
    }
    if (path === '/api/tokens') {
      if (method === 'GET') send(px.tokens(state));
      else {
        const body = await json<{ kind: string; name: string; permissions?: string[]; node?: string }>();
        send({ token: { ...px.tokens('usual')[0]!, ...body, id: 'new' }, secret: `ecl_${body.kind}_4fQ9sVb2Lk7TzX0pRmN3yWc8HdJ6aGu1` });
      }
      return true;
    }
    if (hit(/^\/api\/tokens\/\w+$/)) return send(undefined, 204), true;
    if (path === '/api/rights') return send(px.rights()), true;
    if (path === '/api/grants' || path === '/api/delegations') {
      if (method === 'GET') send(state === 'empty' ? [] : px.accounts('usual').flatMap((a) => a.grants).filter((g) => g.delegated_by));
      else send({ id: 'new', node_label: '', processes: null, node: null, from: px.TODAY, to: null, delegated_by: null, reason: '', active: true, version: 1, ...(await json<object>()) });
      return true;
    }
    if (hit(/^\/api\/grants\/\w+$/)) return send({ ...px.accounts('usual')[0]!.grants[0], ...(await json<object>()) }), true;
    if (path === '/api/gates') {
      if (method === 'GET') send(px.gates(state));
      else {
        const body = await json<{ from?: string; to: string; dpia: string; council: string; information: string; purpose: string; node?: string }>();
        lastGate = body;
        if (body.to > `${Number(px.TODAY.slice(0, 4)) + 1}${px.TODAY.slice(4)}`) send(px.problem('invalid', 422, 'Une ouverture dure un an au plus.', 'A gate lasts a year at most.', 'to'), 422);
        else send({ ...px.gates('usual')[0]!, ...body, id: 'new' });
      }
      return true;
    }
    if (hit(/^\/api\/gates\/\w+\/closing$/)) return send({ ...px.gates('usual')[1]!, ...(await json<object>()) }), true;
    if (path === '/api/retention') return send(px.retention(state)), true;
    if (path === '/api/retention/purge') return send(px.retention(state, true)), true;
    if (path === '/api/audit') return send(px.audit(state, q)), true;
    if (path === '/api/audit/verdict') return send(px.verdict(state)), true;
    if (path === '/api/publications' && method === 'GET') return send(px.publications(state)), true;
    if (path === '/api/publications/replay') return send(px.replay(q.get('process') ?? '')), true;
    if (hit(/^\/api\/publications/)) {
      const body = await json<{ process: string; from: string; to: string; reason?: string }>();
      return send({ ...px.publications('usual')[0]!, process: body.process, period: { from: body.from, to: body.to }, reason: body.reason || null, rank: path.endsWith('restatements') ? 2 : 1, at: fx.NOW }), true;
    }
    if (path === '/api/system') return send(px.system(state)), true;
    if (path === '/api/system/backups' || path === '/api/system/rehearsals') return send(startJob(path.endsWith('backups') ? 'backup' : 'rehearsal')), true;

    // Whoever saved meanwhile also changed the name.
    const tree = () => {
      const o = px.organisation(state, who, q.get('day') ?? undefined);
      return { ...o, nodes: o.nodes.map((n) => (versions.has(n.id) ? { ...n, version: versions.get(n.id)!, label: `${n.label} et réversion` } : n)) };
    };
    if (path === '/api/organisation') return send(tree()), true;
    if (path === '/api/organisation/imports') {
      await read();
      return send(px.staffImport(q.get('dry_run') === 'true')), true;
    }
    if ((m = hit(/^\/api\/organisation\/nodes(?:\/(\w+))?$/))) {
      const body = await json<{ version?: number; label: string; code: string; kind: string; parent?: string }>();
      const now = tree().nodes.find((n) => n.id === m![1]);
      const version = now?.version ?? 0;
      if (now && body.version !== version) send(px.problem('stale', 409, 'Cette unité a été modifiée entre-temps.', 'This unit was changed meanwhile.'), 409);
      else send({ ...(now ?? { id: 'new', members: 0, fte: 0, present: 0, editable: true, places: [], parent: body.parent }), label: body.label, code: body.code, kind: now?.kind ?? body.kind, version: version + 1 });
      return true;
    }
    if (path === '/api/people') {
      if (method === 'GET') send(px.people(state, q));
      else send(px.person('p9', who));
      return true;
    }
    if ((m = hit(/^\/api\/people\/(\w+)\/weeks$/))) return send(px.weeks('Accompagner la montée en compétence')), true;
    if ((m = hit(/^\/api\/people\/(\w+)(?:\/facts(?:\/(\d+))?)?$/))) {
      const id = m[1]!;
      const version = versions.get(id) ?? 3;
      const now = px.person(id, who, version);
      if (version > 3) now.person.family = `${now.person.family}-Vasseur`;
      if (method === 'GET') send(now);
      else if (path.includes('/facts')) {
        const body = await json<{ version?: number; kind: string; from: string; to?: string; content: Record<string, unknown> }>();
        if (method === 'POST') now.facts.push({ id: 99, source: 'screen', ...body, version: 1 });
        else if (method === 'DELETE') now.facts = now.facts.filter((x) => String(x.id) !== m![2]);
        else now.facts = now.facts.map((x) => (String(x.id) === m![2] ? { ...x, ...body, version: x.version + 1 } : x));
        send(now);
      } else {
        const body = await json<{ version?: number; given: string; family: string }>();
        if (body.version !== version) send(px.problem('stale', 409, 'Cette fiche a été modifiée entre-temps.', 'This record was changed meanwhile.'), 409);
        else send({ ...now, person: { ...now.person, given: body.given, family: body.family, version: version + 1 } });
      }
      return true;
    }
    if (path === '/api/notices') return send(px.notices()), true;
    if (path === '/api/pages/accessibility') {
      const body = await json<{ version: number; text: string; conformity?: string }>();
      if (body.version !== pageVersion) send(px.problem('stale', 409, 'Cette page a été modifiée entre-temps.', 'This page was changed meanwhile.'), 409);
      else send({ ...px.page(who, pageVersion + 1), text: body.text, conformity: body.conformity ?? 'partial' });
      return true;
    }
    return false;
  };
}
