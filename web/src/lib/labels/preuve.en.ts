import type { preuveFr } from './preuve.fr';

export const preuveEn: typeof preuveFr = {
  journal: {
    title: 'Log',
    tabs: { journal: 'Entries', publications: 'Published periods' }
  }
};
