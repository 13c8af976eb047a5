import { describe, expect, it } from 'vitest';
import { ruleInWords } from './rule';

describe('a closing rule inside a sentence', () => {
  it('loses the name of its kind and its final stop', () => {
    expect(ruleInWords('Règle configurée\u00a0: un dossier est traité après «\u00a0Liquidation\u00a0».')).toBe('un dossier est traité après «\u00a0Liquidation\u00a0»');
    expect(ruleInWords('Configured rule: a case is settled after “Liquidation”.')).toBe('a case is settled after “Liquidation”');
  });
  it('loses its capital, but not that of a name or of several sentences', () => {
    expect(ruleInWords('Stock et flux lus dans les comptages livrés.')).toBe('stock et flux lus dans les comptages livrés');
    expect(ruleInWords('A case is closed.')).toBe('a case is closed');
    expect(ruleInWords('«\u00a0Notification\u00a0» ou 90 jours')).toBe('«\u00a0Notification\u00a0» ou 90 jours');
    expect(ruleInWords('Un dossier est clos. Sinon il reste ouvert. ')).toBe('Un dossier est clos. Sinon il reste ouvert');
  });
});
