// A browser drops its connections when a network of the machine comes or goes. Without its first script or style a page is
// nothing, and nothing on it could ask again: it is loaded anew, a few times at most.
const KEY = "coracle.tries";
const MOST = 5;

addEventListener(
  "error",
  ({ target }) => {
    const isPart = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
    const tries = Number(sessionStorage.getItem(KEY));
    if (!isPart || document.readyState === "complete" || tries >= MOST) return;
    sessionStorage.setItem(KEY, String(tries + 1));
    setTimeout(() => location.reload(), 200 * 2 ** tries);
  },
  // What happens to an element is not told to those around it otherwise.
  true,
);
addEventListener("load", () => document.getElementById("root")?.firstChild && sessionStorage.removeItem(KEY));
