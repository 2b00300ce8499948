// What a model is asked is compared with what it was trained on, and its answers with what would have been right.

import { expect, it } from "vitest";
import { axe, stand } from "./harness";
import { Keys } from "./keys";
import { apply, container, service } from "./modelServers";

const { workbench, visit } = stand();

/** What a server takes to be there, with all of its containers. */
const SOON = { timeout: 90_000 };
const COUNT = 200;

/** Numbers from 0 to 1 that look as if they came by chance, the same ones each time. */
const chance = (at: number, of: number): number => Math.abs((Math.sin(at * 127.1 + of * 311.7) * 43_758.5453) % 1);
const rows = Array.from({ length: COUNT }, (_, at) => [chance(at, 1), chance(at, 2)] as const);
const table = ["length,width,sum", ...rows.map(([length, width]) => `${length},${width},${length + width}`)].join("\n");

/** Asks for the sums of rows, and returns what the request is called. */
async function ask(data: readonly (readonly number[])[]): Promise<string> {
  const body = { inputs: [{ name: "rows", datatype: "FP32", shape: [data.length, 2], data: data.flat() }] };
  const answer = await fetch(`${workbench.pages}/serving/default/sums/v2/models/sums/infer`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return answer.headers.get("x-request-id") ?? "";
}

it("is seen when a feature drifts, and how far predictions were off", async () => {
  await apply(workbench, service("sums", { containers: [container({ MODEL: "sums" })] }));
  const { page, faults } = await visit("/models/default/sums?tab=drift");
  const keys = new Keys(page);
  await page.getByRole("main").getByText("Ready", { exact: true }).first().waitFor(SOON);
  await page.getByRole("heading", { name: "It is not compared with its training data yet" }).waitFor();
  expect(await axe(page)).toEqual([]);
  const file = { name: "train.csv", mimeType: "text/csv", buffer: Buffer.from(table) };
  await page.getByLabel("Training data").setInputFiles(file);
  await keys.fill("Column that is predicted", "nothing");
  await keys.activate("button", "Compare with it");
  await page.getByRole("alert").getByText("nothing").waitFor();
  await keys.fill("Column that is predicted", "sum");
  await keys.activate("button", "Compare with it");
  const features = page.getByRole("region", { name: "Features" });
  await features.getByRole("row", { name: /length Too few rows/ }).waitFor();

  await ask(rows);
  await keys.activate("button", "Look again");
  await features.getByRole("row", { name: /length As in training 0 / }).waitFor();
  await page.getByText(`${COUNT} rows of 1 request`).waitFor();

  const moved = rows.map(([length, width]) => [length + 0.6, width]);
  const request = await ask(moved);
  await ask(moved);
  await keys.activate("button", "Look again");
  await features.getByRole("row", { name: /length Drifted/ }).waitFor();
  await features.getByRole("row", { name: /width As in training/ }).waitFor();
  await features.getByRole("row", { name: /sum, predicted Drifted/ }).waitFor();
  await keys.activate("button", "length");
  expect(page.url()).toContain("feature=length");
  await page.getByRole("list", { name: "Values of length" }).waitFor();
  expect(await axe(page)).toEqual([]);

  const labels = [{ request, labels: moved.map(([length = 0, width = 0]) => length + width + 2) }];
  await fetch(`${workbench.pages}/apis/coracle/v1/model-servers/default/sums/labels`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(labels) });
  await keys.activate("button", "Look again");
  await page.getByText("200 predictions").waitFor();
  // Each is off by two, but for what single precision takes.
  expect(Number(await page.locator("dt", { hasText: "Mean absolute error" }).locator("+ dd").innerText())).toBeCloseTo(2, 3);

  await keys.activate("button", "Take other training data");
  const wider = rows.map(([length, width]) => `${length + 0.6},${width},${length + 0.6 + width}`);
  await page.getByLabel("Training data").setInputFiles({ ...file, buffer: Buffer.from(["length,width,sum", ...wider].join("\n")) });
  await keys.fill("Column that is predicted", "sum");
  await keys.activate("button", "Compare with it");
  await page.getByText(/^below 0\.6/).waitFor();
  expect(await page.getByLabel("Training data").count()).toBe(0);
  expect(faults).toEqual(["Failed to load resource: the server responded with a status of 400 (Bad Request)"]);
}, 200_000);
