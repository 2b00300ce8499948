import { Link, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Chooser } from "@/features/newRun/Chooser";
import type { Beginning } from "@/features/newRun/form";
import styles from "@/features/newRun/Form.module.css";
import { RunForm } from "@/features/newRun/RunForm";
import { useBeginning } from "@/features/newRun/useBeginning";

export function NewRun() {
  const search = useSearch({ from: "/new-run" });
  const { beginning: found, pipelineId, error, isOpen, isEmpty } = useBeginning(search);
  // What was typed stays when another version is chosen.
  const key = [search.pipeline ?? pipelineId, search.clone, search.recurring, search.experiment].join(" ");
  const beginning = useKept(key, found);
  const chooser = <Chooser pipeline={pipelineId} version={search.version ?? (beginning && "pipeline" in beginning.source ? beginning.source.version : undefined)} />;
  const title = search.clone ? "Run again" : search.recurring || search.schedule ? "New recurring run" : "New run";
  return (
    <Page title={title} answer={beginning ? `of ${beginning.title}` : " "}>
      {isOpen || isEmpty ? (
        <div className={styles.form}>
          <div className={styles.fields}>{chooser}</div>
          {isEmpty ? (
            <Empty title="No versions yet" action={<Link to="/pipelines/$pipeline" params={{ pipeline: pipelineId }} search={{ upload: true }}>Upload a version</Link>}>
              This pipeline has no definition that could be run.
            </Empty>
          ) : (
            <Empty title="Which pipeline?">Choose one that was uploaded. What it takes, and what will be sent, is shown then.</Empty>
          )}
        </div>
      ) : error && !beginning ? (
        <Trouble error={error} />
      ) : beginning ? (
        <RunForm
          key={key}
          beginning={beginning}
          chooser={"pipeline" in beginning.source ? chooser : <p className={styles.muted}>Of the definition of the earlier run, which belongs to no uploaded pipeline.</p>}
        />
      ) : (
        <Skeleton rows={14} />
      )}
    </Page>
  );
}

/** What was found last for a key, while more is asked for. */
function useKept(key: string, found: Beginning | undefined): Beginning | undefined {
  const [kept, setKept] = useState<{ readonly key: string; readonly beginning: Beginning; readonly seen: string }>();
  const seen = found && JSON.stringify([found.source, found.title]);
  if (found && seen && (kept?.key !== key || kept.seen !== seen)) setKept({ key, beginning: found, seen });
  return kept?.key === key ? kept.beginning : found;
}
