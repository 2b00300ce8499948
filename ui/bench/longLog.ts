// A log of a million lines.

import type { Browser } from "playwright-core";
import type { Workbench } from "../e2e/harness";
import type { Figures } from "./figures";
import { LINES } from "./homes";
import { framesWhile, interactive, openCold, scrollBy, untilShown } from "./inPage";

/** Whether so many lines are known, by the scroll bar as well, and those in sight are drawn from one on. */
function isShown({ lines, first }: { readonly lines: number; readonly first: number }): boolean {
  const frame = document.querySelector('[aria-label="Log of talk"]');
  const drawn = frame?.querySelector(`[data-line="${first}"]`)?.textContent ?? "";
  // Browsers have no higher elements.
  const height = Math.min(lines * 18, 16_000_000);
  return frame !== null && frame.scrollHeight >= height && drawn.includes(`line ${first} of`);
}

const isFound = (wanted: string): boolean => new RegExp(wanted).test(document.querySelector('[role="search"] [role="status"]')?.textContent ?? "");

export async function longLog(workbench: Workbench, browser: Browser, run: string, figures: Figures): Promise<void> {
  const name = `${LINES.toLocaleString("en")} lines`;
  const page = await openCold(browser, `${workbench.pages}/#/runs/${run}?task=talk`);
  await interactive(page);
  const opened = await untilShown(page, () => page.getByRole("tab", { name: "Logs" }).click(), isShown, { lines: LINES, first: 1 });
  figures.atMost(`${name}: from the click to the lines and the scroll bar`, opened, 500, "ms");
  const log = page.getByRole("region", { name: "Log of talk" });
  await log.focus();
  figures.atMost(`${name}: to the end of them`, await untilShown(page, () => page.keyboard.press("End"), isShown, { lines: LINES, first: LINES }), 500, "ms");
  await page.keyboard.press("Home");
  const session = await page.context().newCDPSession(page);
  const frames = await framesWhile(page, () => scrollBy(session, page, 20_000, 8000));
  figures.atLeast(`${name}: scrolling`, frames.perSecond, 30, "frames/s");
  const find = page.getByRole("searchbox", { name: "Find in the log" });
  const rare = await untilShown(page, () => find.fill("LINE 999999 of"), isFound, "of 1$");
  figures.atMost(`${name}: a text that is in one of them`, rare, 1000, "ms");
  const common = await untilShown(page, () => find.fill("training"), isFound, "of [0-9]+[+]?$");
  figures.atMost(`${name}: a text that is in all of them`, common, 1000, "ms");
  await page.context().close();
}
