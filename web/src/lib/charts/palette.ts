/** Colours of the present theme, read from the style sheet; black and white on paper. */
export interface Palette {
  card: string;
  line: string;
  ink: string;
  ink2: string;
  ink3: string;
  arrivals: string;
  outputs: string;
  stock: string;
  area: string;
  warn: string;
  band: string;
  strata: string[];
  font: string;
}

export function screenPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const v = (name: string) => style.getPropertyValue(name).trim();
  return {
    card: v('--card'),
    line: v('--line'),
    ink: v('--ink'),
    ink2: v('--ink-2'),
    ink3: v('--ink-3'),
    arrivals: v('--in'),
    outputs: v('--out'),
    stock: v('--stock'),
    area: v('--stock-area'),
    warn: v('--warn'),
    band: v('--grey-band'),
    strata: [0, 1, 2, 3, 4].map((i) => v(`--s${i}`)),
    font: v('--font')
  };
}

export function paperPalette(): Palette {
  return {
    card: '#fff',
    line: '#ccc',
    ink: '#000',
    ink2: '#222',
    ink3: '#333',
    arrivals: '#666',
    outputs: '#cfcfcf',
    stock: '#000',
    area: '#eaeaea',
    warn: '#000',
    band: '#e2e2e2',
    strata: ['#fff', '#d5d5d5', '#a5a5a5', '#6e6e6e', '#2b2b2b'],
    font: 'Inter Variable, sans-serif'
  };
}
