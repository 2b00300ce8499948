import type { CreatedRemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { sentences, shownDiagnostic } from "@/domain/cluster";
import form from "@/features/newRun/Form.module.css";
import styles from "./Clusters.module.css";

/** Whether something is told beside the run itself. */
export const hasMore = ({ known, diagnostics }: CreatedRemoteRun): boolean => known || diagnostics.length > 0;

/** What was told when a pipeline was sent: that an equal one was open already, and what the file is warned of. */
export const Created = ({ created: { run, known, diagnostics }, onGoOn }: { readonly created: CreatedRemoteRun; readonly onGoOn: () => void }) => (
  <section aria-label="What was told" className={form.part} role="status">
    <p>
      <Prose text={known ? `An equal run is still open, and nothing was sent a second time: it is \`${run.display_name}\`.` : `\`${run.display_name}\` is being sent. The file is warned of:`} />
    </p>
    <ul className={styles.list}>
      {diagnostics.map((diagnostic) => (
        <li key={`${diagnostic.span?.line} ${diagnostic.span?.column} ${diagnostic.message}`}>
          <Status shown={shownDiagnostic(diagnostic)} />
          <span className={styles.about}>
            <Prose text={sentences(diagnostic.message, diagnostic.help)} />
          </span>
        </li>
      ))}
    </ul>
    <div>
      <Button onClick={onGoOn}>Go on to the run</Button>
    </div>
  </section>
);
