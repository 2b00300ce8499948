// What pages leave behind in memory.

import type { CDPSession, Page } from "playwright-core";
import { openBrowser, type Workbench } from "../e2e/harness";
import { interactive, openCold } from "./inPage";

const WARM_UP = 50;
const VISITS = 500;

/**
 * Compilers go on for hours making machine code of what has run often, which is most of what such a browser's memory grows
 * by. In this one there are none, so that what grows is what pages keep.
 */
const WITHOUT_COMPILERS = "--js-flags=--no-opt --no-maglev --no-sparkplug";

export async function visits(workbench: Workbench, pages: readonly (readonly [string, string])[]): Promise<{ first: number; last: number; count: number }> {
  const browser = await openBrowser(WITHOUT_COMPILERS);
  const page = await openCold(browser, `${workbench.pages}/#/`);
  await interactive(page);
  const session = await page.context().newCDPSession(page);
  let first = 0;
  for (let count = 0; count < WARM_UP + VISITS; count += 1) {
    const address = pages[count % pages.length]?.[1] ?? "/";
    // One visit after the other, as a person makes them.
    // oxlint-disable-next-line no-await-in-loop
    await visit(page, address);
    // oxlint-disable-next-line no-await-in-loop
    if (count === WARM_UP - 1) first = await heap(page, session);
  }
  const last = await heap(page, session);
  await browser.close();
  return { first, last, count: VISITS };
}

/** Goes to an address and waits until the page is whole, and stays so for some frames. */
async function visit(page: Page, address: string): Promise<void> {
  await page.evaluate(async (to) => {
    window.location.hash = to;
    const frame = () => new Promise(requestAnimationFrame);
    const isWhole = () => document.querySelector("main h1") !== null && document.querySelector('main [aria-busy="true"]') === null;
    // oxlint-disable-next-line no-await-in-loop -- one frame after the other
    for (let whole = 0; whole < 3; whole = isWhole() ? whole + 1 : 0) await frame();
  }, address);
}

/** The bytes that are in use, on the page where nothing else is. */
async function heap(page: Page, session: CDPSession): Promise<number> {
  await visit(page, "/settings");
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}
