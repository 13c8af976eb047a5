/** Words of the log, of the health of the program and of what it knows of a person. */
export const preuveFr = {
  journal: {
    title: 'Journal',
    tabs: { journal: 'Entrées', publications: 'Périodes publiées' } as Record<string, string>
  }
};
