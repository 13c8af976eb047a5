/** Messages read out by screen readers; one polite region in the shell. */
class Live {
  message = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(message: string) {
    // Cleared first, so that the same message twice is announced twice.
    this.message = '';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.message = message), 60);
  }
}

export const live = new Live();
