// Who deletes something and closes the window has deleted it, on whichever page that was.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { pipelineFile, step } from "./definition";
import { stand } from "./harness";

const { workbench, visit } = stand();

const ran = (name: string): string =>
  (JSON.parse(workbench.command("run", pipelineFile(workbench.home, name, [step("only", "true")]), "-o", "json")) as { run_id: string }).run_id;

const status = async (path: string): Promise<number> => (await fetch(workbench.pages + path)).status;

/** What is deleted, the page where that is done, how, and where it is asked for. */
type Case = readonly [what: string, prepare: () => string, page: (id: string) => string, remove: (page: Page, id: string) => Promise<void>, path: (id: string) => string];

const more = async (page: Page, menu: string | RegExp, item: string) => {
  await page.getByRole("button", { name: menu }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

const CASES: readonly Case[] = [
  ["a run, on its page", () => ran("alone"), (id) => `/runs/${id}`, (page) => more(page, "More", "Delete run"), (id) => `/apis/coracle/v1/runs/${id}`],
  ["a run, in the table", () => ran("listed"), () => "/runs", (page) => more(page, /What can be done to listed/, "Delete"), (id) => `/apis/coracle/v1/runs/${id}`],
  [
    "a secret",
    () => (workbench.command("secret", "set", "gone", "key=value"), "gone"),
    () => "/secrets",
    (page, name) => more(page, `More about ${name}`, "Delete"),
    (name) => `/api/v1/namespaces/default/secrets/${name}`,
  ],
  [
    "a volume",
    () => (workbench.command("volume", "create", "gone"), "gone"),
    (name) => `/volumes?open=default%2F${name}`,
    (page) => page.getByRole("button", { name: "Delete volume" }).click(),
    (name) => `/apis/coracle/v1/volumes/${name}/files`,
  ],
];

it.each(CASES)("%s", async (_, prepare, address, remove, path) => {
  const id = prepare();
  expect(await status(path(id))).toBe(200);
  const { page } = await visit(address(id));
  await remove(page, id);
  await page.getByRole("button", { name: "Undo" }).waitFor();
  expect(await status(path(id)), "it can still be taken back").toBe(200);
  await page.close({ runBeforeUnload: true });
  await expect.poll(() => status(path(id)), { timeout: 4000 }).toBe(404);
});

it("twenty runs at once", async () => {
  const ids = Array.from({ length: 20 }, () => ran("many"));
  const { page } = await visit("/runs?text=many");
  await page.getByText("20 runs that fit").waitFor();
  for (const box of await page.getByRole("checkbox", { name: /^Select row/ }).all()) {
    // oxlint-disable-next-line no-await-in-loop -- one row after the other
    await box.check();
  }
  await page.getByRole("toolbar", { name: "Selected runs" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await page.close({ runBeforeUnload: true });
  await expect.poll(async () => (await Promise.all(ids.map((id) => status(`/apis/coracle/v1/runs/${id}`)))).every((code) => code === 404), { timeout: 5000 }).toBe(true);
});
