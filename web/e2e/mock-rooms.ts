/** The invented program's answers in the rooms of a process: figures, models kept, the workshop and its conflicts. */
import type { Ask } from './mock-people';
import * as fx from './fixtures';
import * as rx from './rooms';
import type { Model, Workshop, WorkshopBody } from '../src/lib/processus/types-rooms';

export function roomsMock() {
  /** What each browser wrote (its cookie `play`), so that tests do not meet. */
  const workshops = new Map<string, Workshop>();
  const models = new Map<string, Model[]>();
  let next = 20;

  return async ({ req, res, path, q, state, read, send }: Ask): Promise<boolean> => {
    const play = /(?:^|; )play=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
    if (path === '/api/suitability') {
      send(rx.suitability(state === 'empty' ? [] : (fx.status(state).processes ?? []).map((p) => ({ id: p.id, label: p.label }))));
      return true;
    }
    const hit = /^\/api\/processes\/([^/]+)\/(waits|rework|handovers|unit-times|costs|losses|lateness|discover|models|conformance|value-stream|pages\/value-stream\.(?:pdf|svg)|workshop)(?:\/(\d+))?$/.exec(path);
    if (!hit) return false;
    const process = decodeURIComponent(hit[1]!);
    const what = hit[2]!;
    const key = `${play}/${process}`;
    const list = models.get(key) ?? (state === 'empty' ? [] : rx.modelList());
    switch (what) {
      case 'waits':
        send(rx.waits(process, state));
        break;
      case 'rework':
        send(rx.rework(process, state));
        break;
      case 'handovers':
        if (q.get('by') === 'resource' && String(req.headers['x-role'] ?? '') !== 'director') {
          send({ ...fx.problem(), type: 'urn:eclusier:problem:forbidden', status: 403 }, 403);
        } else send(rx.handovers(process, q.get('by') ?? 'unit', state));
        break;
      case 'unit-times':
        send(rx.unitTimes(process, state));
        break;
      case 'costs':
        send(rx.costs(Number(q.get('cents_per_hour')), q.has('paid_hours') ? Number(q.get('paid_hours')) : null));
        break;
      case 'losses':
        send(rx.losses(process, state));
        break;
      case 'lateness':
        send(rx.lateness(process, state));
        break;
      case 'discover':
        send(rx.discovery(Number(q.get('noise'))));
        break;
      case 'models':
        if (req.method === 'POST') {
          const body = JSON.parse(await read()) as { name: string; bpmn: string };
          if (!body.bpmn.includes('definitions')) {
            send({ ...fx.problem(), status: 422, text: { fr: 'Ce fichier n’est pas un BPMN 2.0.', en: 'This file is not a BPMN 2.0 document.' } }, 422);
            break;
          }
          const made = { id: next++, name: body.name, at: fx.NOW, by: 'Hugo Lantier', sha256: 'c'.repeat(64), bpmn: body.bpmn, findings: [] };
          models.set(key, [...list, made]);
          send({ ...made, bpmn: null });
        } else if (req.method === 'DELETE') {
          models.set(key, list.filter((m) => m.id !== Number(hit[3])));
          res.writeHead(204);
          res.end();
        } else if (hit[3]) {
          const m = list.find((x) => x.id === Number(hit[3]));
          if (m) send({ ...m, bpmn: m.bpmn ?? rx.bpmn(false) });
          else send({ ...fx.problem(), status: 404 }, 404);
        } else send(list.map((m) => ({ ...m, bpmn: null })));
        break;
      case 'conformance':
        // Long enough to be stopped.
        await new Promise((done) => setTimeout(done, q.get('method') === 'alignments' ? 2_500 : 200));
        send(rx.conformance(q.get('method') ?? 'alignments'));
        break;
      case 'value-stream':
        send(rx.stream(process, (q.get('steps') ?? '').split(',').filter(Boolean).map(decodeURIComponent), state));
        break;
      case 'workshop': {
        const now = workshops.get(key) ?? rx.workshop(state);
        if (req.method !== 'PUT') {
          send(now);
          break;
        }
        const body = JSON.parse(await read()) as { content: WorkshopBody; version: number };
        if (body.version !== now.version) {
          send({ ...fx.problem(), type: 'urn:eclusier:problem:stale', status: 409 }, 409);
          break;
        }
        const saved = { content: body.content, version: now.version + 1, at: fx.NOW, by: 'Hugo Lantier' };
        workshops.set(key, saved);
        send(saved);
        break;
      }
      default:
        res.writeHead(200, { 'content-type': what.endsWith('svg') ? 'image/svg+xml' : 'application/pdf' });
        res.end('x');
    }
    return true;
  };
}
