/** The BPMN viewer, loaded only when a diagram comes on view. */
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

interface Canvas {
  zoom(level: number | 'fit-viewport', centre?: 'auto'): number;
  zoom(): number;
  scroll(by: { dx: number; dy: number }): void;
  addMarker(id: string, name: string): void;
  removeMarker(id: string, name: string): void;
  resized(): void;
}
interface Shape {
  id: string;
  type: string;
  businessObject?: { name?: string };
}
interface Registry {
  filter(keep: (e: Shape) => boolean): Shape[];
}
interface Overlays {
  add(id: string, overlay: { position: Record<string, number>; html: HTMLElement; scale?: object }): string;
  clear(): void;
}

export interface Paint {
  name: string;
  /** Words of the badge, and what kind of gap they tell. */
  words: string;
  kind: 'fits' | 'skipped' | 'unforeseen' | 'both';
}

export interface Diagram {
  /** Shows a document; rejects one that cannot be drawn. */
  show(xml: string): Promise<void>;
  /** Names of the activities drawn. */
  names(): string[];
  paint(list: readonly Paint[]): void;
  fit(): void;
  zoom(by: number): void;
  scroll(dx: number, dy: number): void;
  svg(): Promise<string>;
  destroy(): void;
}

const MARKS = ['dev-fits', 'dev-skipped', 'dev-unforeseen', 'dev-both'];

export function open(node: HTMLElement, label: string): Diagram {
  const css = getComputedStyle(document.documentElement);
  const v = (name: string) => css.getPropertyValue(name).trim();
  const viewer = new NavigatedViewer({
    container: node,
    bpmnRenderer: { defaultFillColor: v('--card'), defaultStrokeColor: v('--ink-2'), defaultLabelColor: v('--ink') },
    textRenderer: { defaultStyle: { fontFamily: v('--font'), fontSize: 12 }, externalStyle: { fontFamily: v('--font'), fontSize: 12 } },
    // The wheel goes on scrolling the page; buttons and keys move the diagram.
    zoomScroll: { enabled: false }
  });
  const canvas = viewer.get<Canvas>('canvas');
  const activities = () =>
    viewer.get<Registry>('elementRegistry').filter((e) => /:(\w*Task|CallActivity|SubProcess)$/.test(e.type) && !!e.businessObject?.name);
  const svg = node.querySelector('svg');
  // The box around it holds the focus, the name and the keys.
  svg?.setAttribute('tabindex', '-1');
  svg?.setAttribute('role', 'img');
  svg?.setAttribute('aria-label', label);
  let loaded = false;
  const fit = () => {
    // A box without a size has nothing to fit into.
    if (!loaded || node.clientWidth < 20 || node.clientHeight < 20) return;
    canvas.resized();
    canvas.zoom('fit-viewport', 'auto');
    // A small model is not blown up beyond its size, a large one keeps a margin.
    canvas.zoom(Math.min(1, canvas.zoom() * 0.96), 'auto');
  };
  return {
    async show(xml) {
      loaded = false;
      await viewer.importXML(xml);
      loaded = true;
      fit();
    },
    names: () => [...new Set(activities().map((e) => e.businessObject?.name ?? ''))],
    paint(list) {
      const overlays = viewer.get<Overlays>('overlays');
      overlays.clear();
      const by = new Map(list.map((p) => [p.name, p]));
      for (const e of activities()) {
        for (const m of MARKS) canvas.removeMarker(e.id, m);
        const p = by.get(e.businessObject?.name ?? '');
        if (!p) continue;
        canvas.addMarker(e.id, `dev-${p.kind}`);
        if (!p.words) continue;
        const html = document.createElement('div');
        html.className = `dev-badge dev-badge-${p.kind}`;
        html.textContent = p.words;
        overlays.add(e.id, { position: { bottom: 6, left: 4 }, html, scale: { min: 0.85 } });
      }
    },
    fit,
    zoom: (by) => void canvas.zoom(canvas.zoom() * by, 'auto'),
    scroll: (dx, dy) => canvas.scroll({ dx, dy }),
    svg: async () => (await viewer.saveSVG()).svg,
    destroy: () => viewer.destroy()
  };
}
