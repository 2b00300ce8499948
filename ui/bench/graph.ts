// A graph of thousands of steps.

import type { Browser, Page } from "playwright-core";
import type { Workbench } from "../e2e/harness";
import type { Figures } from "./figures";
import { STEPS } from "./homes";
import { type Frames, framesWhile, interactive, openCold } from "./inPage";

const PAN_SECONDS = 2;
/** How far away: about this many nodes are in sight. */
const FAR = 600;

export async function graph(workbench: Workbench, browser: Browser, run: string, figures: Figures): Promise<void> {
  const name = `${STEPS.toLocaleString("en")} steps`;
  const page = await openCold(browser, `${workbench.pages}/#/runs/${run}`);
  await page.locator("[data-task]").first().waitFor();
  figures.atMost(`${name}: from the address to the graph`, await page.evaluate(() => performance.now()), 1000, "ms");
  await interactive(page);
  figures.atLeast(`${name}: panning, near`, (await panned(page)).perSecond, 30, "frames/s");
  const zoom = await away(page);
  const far = await panned(page);
  figures.atLeast(`${name}: panning, ${FAR} in sight (zoom ${zoom.toFixed(2)})`, far.perSecond, 30, "frames/s");
  await page.getByRole("button", { name: "Show all of it" }).click();
  figures.atLeast(`${name}: panning, all in sight`, (await panned(page)).perSecond, 30, "frames/s");
  figures.atLeast(`${name}: zooming`, (await zoomed(page)).perSecond, 30, "frames/s");
  await page.context().close();
}

const middle = async (page: Page) => {
  const box = await page.locator(".react-flow__pane").boundingBox();
  if (!box) throw new Error("there is no graph");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width, height: box.height };
};

/** Moves the graph about by its ground. */
async function panned(page: Page): Promise<Frames> {
  const { x, y, width, height } = await middle(page);
  const ground = await page.evaluate(
    ([left, top, right, bottom]) => {
      for (let at = top; at < bottom; at += 3) {
        for (let along = left; along < right; along += 3) if (document.elementFromPoint(along, at)?.classList.contains("react-flow__pane")) return { x: along, y: at };
      }
      return undefined;
    },
    [x - width / 4, y - height / 4, x + width / 4, y + height / 4] as const,
  );
  if (!ground) throw new Error("nothing of the ground is to be seen");
  await page.mouse.move(ground.x, ground.y);
  await page.mouse.down();
  const frames = await framesWhile(page, async () => {
    const until = Date.now() + PAN_SECONDS * 1000;
    for (let angle = 0; Date.now() < until; angle += 0.05) {
      // A hand moves to one place after the other.
      // oxlint-disable-next-line no-await-in-loop
      await page.mouse.move(ground.x + Math.sin(angle) * width * 0.3, ground.y + Math.sin(angle * 1.3) * height * 0.3);
    }
  });
  await page.mouse.up();
  return frames;
}

/** Goes away until so many nodes are in sight; the zoom. */
async function away(page: Page): Promise<number> {
  const { width, height } = await middle(page);
  const wanted = Math.sqrt((width * height) / (FAR * 252 * 72));
  const zoom = () => page.locator(".react-flow__viewport").evaluate((element) => new DOMMatrix(getComputedStyle(element).transform).a);
  const { x, y } = await middle(page);
  await page.mouse.move(x, y);
  // oxlint-disable-next-line no-await-in-loop -- one step after the other
  while ((await zoom()) > wanted * 1.05) await page.mouse.wheel(0, 40);
  return zoom();
}

async function zoomed(page: Page): Promise<Frames> {
  const { x, y } = await middle(page);
  await page.mouse.move(x, y);
  return framesWhile(page, async () => {
    const until = Date.now() + PAN_SECONDS * 1000;
    // oxlint-disable-next-line no-await-in-loop -- as above
    for (let turn = 0; Date.now() < until; turn += 1) await page.mouse.wheel(0, turn % 60 < 30 ? -20 : 20);
  });
}
