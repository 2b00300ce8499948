import type { KfpRun } from "@/api/kfp";
import type { Run } from "@/api/types";
import { Card, Section } from "@/components/Page";
import type { Pipeline } from "@/domain/pipeline";
import styles from "./Run.module.css";
import { Fact } from "./Part";
import { Value, Values } from "./Values";

interface Props {
  readonly run: Run;
  /** The same run as KFP has it: what it belongs to. */
  readonly kfp: KfpRun | undefined;
  readonly pipeline: Pipeline | undefined;
}

/** What a run was given, defaults with it, and what it hands back. */
export function RunValues({ run, kfp, pipeline }: Props) {
  const defaults = (pipeline?.inputs ?? []).filter((port) => !(port.name in run.parameters) && port.defaultValue !== undefined);
  const version = kfp?.pipeline_version_reference;
  const isEmpty = Object.keys(run.parameters).length + defaults.length === 0;
  return (
    <div className={styles.columns}>
      <Section title="Inputs">
        <Card className={styles.pad ?? ""}>
          {isEmpty ? (
            <p className={styles.none}>The pipeline takes no parameters.</p>
          ) : (
            <dl className={styles.values}>
              {Object.entries(run.parameters).map(([name, value]) => (
                <div key={name}>
                  <dt title={name}>{name}</dt>
                  <dd>
                    <Value value={value} />
                  </dd>
                </div>
              ))}
              {defaults.map((port) => (
                <div key={port.name}>
                  <dt title={port.name}>{port.name}</dt>
                  <dd>
                    <Value value={port.defaultValue} />
                    <span className={styles.kind}>by default</span>
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Card>
      </Section>
      <Section title="Outputs">
        <Card className={styles.pad ?? ""}>
          <Values given={run.outputs} none={run.state === "SUCCEEDED" ? "The pipeline hands nothing back." : "Outputs are there once the run has succeeded."} />
        </Card>
      </Section>
      <Section title="About">
        <Card className={styles.pad ?? ""}>
          <dl>
            <Fact name="Run">
              <code>{run.run_id}</code>
            </Fact>
            <Fact name="Pipeline">{version ? <a href={`#/pipelines/${version.pipeline_id}`}>{run.pipeline}</a> : run.pipeline}</Fact>
            {kfp?.experiment_id && (
              <Fact name="Experiment">
                <a href={`#/experiments/${kfp.experiment_id}`}>{kfp.experiment_id.slice(0, 8)}</a>
              </Fact>
            )}
            {kfp?.recurring_run_id && (
              <Fact name="Begun by">
                <a href={`#/recurringrun/details/${kfp.recurring_run_id}`}>a recurring run</a>
              </Fact>
            )}
            {kfp?.description && <Fact name="Description">{kfp.description}</Fact>}
            <Fact name="Engine">{run.engine}</Fact>
            <Fact name="Cache">{run.cache ? "results of earlier runs may be used" : "every step runs"}</Fact>
            {run.pipeline_root && (
              <Fact name="Artifacts at">
                <code>{run.pipeline_root}</code>
              </Fact>
            )}
            {run.rerun_of && (
              <Fact name="Again of">
                <a href={`#/runs/${String(run.rerun_of[0])}`}>{String(run.rerun_of[0]).slice(0, 8)}</a> from <code>{String(run.rerun_of[1])}</code>
              </Fact>
            )}
          </dl>
        </Card>
      </Section>
    </div>
  );
}
