import { KFP, OWN } from "@/api/client";
import type { Run } from "@/api/types";
import type { Copyable } from "@/components/CopyAs";

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A run in the words of a shell, of curl and of KFP's client. */
export function copiesOf(run: Run): readonly Copyable[] {
  const { origin } = window.location;
  return [
    { label: "Command", text: `coracle get ${run.run_id}` },
    { label: "curl", text: `curl ${quoted(`${origin}${OWN}/runs/${run.run_id}`)}` },
    { label: "Python (kfp)", text: `import kfp\n\nrun = kfp.Client(host=${JSON.stringify(origin)}).get_run(${JSON.stringify(run.run_id)})` },
    { label: "KFP's own form, by curl", text: `curl ${quoted(`${origin}${KFP}/runs/${run.run_id}`)}` },
    { label: "Run ID", text: run.run_id },
  ];
}

/** A step's log, as a command and by curl. */
export function logCopies(run: string, step: string): readonly Copyable[] {
  const { origin } = window.location;
  return [
    { label: "Command", text: `coracle logs ${run} ${quoted(step)}` },
    { label: "curl", text: `curl ${quoted(`${origin}${OWN}/runs/${run}/log?step=${encodeURIComponent(step)}`)}` },
    { label: "Task path", text: step },
  ];
}
