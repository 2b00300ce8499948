// From a change of state at the workbench to the pixel.

import type { Browser } from "playwright-core";
import { shownRun, shownTask } from "@/domain/state";
import type { RunState, TaskState } from "@/api/types";
import { pipelineFile, step } from "../e2e/definition";
import type { Workbench } from "../e2e/harness";
import { begin, eventsOf, type Told } from "./homes";
import { interactive, openCold } from "./inPage";

/** What a page showed of a run or of a task, and since when by the machine's clock. */
interface Seen {
  readonly of: string;
  readonly text: string;
  readonly at: number;
}

const RUNS = 40;
const [RANKS, WIDTH] = [3, 8];

/** Runs in the page: notes each text of a node of the graph, or of a row of the table, once it is drawn. */
function note(): void {
  const seen: Seen[] = [];
  (window as unknown as { seen: Seen[] }).seen = seen;
  const last = new Map<string, string>();
  let isAsked = false;
  const look = () => {
    isAsked = false;
    const nodes = [...document.querySelectorAll<HTMLElement>("[data-task]")].map((node) => [node.dataset["task"] ?? "", node.textContent] as const);
    const rows = [...document.querySelectorAll('[role="row"][data-index]')].map((row) => [row.querySelector("a")?.hash.split("/").at(-1) ?? "", row.textContent] as const);
    const changed = [...nodes, ...rows].filter(([of, text]) => last.get(of) !== text);
    if (changed.length === 0) return;
    for (const [of, text] of changed) last.set(of, text);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => seen.push(...changed.map(([of, text]) => ({ of, text, at: Date.now() })));
    channel.port2.postMessage(undefined);
  };
  new MutationObserver(() => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(look);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** Milliseconds that each change took. What was over before it could be drawn is shown by what came after it. */
function delays(told: readonly Told[], seen: readonly Seen[], of: (event: Told) => string | undefined, words: (state: string) => readonly string[]): readonly number[] {
  return told.flatMap((event) => {
    const shown = words(event.what.state ?? "");
    const at = Date.parse(event.at);
    const first = seen.find((one) => one.of === of(event) && shown.some((word) => one.text.includes(word)));
    return shown.length > 0 && first ? [first.at - at] : [];
  });
}

const RUN_ORDER: readonly RunState[] = ["PENDING", "RUNNING", "SUCCEEDED"];
const TASK_ORDER: readonly TaskState[] = ["PENDING", "RUNNING", "SUCCEEDED"];
const from = <State>(order: readonly State[], word: (state: State) => string) => (state: string) => order.slice(Math.max(0, order.indexOf(state as State))).map(word);

/** The table of runs, while runs come, begin and end. */
export async function ofRuns(workbench: Workbench, browser: Browser): Promise<readonly number[]> {
  const file = pipelineFile(workbench.home, "short", [step("short", "sleep 0.2")]);
  const page = await openCold(browser, `${workbench.pages}/#/runs`, { width: 1440, height: 2000 });
  await interactive(page);
  await page.evaluate(note);
  const told: Told[] = [];
  for (let number = 0; number < RUNS; number += 1) {
    // One after the other, so that each change is one.
    // oxlint-disable-next-line no-await-in-loop
    told.push(...(await eventsOf(workbench, await begin(workbench, file))));
  }
  const seen = await settled(page);
  await page.context().close();
  return delays(told.filter(({ what }) => what.type === "run"), seen, (event) => event.run_id, from(RUN_ORDER, (state) => shownRun(state).word));
}

/** The graph of a run, while its steps begin and end. */
export async function ofSteps(workbench: Workbench, browser: Browser): Promise<readonly number[]> {
  const names = Array.from({ length: RANKS * WIDTH }, (_, index) => `step-${index}`);
  // The first step gives time to look at the page.
  const steps = names.map((name, index) => step(name, `sleep 0.${1 + (index % WIDTH)}`, { after: [index < WIDTH ? "first" : `step-${index - WIDTH}`] }));
  const file = pipelineFile(workbench.home, "wide", [step("first", "sleep 4"), ...steps]);
  const run = await begin(workbench, file);
  const page = await openCold(browser, `${workbench.pages}/#/runs/${run}`);
  await interactive(page);
  await page.locator('[data-task="step-0"]').waitFor();
  await page.evaluate(note);
  const looked = Date.now();
  const told = await eventsOf(workbench, run);
  const seen = await settled(page);
  await page.context().close();
  const ofStep = told.filter(({ at, what }) => what.type === "task" && what.path !== "first" && Date.parse(at) > looked);
  return delays(ofStep, seen, ({ what }) => what.path, from(TASK_ORDER, (state) => shownTask(state).word));
}

/** What was seen, once the page says what the workbench does. */
async function settled(page: Awaited<ReturnType<typeof openCold>>): Promise<readonly Seen[]> {
  await page.waitForFunction(() => Date.now() - ((window as unknown as { seen: Seen[] }).seen.at(-1)?.at ?? 0) > 500);
  return page.evaluate(() => (window as unknown as { seen: Seen[] }).seen);
}
