/**
 * A stand-in for the program: the built pages and the invented answers of
 * `fixtures.ts`. The state is chosen by the header `x-fixture` or the cookie `fixture`.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import * as fx from './fixtures';
import { foresight } from './foresight';
import { peopleMock } from './mock-people';
import { roomsMock } from './mock-rooms';
import { mining } from './processus';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json'
};
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

function stateOf(req: IncomingMessage): fx.State {
  const cookie = /(?:^|; )fixture=(\w+)/.exec(req.headers.cookie ?? '')?.[1];
  const wanted = String(req.headers['x-fixture'] ?? cookie ?? process.env['FIXTURE'] ?? 'usual');
  return fx.STATES.find((s) => s === wanted) ?? 'usual';
}

function read(req: IncomingMessage): Promise<string> {
  return new Promise((done) => {
    let text = '';
    req.on('data', (c: Buffer) => (text += c.toString('latin1')));
    req.on('end', () => done(Buffer.from(text, 'latin1').toString('utf8')));
  });
}

export function start(build: string, port = 0): Promise<{ server: Server; url: string }> {
  const jobs = new Map<string, { done: number; dry: boolean; cancelled: boolean }>();
  let next = 1;
  const people = peopleMock();
  const rooms = roomsMock();

  const api = async (req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> => {
    const state = stateOf(req);
    const send = (body: unknown, status = 200, headers: Record<string, string> = {}) => {
      res.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers });
      res.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const path = url.pathname.replace('/api/v1/', '/api/');
    const q = url.searchParams;
    const m = (re: RegExp) => re.exec(path);
    const sse = () => void res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let hit: RegExpExecArray | null;
    if (path === '/api/events') {
      sse();
      res.write(': hello\n\n');
      return;
    }
    if (state === 'late' && !/^\/api\/(session|status|pages)/.test(path)) await new Promise((done) => setTimeout(done, 3_000));
    const startJob = () => {
      const id = String(next++);
      jobs.set(id, { done: 0, dry: false, cancelled: false });
      return fx.job(id, 'queued', 0, false);
    };
    if (await people({ req, res, path, q, state, read: () => read(req), send, startJob })) return;
    if (path === '/api/status') return send(fx.status(state));
    if (state === 'error') return send(fx.problem(), 503);
    if (await rooms({ req, res, path, q, state, read: () => read(req), send, startJob })) return;
    if (path === '/api/cockpit') return send(fx.cockpit(state));
    if (path === '/api/flow') return send(fx.flow(state, q.get('grain') ?? 'week', q.get('group_by'), q.get('process')));
    if (path === '/api/foresight') return send(foresight(state, q));
    const mined = mining(path, state, q);
    if (mined !== undefined) return send(mined);
    if (path === '/api/cases') return send(fx.cases(state, q));
    if (path === '/api/imports') return send(fx.imports(state));
    if (path === '/api/mappings') return send([]);
    if (path === '/api/control-totals') {
      if (req.method === 'PUT') await read(req);
      return send(fx.controlTotals(state));
    }
    // One day is what the typing of counts asks for; longer, the grouped ledger of the flow.
    if (path === '/api/ledger')
      return send(
        q.get('from') && q.get('from') === q.get('to')
          ? fx.known(state, q.get('from') ?? '')
          : fx.flow(state, q.get('grain') ?? 'week', q.get('group_by'), q.get('process')).ledger
      );
    if (path === '/api/counts') {
      await read(req);
      return send(fx.imports('usual')[2]);
    }
    if (path === '/api/uploads') {
      const text = await read(req);
      return send(fx.preview(/Entr|Stock/.test(text.slice(0, 200)) || /comptage/.test(q.get('name') ?? '') ? 'counts' : 'events'));
    }
    if (m(/^\/api\/uploads\/[^/]+\/inspect$/)) {
      const body = JSON.parse(await read(req)) as { kind?: string };
      return send(fx.preview(body.kind ?? 'events'));
    }
    if (m(/^\/api\/uploads\/[^/]+\/import$/)) {
      const body = JSON.parse(await read(req)) as { dry_run?: boolean };
      const id = String(next++);
      jobs.set(id, { done: 0, dry: body.dry_run === true, cancelled: false });
      return send(fx.job(id, 'queued', 0, body.dry_run === true));
    }
    if ((hit = m(/^\/api\/jobs\/([^/]+)\/cancel$/))) {
      const j = jobs.get(hit[1]!);
      if (j) j.cancelled = true;
      return send(fx.job(hit[1]!, 'cancelled', 0, false));
    }
    if ((hit = m(/^\/api\/jobs\/([^/]+)$/))) {
      const id = hit[1]!;
      const j = jobs.get(id);
      if (!j) return send({ ...fx.problem(), status: 404 }, 404);
      j.done += 110_000;
      const status = j.cancelled ? 'cancelled' : j.done >= 262_213 ? 'done' : 'running';
      return send(fx.job(id, status, Math.min(j.done, 262_213), j.dry));
    }
    if (m(/^\/api\/imports\/\d+\/undo$/)) {
      const id = String(next++);
      jobs.set(id, { done: 200_000, dry: false, cancelled: false });
      return send(fx.job(id, 'queued', 0, false));
    }
    if ((hit = m(/^\/api\/processes\/([^/]+)\/config\/preview$/))) {
      return send(fx.configPreview(hit[1]!, (await read(req)).includes('Europe/Pari"')));
    }
    if (m(/^\/api\/processes\/[^/]+\/config\/sheet$/)) return send(fx.configSheet((await read(req)).includes('quinze')));
    if ((hit = m(/^\/api\/processes\/([^/]+)\/config$/))) {
      const saved = req.method === 'PUT' ? (JSON.parse(await read(req)) as { from?: string; rules?: object }) : undefined;
      return send(fx.config(decodeURIComponent(hit[1]!), state !== 'notarget', saved));
    }
    if (/^\/api\/(exports|templates)\//.test(path) || /\/(quarantine|config\/files\/[^/]+)$/.test(path)) {
      res.writeHead(200, { 'content-type': 'application/octet-stream' });
      res.end('x');
      return;
    }
    send({ ...fx.problem(), status: 404, title: 'Introuvable' }, 404);
  };

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://x');
    if (url.pathname.startsWith('/api/')) {
      void api(req, res, url);
      return;
    }
    let file = join(build, normalize(url.pathname));
    if (!file.startsWith(build) || !existsSync(file) || statSync(file).isDirectory()) file = join(build, 'index.html');
    res.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP });
    createReadStream(file).pipe(res);
  });
  return new Promise((done) =>
    server.listen(port, '127.0.0.1', () => {
      const a = server.address();
      done({ server, url: `http://127.0.0.1:${typeof a === 'object' && a ? a.port : port}` });
    })
  );
}
