import { useSearch } from "@tanstack/react-router";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Chooser } from "@/features/newRun/Chooser";
import styles from "@/features/newRun/Form.module.css";
import { RunForm } from "@/features/newRun/RunForm";
import { useBeginning } from "@/features/newRun/useBeginning";

export function NewRun() {
  const search = useSearch({ from: "/new-run" });
  const { beginning, pipelineId, error, isOpen } = useBeginning(search);
  const chooser = <Chooser pipeline={pipelineId} version={search.version ?? (beginning && "pipeline" in beginning.source ? beginning.source.version : undefined)} />;
  const title = search.clone ? "Run again" : search.recurring || search.schedule ? "New recurring run" : "New run";
  return (
    <Page title={title} answer={beginning ? `of ${beginning.title}` : " "}>
      {isOpen ? (
        <div className={styles.form}>
          <div className={styles.fields}>{chooser}</div>
          <Empty title="Which pipeline?">Choose one that was uploaded. What it takes, and what will be sent, is shown then.</Empty>
        </div>
      ) : error && !beginning ? (
        <Trouble error={error} />
      ) : beginning ? (
        <RunForm
          key={JSON.stringify(search)}
          beginning={beginning}
          chooser={"pipeline" in beginning.source ? chooser : <p className={styles.muted}>Of the definition of the earlier run, which belongs to no uploaded pipeline.</p>}
        />
      ) : (
        <Skeleton rows={14} />
      )}
    </Page>
  );
}
