// What is measured inside a page. Times are the page's own, in milliseconds since it was asked for.

import type { Browser, CDPSession, Page } from "playwright-core";

interface Watched extends Window {
  bench: {
    /** When the page was last without its heading, or a part of it was still a skeleton. */
    unready: number;
    /** When the last task ended that held the page up for more than 50 ms. */
    busy: number;
    frames: number[];
  };
}

/** Runs in every page before its own scripts. */
function watch(): void {
  const bench = { unready: 0, busy: 0, frames: [] as number[] };
  (window as unknown as Watched).bench = bench;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) bench.busy = Math.max(bench.busy, task.startTime + task.duration);
  }).observe({ type: "longtask", buffered: true });
  const look = (at: number) => {
    bench.frames.push(at);
    if (!document.querySelector("main h1") || document.querySelector('main [aria-busy="true"]')) bench.unready = performance.now();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** A page of a browser that has nothing of it kept. */
export async function openCold(browser: Browser, url: string, size = { width: 1440, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, colorScheme: "light" });
  await context.addInitScript(watch);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

const QUIET = 300;

/** When the page had its heading and all of its content, and answered: nothing held it up for a while after that. */
export async function interactive(page: Page): Promise<number> {
  const handle = await page.waitForFunction((quiet) => {
    const { unready, busy } = (window as unknown as Watched).bench;
    const since = Math.max(unready, busy);
    return unready > 0 && performance.now() - since > quiet ? since : undefined;
  }, QUIET);
  return (await handle.jsonValue()) ?? Number.NaN;
}

export interface Frames {
  readonly perSecond: number;
  /** The longest that was waited for one. */
  readonly longest: number;
}

/** The frames that a page draws while something is done to it. */
export async function framesWhile(page: Page, act: () => Promise<void>): Promise<Frames> {
  const begin = await page.evaluate(() => performance.now());
  await act();
  const times = await page.evaluate((from) => (window as unknown as Watched).bench.frames.filter((at) => at >= from), begin);
  const waits = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const spent = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { perSecond: spent > 0 ? (waits.length * 1000) / spent : 0, longest: Math.max(0, ...waits) };
}

/**
 * Milliseconds from what is done to a page, a click or what is typed, until it shows something, and that is drawn. `isShown`
 * runs in the page.
 */
export async function untilShown<Argument>(page: Page, act: () => Promise<void>, isShown: (argument: Argument) => boolean, argument: Argument): Promise<number> {
  // The page's policy forbids it to make a function of a text, so the whole comes as one.
  await page.evaluate(`(${arm})(${isShown}, ${JSON.stringify(argument)})`);
  await act();
  const handle = await page.waitForFunction(() => (window as unknown as { took?: number }).took);
  return (await handle.jsonValue()) ?? Number.NaN;
}

function arm(isShown: (argument: unknown) => boolean, argument: unknown): void {
  const target = window as unknown as { took?: number };
  delete target.took;
  let isBegun = false;
  const begin = (event: Event) => {
    if (isBegun) return;
    isBegun = true;
    const look = () => {
      if (!isShown(argument)) return void requestAnimationFrame(look);
      // A task after the frame: by then it is drawn.
      const channel = new MessageChannel();
      channel.port1.onmessage = () => (target.took = performance.now() - event.timeStamp);
      return channel.port2.postMessage(undefined);
    };
    requestAnimationFrame(look);
  };
  for (const name of ["click", "input", "keydown"]) window.addEventListener(name, begin, { capture: true, once: true });
}

/** Scrolls what is under the middle of a page by the wheel, as fast as a hand does it. */
export async function scrollBy(session: CDPSession, page: Page, distance: number, speed: number): Promise<void> {
  const { width = 0, height = 0 } = page.viewportSize() ?? {};
  await session.send("Input.synthesizeScrollGesture", { x: width / 2, y: height / 2, yDistance: -distance, speed, gestureSourceType: "mouse" });
}

/** The bytes of script that a page fetched, as they came. */
export async function scriptBytes(page: Page): Promise<number> {
  return page.evaluate(() =>
    (performance.getEntriesByType("resource") as PerformanceResourceTiming[])
      .filter(({ name }) => new URL(name).pathname.endsWith(".js"))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  );
}
