// Part of a page could not be fetched: the machine's network changed, as it does when a container starts, or the workbench
// is of another version by now. The address holds what matters, so the page is loaded again; once, so that it ends.

const KEY = "coracle.loaded-again";
const APART = 10_000;

export function loadAgainWhereNeeded(): void {
  window.addEventListener("vite:preloadError", () => {
    if (Date.now() - Number(sessionStorage.getItem(KEY)) < APART) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    window.location.reload();
  });
}
