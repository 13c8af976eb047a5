import { describe, expect, it } from 'vitest';
import { brief } from './words';

describe('names', () => {
  it('that a file hashed are cut to their beginning, in a sentence too', () => {
    expect(brief('5eb74a1b83b6addb8454997d580d01b638e24a6f')).toBe('5eb74a1b…');
    expect(brief('« 5eb74a1b83b6addb8454997d580d01b638e24a6f » après « A »')).toBe('« 5eb74a1b… » après « A »');
  });
  it('that people wrote stay whole', () => {
    for (const name of ['Décision', 'A_PARTLYSUBMITTED', '01_HOOFD_0', 'T05 Print and send confirmation of receipt', 'deadbeefdeadbeefdeadbeef', '8801012345678']) expect(brief(name)).toBe(name);
  });
});
