// What to ask for a step elsewhere, as its author writes it.

import type { components } from "@/api/schema";
import { cpuQuantity, memoryQuantity } from "./quantity";
import { withoutIterations } from "./taskPath";

type Schemas = components["schemas"];

/** What is known of a step, in whichever iteration. */
export const measuredStep = (measured: Schemas["MeasuredResources"] | undefined, path: string): Schemas["MeasuredStep"] | undefined =>
  measured?.steps.find((step) => step.task === withoutIterations(path));

/** The calls of KFP's SDK that ask for it; nothing where nothing was measured. */
export function askedInPython({ memory_request, memory_limit, cpu_request }: Schemas["Resources"]): string {
  const calls = [
    memory_request && `set_memory_request("${memoryQuantity(memory_request)}")`,
    memory_limit && `set_memory_limit("${memoryQuantity(memory_limit)}")`,
    cpu_request && `set_cpu_request("${cpuQuantity(cpu_request)}")`,
  ];
  return calls.map((call) => (call ? `.${call}` : "")).join("");
}
