// The bytes of artifacts are deleted, with what that frees said first.

import { expect, it } from "vitest";
import { axe, stand } from "./harness";
import { Keys } from "./keys";

const { workbench, visit } = stand();

interface Listed {
  readonly artifact: { readonly id: number; readonly name: string };
  readonly size_bytes?: number;
}

const ran = (...words: string[]): string => (JSON.parse(workbench.command("run", "e2e/fixtures/previews.yaml", ...words, "-o", "json")) as { run_id: string }).run_id;

const artifactsOf = (run: string): readonly Listed[] => (JSON.parse(workbench.command("artifacts", run, "-o", "json")) as { artifacts: readonly Listed[] }).artifacts;

it("are deleted by keys once their bytes and runs were named, and are known to have been there", async () => {
  const run = ran();
  ran();
  const notes = artifactsOf(run).find(({ artifact }) => artifact.name === "notes");
  const { page, faults } = await visit(`/artifacts/${notes?.artifact.id}`);
  const keys = new Keys(page);
  await page.getByRole("heading", { level: 1, name: "notes", exact: true }).waitFor();
  await keys.activate("button", "Delete");
  const question = page.getByRole("dialog", { name: "Delete notes?" });
  await question.getByText("2 runs have made or read it").waitFor();
  await question.getByText(`${notes?.size_bytes} B are deleted, and nothing brings them back`, { exact: false }).waitFor();
  expect(await axe(page)).toEqual([]);
  await keys.press("Escape");
  await question.waitFor({ state: "detached" });
  await keys.arrives(page.getByRole("button", { name: "Delete", exact: true }));
  await keys.press("Enter");
  await keys.activate("button", `Delete ${notes?.size_bytes} B`, question);
  await page.getByText(`Freed ${notes?.size_bytes} B`).waitFor();
  await page.getByRole("heading", { name: "Its bytes were deleted" }).waitFor();
  await page.getByRole("complementary", { name: "About the artifact" }).getByText(/deleted/).waitFor();
  expect(await page.getByRole("button", { name: "Delete", exact: true }).count()).toBe(0);
  expect(await axe(page)).toEqual([]);
  await page.goto(`${workbench.pages}/#/runs/${run}?tab=artifacts`);
  await page.getByRole("row", { name: /notes/ }).getByText("deleted").waitFor();
  expect(faults).toEqual([]);

  // What made it is not taken from the cache any more.
  const again = artifactsOf(ran()).find(({ artifact }) => artifact.name === "notes");
  expect(again?.artifact.id).not.toBe(notes?.artifact.id);
  expect(again?.size_bytes).toBe(notes?.size_bytes);
});
