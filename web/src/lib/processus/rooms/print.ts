/** Prints the present page on the paper asked; the usual page of the style sheet comes back after. */
export function printOn(size: 'A4 landscape' | 'A3 landscape', only?: HTMLElement): void {
  const style = document.createElement('style');
  style.textContent = `@media print { @page { size: ${size}; margin: 10mm } }`;
  document.head.append(style);
  // Everything else steps aside: the paper holds what was asked, whole.
  const aside: Element[] = [];
  for (let at: Element | null = only ?? null; at && at !== document.body; at = at.parentElement) {
    for (const other of at.parentElement?.children ?? []) {
      if (other !== at && !other.classList.contains('no-print') && !(other instanceof HTMLScriptElement)) aside.push(other);
    }
  }
  for (const e of aside) e.classList.add('no-print');
  const done = () => {
    style.remove();
    for (const e of aside) e.classList.remove('no-print');
  };
  addEventListener('afterprint', done, { once: true });
  window.print();
}
