import { useQuery } from "@tanstack/react-query";
import { measuredResources } from "@/api/queries";
import type { Attempt } from "@/api/types";
import { CopyAs } from "@/components/CopyAs";
import { askedInPython, measuredStep } from "@/domain/measured";
import { bytes, cpus } from "@/domain/size";
import { shortDuration } from "@/domain/time";
import { Fact, Part } from "./Part";
import styles from "./Run.module.css";

interface Props {
  readonly attempt: Attempt;
  readonly pipeline: string;
  readonly path: string;
}

/** What an attempt asked of the machine, what it used, and what to ask for it elsewhere. */
export function Resources({ attempt, pipeline, path }: Props) {
  const { data } = useQuery(measuredResources(pipeline));
  const measured = measuredStep(data, path);
  const python = measured && askedInPython(measured.suggested);
  const { resources, usage } = attempt;
  const bound = resources.memory_limit ?? resources.memory_request;
  const peak = usage.peak_memory_bytes;
  const share = peak && bound ? Math.min(1, peak / bound) : undefined;
  const asked = [
    (resources.cpu_request ?? resources.cpu_limit) && `${cpus(resources.cpu_request ?? resources.cpu_limit ?? 0)} CPU`,
    bound && bytes(bound),
    resources.gpus > 0 && `${resources.gpus} GPU`,
  ].filter(Boolean);
  return (
    <Part title="Resources" actions={python && <CopyAs texts={[{ label: "Python", text: python }]} />}>
      <dl>
        <Fact name="Asked">{asked.length > 0 ? asked.join(", ") : "nothing in particular"}</Fact>
        <Fact name="Memory">
          {peak ? `peak ${bytes(peak)}${bound ? ` of ${bytes(bound)}` : ""}` : "not measured"}
          {share !== undefined && <meter className={styles.meter} min={0} max={1} high={0.9} value={share} aria-label="Memory used of what was asked" />}
        </Fact>
        <Fact name="CPU">{usage.cpu_seconds === null || usage.cpu_seconds === undefined ? "not measured" : `${shortDuration(usage.cpu_seconds * 1000)} of CPU time`}</Fact>
        {measured && python && (
          <Fact name="To ask for">
            <code className={styles.value} title={`15 % over the most that ${measured.attempts === 1 ? "one attempt" : `${measured.attempts} attempts`} used, and half as much memory again as its limit`}>
              {python}
            </code>
          </Fact>
        )}
        {attempt.gpus.length > 0 && <Fact name="GPUs">{attempt.gpus.join(", ")}</Fact>}
      </dl>
    </Part>
  );
}

/** What an attempt was started from and with. */
export function Surroundings({ attempt }: { readonly attempt: Attempt }) {
  const variables = Object.entries(attempt.environment);
  return (
    <Part title="Environment">
      <dl>
        <Fact name="Image">
          <code className={styles.value}>{attempt.image}</code>
        </Fact>
        <Fact name="Digest">
          <code className={styles.value} title={attempt.image_digest}>
            {attempt.image_digest}
          </code>
        </Fact>
        {attempt.prepared_environment && (
          <Fact name="Prepared">
            <code className={styles.value} title={attempt.prepared_environment}>
              {attempt.prepared_environment}
            </code>
          </Fact>
        )}
      </dl>
      <details className={styles.folded}>
        <summary>Variables ({variables.length})</summary>
        <dl>
          {variables.map(([name, value]) => (
            <Fact key={name} name={name}>
              <code className={styles.value} title={value}>
                {value}
              </code>
            </Fact>
          ))}
        </dl>
      </details>
      <details className={styles.folded}>
        <summary>Command</summary>
        <pre>{attempt.command.join("\n")}</pre>
      </details>
    </Part>
  );
}
