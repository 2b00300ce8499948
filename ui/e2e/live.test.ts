// What is shown is never older than what is so, in whatever order a page's first answers and the word of changes come.

import type { Page, Route } from "playwright-core";
import { expect, it } from "vitest";
import { stand } from "./harness";

const { workbench, visit } = stand();

/** Something is kept back from the page: `begun` once it is, until it is let go. */
interface Kept {
  readonly begun: Promise<void>;
  readonly letGo: () => void;
}

/** Keeps the first request at an address, by the way that is given; all others pass. */
async function keepFirst(page: Page, at: string, pass: (route: Route, told: () => void, free: Promise<void>) => Promise<void>): Promise<Kept> {
  let letGo: () => void = () => undefined;
  let told: () => void = () => undefined;
  const free = new Promise<void>((done) => (letGo = done));
  const begun = new Promise<void>((done) => (told = done));
  let isFirst = true;
  await page.route(at, (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    return pass(route, told, free);
  });
  return { begun, letGo };
}

/** The request does not reach the workbench before it is let go. */
const keepRequest = (page: Page, at: string): Promise<Kept> =>
  keepFirst(page, at, async (route, told, free) => {
    told();
    await free;
    await route.continue();
  });

/** The workbench has answered; the page does not have it before it is let go. */
const keepAnswer = (page: Page, at: string): Promise<Kept> =>
  keepFirst(page, at, async (route, told, free) => {
    const response = await route.fetch();
    told();
    await free;
    await route.fulfill({ response });
  });

/** Makes an experiment, and is back once whoever follows the workbench has been told. */
async function makeExperiment(name: string): Promise<void> {
  const response = await fetch(`${workbench.address}/apis/coracle/v1/changes`);
  expect(response.status).toBe(200);
  const told = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  // The first message says that nothing is missed from then on.
  await told?.read();
  const made = await fetch(`${workbench.address}/apis/v2beta1/experiments`, { method: "POST", body: JSON.stringify({ display_name: name }) });
  expect(made.status).toBe(200);
  for (let text = ""; !text.includes('"experiments"'); ) {
    // oxlint-disable-next-line no-await-in-loop -- one message after the other
    const read = await told?.read();
    if (!read || read.done) throw new Error("the workbench told of no change");
    text += read.value;
  }
  await told?.cancel();
}

const row = (page: Page, name: string) => page.getByRole("table", { name: "Experiments" }).getByText(name, { exact: true });

it("shows what changed before the page could hear of changes", async () => {
  const { page, faults } = await visit("/settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  const stream = await keepRequest(page, "**/apis/coracle/v1/changes");
  await page.getByRole("link", { name: "Experiments" }).click();
  await page.reload();
  await stream.begun;
  await row(page, "Default").waitFor();
  await makeExperiment("early");
  expect(await row(page, "early").count()).toBe(0);
  stream.letGo();
  await row(page, "early").waitFor();
  expect(faults).toEqual([]);
});

it("shows what changed while the first answer was on its way", async () => {
  const { page, faults } = await visit("/settings");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  const answer = await keepAnswer(page, "**/apis/v2beta1/experiments?*");
  await page.getByRole("link", { name: "Experiments" }).click();
  await answer.begun;
  await makeExperiment("meanwhile");
  answer.letGo();
  await row(page, "meanwhile").waitFor();
  expect(faults).toEqual([]);
});
