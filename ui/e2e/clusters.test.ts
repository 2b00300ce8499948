import { createServer } from "node:http";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { axe, stand } from "./harness";

const file = join(mkdtempSync(join(tmpdir(), "coracle-kubeconfig-")), "config");

/** A kubeconfig with a cluster that answers as little as an API server may, one that nobody is at, and an entry that is broken. */
function write(answering: string) {
  const cluster = (name: string, server: string) => ({ name, cluster: { server } });
  const context = (name: string, user: string) => ({ name, context: { cluster: name, user, namespace: "team" } });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "answers",
    clusters: [cluster("answers", answering), cluster("silent", "https://127.0.0.1:1")],
    users: [{ name: "me", user: { token: "swordfish" } }],
    contexts: [context("answers", "me"), context("silent", "me"), context("broken", "nobody")],
  };
  writeFileSync(file, JSON.stringify(config));
}

const { visit } = stand({ engine: "process", environment: { KUBECONFIG: file } });

it("shows where what runs here can be sent, and what is there", async () => {
  const server = createServer((request, answer) => {
    const isVersion = request.url === "/version";
    answer.writeHead(isVersion ? 200 : 403, { "content-type": "application/json" });
    const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Forbidden", code: 403, message: "not for you" };
    answer.end(JSON.stringify(isVersion ? { major: "1", minor: "34", gitVersion: "v1.34.4" } : status));
  });
  await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  write(`http://127.0.0.1:${address && typeof address === "object" ? address.port : 0}`);

  const { page, faults } = await visit("/clusters");
  const table = page.getByRole("table", { name: "Contexts" });
  await table.getByRole("row", { name: /answers/ }).getByText("current").waitFor();
  await table.getByRole("row", { name: /broken/ }).getByText("Cannot be used").waitFor();
  await table.getByRole("row", { name: /answers/ }).click();
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByText(/^Kubernetes v1\.34\.4/).waitFor();
  expect(await page.content()).not.toContain("swordfish");
  expect(await axe(page)).toEqual([]);
  await table.getByRole("row", { name: /silent/ }).click();
  await details.getByText("It was not reached").waitFor();
  expect(page.url()).toContain("open=silent");
  server.close();
  expect(faults).toEqual([]);
});
