import { en } from './labels/en';
import { fr, type Labels } from './labels/fr';
import { formats, ZONE, type Formats, type Lang } from './format';

/** Words the server gives in both languages. */
export interface Words {
  fr: string;
  en: string;
}

function initial(): Lang {
  return typeof document !== 'undefined' && document.documentElement.lang === 'en' ? 'en' : 'fr';
}

class I18n {
  lang = $state<Lang>(initial());
  t: Labels = $derived(this.lang === 'fr' ? fr : en);
  /** Zone of the body, as the program tells it. */
  zone = $state(ZONE);
  f: Formats = $derived(formats(this.lang, this.zone));

  set(lang: Lang) {
    this.lang = lang;
    document.documentElement.lang = lang;
    try {
      localStorage.setItem('eclusier.lang', lang);
    } catch {
      /* private window: the choice lasts as long as the page */
    }
  }

  /** What joins a name to what it announces: French leaves a no-break space before the colon. */
  get colon(): string {
    return this.lang === 'fr' ? '\u00a0: ' : ': ';
  }

  /** The words of the present language. */
  say(words: Words | null | undefined): string {
    return words ? words[this.lang] : '';
  }
}

export const i18n = new I18n();
