export type Theme = 'system' | 'light' | 'dark';

class ThemeChoice {
  choice = $state<Theme>('system');
  #system = $state(false);

  constructor() {
    if (typeof window === 'undefined') return;
    const media = matchMedia('(prefers-color-scheme: dark)');
    this.#system = media.matches;
    media.addEventListener('change', (e) => (this.#system = e.matches));
    const set = document.documentElement.dataset['theme'];
    if (set === 'light' || set === 'dark') this.choice = set;
  }

  get dark(): boolean {
    return this.choice === 'dark' || (this.choice === 'system' && this.#system);
  }

  set(choice: Theme) {
    this.choice = choice;
    if (choice === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = choice;
    try {
      if (choice === 'system') localStorage.removeItem('eclusier.theme');
      else localStorage.setItem('eclusier.theme', choice);
    } catch {
      /* private window */
    }
  }
}

export const theme = new ThemeChoice();
