import { expect, it } from "vitest";
import { stand } from "./harness";

const { workbench, visit } = stand();

it("shows a run as it happens, without being asked to look again", async () => {
  const { page, faults } = await visit("/runs");
  await page.getByText("No runs yet").waitFor();
  workbench.command("run", "../examples/hello/pipeline.yaml", "-p", "name=reader");
  const row = page.getByRole("row", { name: /hello/ });
  await row.waitFor();
  await row.getByText("Succeeded").waitFor();
  await row.press("Enter");
  await page.getByRole("heading", { name: /hello/ }).waitFor();
  expect(faults).toEqual([]);
});

it("goes on by itself when the workbench was away", async () => {
  const { page } = await visit("/");
  await page.getByText("live", { exact: true }).waitFor();
  await workbench.stop();
  await page.getByText("The workbench does not answer.").waitFor();
  await workbench.start();
  await page.getByText("live", { exact: true }).waitFor();
  expect(await page.getByText("The workbench does not answer.").count()).toBe(0);
});

it("is led by keys", async () => {
  const { page, faults } = await visit("/");
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.getByRole("heading", { name: "Runs" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search" }).fill("setti");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  expect(faults).toEqual([]);
});
