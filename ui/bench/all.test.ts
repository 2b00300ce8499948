// What the pages promise, measured with a real workbench and a real browser: `npm run bench`.

import { loadavg } from "node:os";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, Workbench } from "../e2e/harness";
import { ofRuns, ofSteps } from "./changes";
import { Figures, percentile } from "./figures";
import { graph } from "./graph";
import { fill, large, loud, pagesOf, RUNS, whole } from "./homes";
import { framesWhile, interactive, openCold, scriptBytes, scrollBy, untilShown } from "./inPage";
import { visits } from "./leaks";
import { longLog } from "./longLog";

/** Pages that show a definition in an editor, which is loaded for them. */
const WITH_EDITOR = new Set(["a pipeline"]);

const figures = new Figures();
const busy = new Workbench({ engine: "process" });
const many = new Workbench({ engine: "fake" });
let browser: Browser;
let pages: Awaited<ReturnType<typeof pagesOf>>;
let load = 0;

beforeAll(async () => {
  load = loadavg()[0] ?? 0;
  await Promise.all([busy.start(), many.start()]);
  browser = await openBrowser();
  pages = await pagesOf(busy);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([busy.close(), many.close()]);
  process.stdout.write(`\nload of the machine ${load.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after\n${figures.table()}\n`);
});

/** A part: what it measured has to be within its bounds. */
const part = (name: string, measure: () => Promise<void>) =>
  it(name, async () => {
    const before = new Set(figures.missed);
    await measure();
    expect(figures.missed.filter((missed) => !before.has(missed))).toEqual([]);
  });

part("every page is there soon, and is small", async () => {
  for (const [name, address] of pages) {
    // One browser window at a time.
    // oxlint-disable-next-line no-await-in-loop
    const page = await openCold(browser, `${busy.pages}/#${address}`);
    // oxlint-disable-next-line no-await-in-loop
    figures.atMost(`${name}: interactive`, await interactive(page), 1000, "ms");
    // oxlint-disable-next-line no-await-in-loop
    if (!WITH_EDITOR.has(name)) figures.atMost(`${name}: script`, (await scriptBytes(page)) / 1000, 220, "kB");
    // oxlint-disable-next-line no-await-in-loop
    await page.context().close();
  }
});

part("what changes is shown at once", async () => {
  const delays = [...(await ofRuns(busy, browser)), ...(await ofSteps(busy, browser))];
  figures.atLeast("changes of state that were looked for", delays.length, 100, "");
  figures.atMost("from a change to the pixel: p95", percentile(delays, 95), 200, "ms");
});

part("a graph of thousands of steps", async () => graph(many, browser, await whole(many, large(many)), figures));

part("a log of a million lines", async () => longLog(busy, browser, await whole(busy, loud(busy)), figures));

part("a table of ten thousand runs", async () => {
  await fill(many);
  const name = `${RUNS.toLocaleString("en")} runs`;
  const page = await openCold(browser, `${many.pages}/#/`);
  await interactive(page);
  const isThere = (total: number) => document.querySelectorAll('[role="row"][data-index]').length > 10 && (document.querySelector("main header")?.textContent ?? "").includes(total.toLocaleString("en"));
  // The large graph was a run as well.
  figures.atMost(`${name}: from the click to the first rows`, await untilShown(page, () => page.getByRole("navigation").getByRole("link", { name: /^Runs/ }).click(), isThere, RUNS + 1), 1000, "ms");
  const session = await page.context().newCDPSession(page);
  const frames = await framesWhile(page, () => scrollBy(session, page, 20_000, 8000));
  figures.atLeast(`${name}: scrolling`, frames.perSecond, 30, "frames/s");
  await page.context().close();
});

part("nothing is left behind by pages that were visited", async () => {
  const { first, last, count } = await visits(busy, pages);
  figures.atMost(`memory after ${count} visits, of that after the first ones`, (last / first) * 100, 110, "%");
});
