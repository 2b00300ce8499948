// What model servers are asked is seen as it happens, read, found by what it says, and sent again to what may come next.

import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { axe, stand } from "./harness";
import { Keys } from "./keys";
import { apply, container, service } from "./modelServers";

const { workbench, visit } = stand();

/** What a server takes to be there, with all of its containers. */
const SOON = { timeout: 90_000 };
/** What is told second by second takes to be shown. */
const TOLD = { timeout: 10_000 };

const is = (name: string, model: string, more: object = {}) => apply(workbench, service(name, { ...more, containers: [container({ MODEL: model, PLAIN: "yes" })] }));
const ask = (name: string, body: unknown) =>
  fetch(`${workbench.pages}/serving/default/${name}/v1/models/${name}:predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

const rows = (page: Page): Locator => page.getByRole("table", { name: "Requests" }).getByRole("row");
const report = (page: Page): Locator => page.getByRole("region", { name: "Report" });

beforeAll(async () => {
  await Promise.all([is("asked", "first"), is("better", "second"), is("silent", "nothing")]);
  const answered = async (name: string) => expect((await ask(name, { instances: [0] })).status).toBe(200);
  await vi.waitFor(() => Promise.all(["asked", "better", "silent"].map(answered)), { ...SOON, interval: 200 });
  await fetch(`${workbench.pages}/apis/coracle/v1/model-servers/default/silent/requests`, { method: "DELETE" });
  workbench.command("requests", "asked", "--forget");
  // One after the other, as they are to be listed.
  for (const body of [{ instances: ["row 1"] }, { instances: ["row 2"] }, {}, { instances: ["row 3"] }]) await ask("asked", body);
}, 120_000);

it("are seen at work: how often, how quickly, by revision", async () => {
  const { page, faults } = await visit("/models/default/asked");
  const load = page.getByRole("table", { name: "Load of the last minute" });
  await load.getByRole("row", { name: "asked-predictor" }).waitFor();
  await page.getByText(/requests a second in the last minute; half took up to/).waitFor();
  await page.getByRole("figure", { name: "Requests a second" }).locator("canvas").waitFor();
  const count = async () => Number(/of (\d+)/.exec(await load.getByRole("row", { name: "asked-predictor" }).innerText())?.[1]);
  const before = await count();
  await Promise.all([1, 2, 3].map((number) => ask("asked", { instances: [`row ${number}`] })));
  await expect.poll(count, TOLD).toBe(before + 3);
  await page.getByText("0 at work now").waitFor();
  await page.getByText("By minute").click();
  await page.getByRole("table", { name: "Load by minute" }).getByRole("cell", { name: "asked-predictor" }).first().waitFor();
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
}, 60_000);

it("are listed as they come, found by what they say, and read whole, by keys", async () => {
  const { page, faults } = await visit("/models/default/asked?tab=requests");
  const keys = new Keys(page);
  await rows(page).nth(4).waitFor();
  const known = await rows(page).count();
  await ask("asked", { instances: ["a needle"] });
  await expect.poll(() => rows(page).count(), TOLD).toBe(known + 1);
  await page.getByLabel("Answers").selectOption("From 400: refused");
  await expect.poll(() => rows(page).count(), TOLD).toBe(2);
  await page.getByText("400 Bad request").waitFor();
  await page.getByLabel("Answers").selectOption("All answers");
  await keys.to("searchbox", "Filter requests by path, id or what bodies say");
  await keys.type("NEEDLE");
  await expect.poll(() => rows(page).count(), TOLD).toBe(2);
  expect(page.url()).toContain("text=NEEDLE");

  await rows(page).nth(1).focus();
  await keys.press("Enter");
  const panel = page.getByRole("complementary", { name: "Details" });
  await panel.getByRole("region", { name: "The body that was sent" }).getByText("a needle").waitFor();
  await panel.getByRole("region", { name: "The body that was answered" }).getByText('"first"').waitFor();
  await panel.getByText("POST /v1/models/asked:predict").waitFor();
  expect(page.url()).toMatch(/request=\d+/);
  expect(await axe(page)).toEqual([]);
  await panel.getByRole("link", { name: "Send it in the playground" }).click();
  expect(await page.getByLabel("Body", { exact: true }).inputValue()).toContain('"a needle"');
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("region", { name: "What it answered" }).getByText("a needle").waitFor();

  await page.goBack();
  await panel.waitFor();
  await keys.press("Escape");
  await panel.waitFor({ state: "detached" });
  // What does not tell its inputs is asked for them.
  expect(faults.filter((fault) => !fault.includes("status of 404"))).toEqual([]);
}, 60_000);

it("are sent again to another server, and what it answers otherwise is shown", async () => {
  const { page, faults } = await visit("/models/default/asked?tab=requests");
  await page.getByRole("button", { name: "Replay…" }).click();
  await page.getByLabel("Against").selectOption("better");
  await page.getByRole("button", { name: "Replay requests" }).click();
  await report(page).getByText(/answers are not as before/).waitFor();
  await report(page).getByText("Against better").waitFor();
  const others = report(page).getByRole("list", { name: "Answers that are not as before" });
  const first = others.getByRole("listitem").filter({ hasText: "Different" }).first();
  await first.getByText("predictions[0][0]").first().click();
  await first.getByRole("cell", { name: '"first"' }).waitFor();
  await first.getByRole("cell", { name: '"second"' }).waitFor();
  await first.getByRole("region", { name: "Answer before" }).getByText('"first"').waitFor();
  await first.getByRole("region", { name: "Answer now" }).getByText('"second"').waitFor();
  expect(await axe(page)).toEqual([]);
  // It is still there when one comes back.
  await page.getByRole("tab", { name: "Overview" }).click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await rows(page).nth(1).getByRole("checkbox").check();
  await rows(page).nth(2).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Replay…" }).click();
  await report(page).getByText("Against better").waitFor();
  await page.getByLabel("Against").selectOption("What it answers with now");
  expect(await page.getByRole("combobox", { name: "Requests" }).inputValue()).toBe("chosen");
  await page.getByRole("button", { name: "Replay requests" }).click();
  await report(page).getByText("All 2 answers are the same.").waitFor();
  await page.keyboard.press("Escape");
  await rows(page).nth(1).waitFor();
  expect(faults).toEqual([]);
}, 60_000);

it.each([
  ["by what they say", "text=row 2", "1 of 1 answers is not as before."],
  ["by their answers, too", "text={}&code=400", "The answer is the same."],
])("are sent again as they are filtered: %s", async (_, filter, said) => {
  const { page, faults } = await visit(`/models/default/asked?tab=requests&${filter}`);
  await rows(page).nth(1).waitFor();
  await page.getByRole("button", { name: "Replay…" }).click();
  expect(await page.getByRole("combobox", { name: "Requests" }).inputValue()).toBe("fitting");
  await page.getByLabel("Against").selectOption("better");
  await page.getByLabel("At most").fill("1");
  await page.getByRole("button", { name: "Replay requests" }).click();
  await report(page).getByText(said).waitFor();
  expect(faults).toEqual([]);
}, 60_000);

it("are sent again to a canary, from where its share is given", async () => {
  await is("asked", "candidate", { canaryTrafficPercent: 1 });
  const { page, faults } = await visit("/models/default/asked");
  await page.getByText("Requests are split so").waitFor(SOON);
  await page.getByRole("link", { name: "Replay the last requests against the new revision" }).click();
  expect(await page.getByLabel("Against").inputValue()).toBe("canary");
  await page.getByLabel("At most").fill("nothing");
  await page.getByText("A whole number from 1 to 1,000").waitFor();
  expect(await page.getByRole("button", { name: "Replay requests" }).isDisabled()).toBe(true);
  await page.getByLabel("At most").fill("2");
  const place = report(page).getByText("predictions[0][0]");
  // It is refused until the pod is there.
  await expect
    .poll(async () => {
      await page.getByRole("button", { name: "Replay requests" }).click();
      await page.getByText("Sending them again…").waitFor({ state: "detached" });
      return place.count();
    }, SOON)
    .toBeGreaterThan(0);
  await report(page).getByText("Against asked-predictor-canary").waitFor();
  await place.first().click();
  await report(page).getByRole("cell", { name: '"candidate"' }).waitFor();
  expect(await axe(page)).toEqual([]);
  expect(faults).toEqual([]);
}, 120_000);

it("are forgotten once that is agreed to", async () => {
  const { page, faults } = await visit("/models/default/better?tab=requests");
  await ask("better", { instances: [1] });
  await rows(page).nth(1).waitFor();
  const keys = new Keys(page);
  await keys.activate("button", "Forget all…");
  const dialog = page.getByRole("dialog", { name: "Forget what better was asked?" });
  await dialog.getByText("nothing brings them back").waitFor();
  expect(await axe(page)).toEqual([]);
  await keys.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await keys.activate("button", "Forget all…");
  await keys.activate("button", "Forget all requests");
  await page.getByText(/^Forgot \d+ request/).waitFor();
  await page.getByText("No request is kept yet").waitFor();
  expect(faults).toEqual([]);
}, 60_000);

describe.each(["light", "dark"] as const)("can be used by everybody (%s)", (theme) => {
  it.each([
    ["/models/default/asked", "Load of the last minute"],
    ["/models/default/asked?tab=requests", "Requests"],
  ])("%s", async (path, table) => {
    const { page } = await visit(path, { theme });
    await page.getByRole("table", { name: table }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });

  it.each([
    ["/models/default/silent?tab=requests", "No request is kept yet"],
    ["/models/default/silent?tab=requests&text=nobody", "No request fits"],
    ["/models/default/asked?tab=requests&request=100000", "is no request"],
    ["/models/default/asked?tab=requests&replay=last", "At most"],
  ])("%s", async (path, shown) => {
    const { page } = await visit(path, { theme });
    await page.getByText(shown).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });
});
