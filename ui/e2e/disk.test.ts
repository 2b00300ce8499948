import { expect, it } from "vitest";
import { stand } from "./harness";
import { Keys } from "./keys";

// Processes keep prepared environments below the workbench's home, so that nobody else's are freed.
const { workbench, visit } = stand({ engine: "process" });

it("frees disk space once it was asked, with as many bytes as it names", async () => {
  const { page, faults } = await visit("/disk");
  await page.getByRole("button", { name: "Nothing to free" }).waitFor();
  workbench.command("run", "../examples/hello/pipeline.yaml");
  await page.reload();
  await page.getByRole("table", { name: "Prepared environments" }).getByText(/kfp==/).waitFor();
  await page.getByRole("checkbox", { name: "Prepared environments" }).check();
  const free = page.getByRole("button", { name: /^Free [1-9]/ });
  const words = await free.innerText();
  await free.click();
  const question = page.getByRole("dialog", { name: `${words}?` });
  await question.getByText("Prepared environments: 1,").waitFor();
  await question.getByRole("button", { name: words }).click();
  await page.getByText(words.replace("Free", "Freed"), { exact: true }).waitFor();
  await page.getByText("None yet").waitFor();
  await page.getByRole("button", { name: "Nothing to free" }).waitFor();
  expect(faults).toEqual([]);
});

it("frees it by keys alone", async () => {
  workbench.command("run", "../examples/hello/pipeline.yaml", "--no-cache");
  const { page, faults } = await visit("/disk");
  const keys = new Keys(page);
  await page.getByRole("table", { name: "Prepared environments" }).getByText(/kfp==/).waitFor();
  await keys.to("checkbox", "Prepared environments");
  await keys.press(" ");
  await keys.activate("button", /^Free [1-9]/);
  const question = page.getByRole("dialog");
  await question.getByText("Prepared environments: 1,").waitFor();
  await keys.press("Escape");
  await question.waitFor({ state: "detached" });
  await keys.arrives(page.getByRole("button", { name: /^Free [1-9]/ }));
  await keys.press("Enter");
  await keys.activate("button", /^Free [1-9]/, question);
  await page.getByText(/^Freed/).waitFor();
  await page.getByText("None yet").waitFor();
  expect(faults).toEqual([]);
});
