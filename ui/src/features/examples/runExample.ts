import { ask, OWN } from "@/api/client";
import type { CreatedRun } from "@/api/types";
import { base64 } from "@/domain/base64";

/** Runs the pipeline that greets somebody, which comes with the pages. */
export async function runExample(): Promise<CreatedRun> {
  const { default: definition } = await import("./hello.yaml?raw");
  return ask<CreatedRun>("POST", `${OWN}/runs`, { body: { definition: base64(definition), file_name: "hello.yaml" } });
}
