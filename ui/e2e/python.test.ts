// Python becomes a pipeline by the user's own `kfp`.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { axe, stand } from "./harness";

/** The environment that the other suites have their compiler in. */
function environment(): string | undefined {
  try {
    return execFileSync("../tests/env/python", ["-c", "import kfp, sys; print(sys.prefix)"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

const python = environment();
const { workbench, visit } = stand({ environment: python ? { VIRTUAL_ENV: python } : {} });

const PIPELINE = (name: string) => `
@dsl.pipeline(name="${name}")
def ${name}(word: str = "hello"):
    say(word=word)
`;
const HEAD = `from kfp import dsl

@dsl.container_component
def say(word: str):
    return dsl.ContainerSpec(image="busybox", command=["echo"], args=[word])
`;

const file = (name: string, text: string): string => {
  const path = join(workbench.home, name);
  writeFileSync(path, text);
  return path;
};

const choose = async (path: string): Promise<{ page: Page; faults: string[]; submit: () => Promise<void> }> => {
  const { page, faults } = await visit("/pipelines?upload=true");
  await page.locator('input[type="file"]').setInputFiles(path);
  return { page, faults, submit: () => page.getByLabel("Details").getByRole("button", { name: /^Upload (pipeline|version)$/ }).click() };
};

describe.skipIf(!python)("a .py file", () => {
  it("is compiled, kept under the name that it gives itself, and runs", async () => {
    const { page, faults, submit } = await choose(file("mine.py", HEAD + PIPELINE("greeting")));
    await page.getByText("Your Python runs this file").waitFor();
    expect(await axe(page)).toEqual([]);
    await submit();
    await page.getByRole("heading", { level: 1, name: "greeting" }).waitFor();
    await page.getByRole("button", { name: "New run" }).click();
    await page.getByRole("button", { name: "Run greeting" }).click();
    await page.locator('[data-task="say"]').getByText("Succeeded").waitFor();
    expect(faults).toEqual([]);
  });

  it("that is dropped becomes a version of the pipeline that it names", async () => {
    const { page } = await visit("/pipelines");
    await page.getByRole("row", { name: /greeting/ }).waitFor();
    const files = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "other.py"));
      return transfer;
    }, HEAD + PIPELINE("greeting"));
    await page.dispatchEvent("body", "drop", { dataTransfer: files });
    await page.getByLabel("Details").getByRole("button", { name: "Upload pipeline" }).click();
    await page.getByRole("tab", { name: "Versions 2" }).waitFor();
  });

  it("with several pipelines is asked which", async () => {
    const { page, submit } = await choose(file("several.py", HEAD + PIPELINE("first") + PIPELINE("second")));
    await submit();
    await page.getByText("It has several: choose one").waitFor();
    await page.getByLabel("Which pipeline of the file").selectOption("second");
    await submit();
    await page.getByRole("heading", { level: 1, name: "second" }).waitFor();
  });

  it("that is wrong is shown at its line, in Python's own words", async () => {
    const text = `${HEAD}\n\nweights = dict(rate=1)\nprint(weights["rat"])\n`;
    const { page, submit } = await choose(file("wrong.py", text));
    await submit();
    const list = page.getByRole("list", { name: "What is wrong" });
    await list.getByText("KeyError: 'rat'").waitFor();
    const line = text.split("\n").findIndex((one) => one.includes('["rat"]')) + 1;
    await list.getByText(`Line ${line}, column 1`).waitFor();
    await page.getByLabel("What Python said").getByText(/Traceback[\s\S]*line \d+, in <module>/).waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("that cannot be read by Python is shown at its line", async () => {
    const { page, submit } = await choose(file("broken.py", "from kfp import dsl\n\ndef half(:\n"));
    await submit();
    await page.getByRole("list", { name: "What is wrong" }).getByText("Line 3, column 1").waitFor();
  });
});
