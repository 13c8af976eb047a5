import { i18n } from './i18n.svelte';
import { live } from './live.svelte';

/** Copies text and says so. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    live.say(i18n.t.copied);
  } catch {
    live.say(i18n.t.copyFailed);
  }
}

/** A table as tab-separated text, which spreadsheets paste into cells. */
export function tsv(rows: (string | number | null | undefined)[][]): string {
  return rows
    .map((r) => r.map((c) => String(c ?? '').replace(/[\t\r\n]+/g, ' ')).join('\t'))
    .join('\n');
}

/** Copies a picture, or downloads it where the browser refuses pictures in the clipboard. */
export async function copyImage(blob: Blob, name: string): Promise<void> {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    live.say(i18n.t.copied);
  } catch {
    save(blob, `${name}.png`);
  }
}

/** Hands a file to the person. */
export function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  const a = document.createElement('a');
  a.href = href;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws one figure as a small card, for minutes and slides. */
export async function figureImage(label: string, value: string, lines: string[]): Promise<Blob | null> {
  const scale = 2;
  const width = 420;
  const height = 104 + lines.length * 20;
  const canvas = document.createElement('canvas');
  canvas.width = width * scale;
  canvas.height = height * scale;
  const c = canvas.getContext('2d');
  if (!c) return null;
  c.scale(scale, scale);
  c.fillStyle = css('--card');
  c.fillRect(0, 0, width, height);
  c.strokeStyle = css('--line');
  c.strokeRect(0.5, 0.5, width - 1, height - 1);
  const font = css('--font');
  c.fillStyle = css('--ink-2');
  c.font = `600 14px ${font}`;
  c.fillText(label, 18, 30);
  c.fillStyle = css('--ink');
  c.font = `650 34px ${font}`;
  c.fillText(value, 18, 70);
  c.fillStyle = css('--ink-2');
  c.font = `400 13px ${font}`;
  lines.forEach((line, i) => c.fillText(line, 18, 96 + i * 20, width - 36));
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

/** Turns an SVG text into a PNG at twice its size. */
export function svgToPng(svg: string, width: number, height: number, background: string): Promise<Blob | null> {
  return new Promise((done) => {
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement('canvas');
      canvas.width = width * 2;
      canvas.height = height * 2;
      const c = canvas.getContext('2d');
      if (!c) return done(null);
      c.fillStyle = background;
      c.fillRect(0, 0, canvas.width, canvas.height);
      c.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, 'image/png');
    };
    image.onerror = () => done(null);
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });
}
