/**
 * Markdown as a tree of plain values, drawn by components: no HTML is ever built
 * from a text, so nothing written in a page can run. Raw HTML stays visible as text.
 */
import { marked, type Token, type Tokens } from 'marked';

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'strong'; children: Inline[] }
  | { type: 'em'; children: Inline[] }
  | { type: 'del'; children: Inline[] }
  | { type: 'code'; text: string }
  | { type: 'break' }
  | { type: 'link'; href: string; children: Inline[] };

export type Block =
  | { type: 'heading'; level: number; children: Inline[] }
  | { type: 'paragraph'; children: Inline[] }
  | { type: 'list'; ordered: boolean; start: number; items: Block[][] }
  | { type: 'quote'; children: Block[] }
  | { type: 'code'; text: string }
  | { type: 'rule' }
  | { type: 'table'; head: Inline[][]; rows: Inline[][][] };

/** Where a link of a page may lead: the web, a letter, a place of this site. */
export function safeHref(href: string): string | null {
  const plain = href.trim();
  if (/^(https?:\/\/|mailto:|tel:)/i.test(plain)) return plain;
  return /^(\/(?![/\\])|#)/.test(plain) ? plain : null;
}

const text = (s: string): Inline => ({ type: 'text', text: unescape(s) });

/** The few entities that the lexer leaves in a text. */
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&nbsp;': '\u00a0' };
const unescape = (s: string) => s.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (e) => ENTITIES[e] ?? e);

function inline(tokens: Token[] | undefined): Inline[] {
  return (tokens ?? []).flatMap((t): Inline[] => {
    switch (t.type) {
      case 'strong':
      case 'em':
      case 'del':
        return [{ type: t.type, children: inline((t as Tokens.Strong).tokens) }];
      case 'codespan':
        return [{ type: 'code', text: (t as Tokens.Codespan).text }];
      case 'br':
        return [{ type: 'break' }];
      case 'link': {
        const link = t as Tokens.Link;
        const href = safeHref(link.href);
        const children = inline(link.tokens);
        return href === null ? children : [{ type: 'link', href, children }];
      }
      case 'image':
        // No picture is fetched; what it shows is said.
        return [text((t as Tokens.Image).text)];
      case 'text': {
        const inner = (t as Tokens.Text).tokens;
        return inner ? inline(inner) : [text((t as Tokens.Text).text)];
      }
      case 'escape':
        return [text((t as Tokens.Escape).text)];
      default:
        return t.raw ? [{ type: 'text', text: t.raw }] : [];
    }
  });
}

function blocks(tokens: Token[]): Block[] {
  return tokens.flatMap((t): Block[] => {
    switch (t.type) {
      case 'space':
        return [];
      case 'heading':
        return [{ type: 'heading', level: (t as Tokens.Heading).depth, children: inline((t as Tokens.Heading).tokens) }];
      case 'paragraph':
        return [{ type: 'paragraph', children: inline((t as Tokens.Paragraph).tokens) }];
      case 'text':
        return [{ type: 'paragraph', children: inline([t]) }];
      case 'list': {
        const list = t as Tokens.List;
        return [
          {
            type: 'list',
            ordered: list.ordered,
            start: typeof list.start === 'number' ? list.start : 1,
            items: list.items.map((i) => blocks(i.tokens))
          }
        ];
      }
      case 'blockquote':
        return [{ type: 'quote', children: blocks((t as Tokens.Blockquote).tokens) }];
      case 'code':
        return [{ type: 'code', text: (t as Tokens.Code).text }];
      case 'hr':
        return [{ type: 'rule' }];
      case 'table': {
        const table = t as Tokens.Table;
        return [{ type: 'table', head: table.header.map((c) => inline(c.tokens)), rows: table.rows.map((r) => r.map((c) => inline(c.tokens))) }];
      }
      case 'def':
        return [];
      default:
        return t.raw.trim() ? [{ type: 'paragraph', children: [{ type: 'text', text: t.raw.trim() }] }] : [];
    }
  });
}

/** Reads a page. */
export const readMarkdown = (source: string): Block[] => blocks(marked.lexer(source, { gfm: true }));

/** Level of the highest heading of a text, 1 when it has none. */
export const highestHeading = (page: readonly Block[]): number =>
  page.reduce((least, b) => (b.type === 'heading' ? Math.min(least, b.level) : least), 7) % 7 || 1;
