/**
 * A closing rule inside a sentence of ours: without the name of its kind, which
 * the sentence already says, nor a capital, nor a final stop.
 */
export function ruleInWords(words: string): string {
  const bare = words
    .replace(/^(?:Règle configurée|Configured rule)\s*:\s*/u, '')
    .trim()
    .replace(/\.$/, '');
  // A rule of several sentences keeps its own shape.
  return /\. /.test(bare) ? bare : bare.replace(/^\p{Lu}(?=\p{Ll}|\s)/u, (c) => c.toLowerCase());
}
