// Where the focus goes when what had it is gone.

/** Remembers where in the page an element is; answers how to go back there, or to what is nearest around it and still there. */
export function wayBack(element: Element | null): () => void {
  const places: HTMLElement[] = [];
  for (let place = element; place; place = place.parentElement) {
    if (place instanceof HTMLElement && (place === element || place.hasAttribute("tabindex"))) places.push(place);
  }
  const main = document.querySelector("main");
  if (main) places.push(main);
  return () => {
    for (const place of places) {
      if (!place.isConnected) continue;
      place.focus({ preventScroll: place !== element });
      if (document.activeElement !== document.body) return;
    }
  };
}

/** Whether somebody goes about the page by keys: what a pointer has pressed is not in the focus that is seen. */
export const isLedByKeys = (): boolean => document.activeElement !== document.body && document.activeElement?.matches(":focus-visible") === true;
