/** The drawing as a file of its own: what style sheets say is written on the elements. */
import { save, svgToPng } from '$lib/copy';
import type { Placed } from './layout';

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-size', 'font-weight', 'font-family', 'text-anchor', 'display'];

/** The whole drawing, at its own size, whatever part of it is in the frame. */
export function drawingText(svg: SVGSVGElement, placed: Placed): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = svg.querySelectorAll<SVGElement>('*');
  const hits: SVGElement[] = [];
  copy.querySelectorAll<SVGElement>('*').forEach((el, i) => {
    const original = from[i];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      if (value) el.style.setProperty(name, value);
    }
    if (el.classList.contains('hit')) hits.push(el);
    for (const a of ['class', 'tabindex', 'role', 'aria-pressed', 'aria-label']) el.removeAttribute(a);
  });
  for (const el of hits) el.remove();
  const { width, height } = placed;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`);
  copy.setAttribute('width', String(Math.ceil(width)));
  copy.setAttribute('height', String(Math.ceil(height)));
  copy.querySelector(':scope > g')?.removeAttribute('transform');
  return new XMLSerializer().serializeToString(copy);
}

export async function saveDrawing(svg: SVGSVGElement | undefined, placed: Placed | null, as: 'svg' | 'png'): Promise<void> {
  if (!svg || !placed) return;
  const text = drawingText(svg, placed);
  if (as === 'svg') {
    save(new Blob([text], { type: 'image/svg+xml' }), 'carte.svg');
    return;
  }
  const background = getComputedStyle(document.documentElement).getPropertyValue('--card').trim();
  const blob = await svgToPng(text, Math.ceil(placed.width), Math.ceil(placed.height), background);
  if (blob) save(blob, 'carte.png');
}
