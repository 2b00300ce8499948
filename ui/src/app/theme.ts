// Light or dark: what the user chose, or what the system says.

export type Theme = "light" | "dark" | "system";

const KEY = "coracle.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function setTheme(wanted: Theme): void {
  if (wanted === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, wanted);
  applyTheme();
}

export function applyTheme(): void {
  const wanted = theme();
  const shown = wanted === "system" ? (dark.matches ? "dark" : "light") : wanted;
  document.documentElement.dataset["theme"] = shown;
}

dark.addEventListener("change", applyTheme);
