// A part of the page that could not be loaded: a browser drops what it is loading when a container's network comes or
// goes, and after an upgrade of the workbench the parts have other names. The address knows where one is.

const KEY = "coracle.loaded-anew";
const AGAIN = 10_000;

/** Loads the page anew when a part of it is missing, once in a while. */
export function loadAnewWhenPartsAreMissing(): void {
  window.addEventListener("vite:preloadError", (event) => {
    const last = Number(sessionStorage.getItem(KEY));
    if (Date.now() - last < AGAIN) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    window.location.reload();
  });
}
