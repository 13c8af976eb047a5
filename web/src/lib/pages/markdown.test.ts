import { describe, expect, it } from 'vitest';
import { highestHeading, readMarkdown, safeHref, type Block, type Inline } from './markdown';

const words = (nodes: Inline[]): string =>
  nodes.map((n) => ('children' in n ? words(n.children) : 'text' in n ? n.text : '')).join('');

describe('a page of text', () => {
  it('has headings, lists, tables and links', () => {
    const page = readMarkdown('# Titre\n\nUn **mot** et [un lien](https://exemple.fr).\n\n1. un\n2. deux\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
    expect(page.map((b) => b.type)).toEqual(['heading', 'paragraph', 'list', 'table']);
    const list = page[2] as Extract<Block, { type: 'list' }>;
    expect([list.ordered, list.items.length]).toEqual([true, 2]);
    const paragraph = page[1] as Extract<Block, { type: 'paragraph' }>;
    expect(paragraph.children.map((c) => c.type)).toEqual(['text', 'strong', 'text', 'link', 'text']);
  });
  it('shows raw HTML as the text it is', () => {
    const page = readMarkdown('<script>alert(1)</script>\n\nAvant <img src=x onerror=alert(1)> après');
    expect(page.every((b) => b.type === 'paragraph')).toBe(true);
    expect(page.map((b) => words((b as Extract<Block, { type: 'paragraph' }>).children))).toEqual(['<script>alert(1)</script>', 'Avant <img src=x onerror=alert(1)> après']);
  });
  it.each(['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:x', 'data:text/html,x', '//ailleurs.example', '/\\ailleurs', 'vbscript:x', 'ftp://x'])(
    'leads nowhere by %s',
    (href) => {
      expect(safeHref(href)).toBeNull();
      const page = readMarkdown(`[x](<${href}>)`);
      expect(JSON.stringify(page)).not.toContain('"type":"link"');
    }
  );
  it.each(['https://exemple.fr', 'mailto:a@exemple.fr', '/notices', '#ancre'])('leads to %s', (href) => expect(safeHref(href)).toBe(href));
  it('knows its highest heading', () => {
    expect(highestHeading(readMarkdown('## b\n\n# a'))).toBe(1);
    expect(highestHeading(readMarkdown('### c'))).toBe(3);
    expect(highestHeading(readMarkdown('sans titre'))).toBe(1);
  });
  it('reads apostrophes and ampersands as written', () => {
    const page = readMarkdown("L'accès & l’écran");
    expect(words((page[0] as Extract<Block, { type: 'paragraph' }>).children)).toBe("L'accès & l’écran");
  });
});
