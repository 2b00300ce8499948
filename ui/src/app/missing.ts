// A part of the page that could not be loaded, however often it was asked for: after an upgrade of the workbench the parts
// have other names. The address knows where one is, so the page is loaded anew.

const KEY = "coracle.loaded-anew";
const AGAIN = 10_000;

/** What browsers say of a part that does not come. */
const MISSING = /dynamically imported module|importing a module script|preload CSS/i;

/** Loads the page anew where a part of it is missing, once in a while. */
export function loadAnewWhereMissing(error: unknown): void {
  const isMissing = error instanceof Error && MISSING.test(error.message);
  if (!isMissing || Date.now() - Number(sessionStorage.getItem(KEY)) < AGAIN) return;
  sessionStorage.setItem(KEY, String(Date.now()));
  window.location.reload();
}
