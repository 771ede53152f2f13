/** Escape closes what is open, unless something is open that must be answered first. */

let isHeld = false;

/** Called before anything else listens for keys: who listens first hears first. */
export function watchEscape(): void {
  const stop = (event: KeyboardEvent) => {
    if (isHeld && event.key === "Escape") event.stopImmediatePropagation();
  };
  window.addEventListener("keydown", stop, { capture: true });
}

/** While it is held, Escape closes nothing: what was typed below is not lost by it. */
export function holdEscape(held: boolean): void {
  isHeld = held;
}
