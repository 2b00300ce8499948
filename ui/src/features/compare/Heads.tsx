import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Page";
import { Status } from "@/components/Status";
import { Ago, Took } from "@/components/Time";
import { shownRun } from "@/domain/state";
import styles from "./Compare.module.css";

interface Props {
  readonly runs: readonly Run[];
  readonly onFirst: (id: string) => void;
  readonly onRemove: (id: string) => void;
}

/** The runs that are compared; the others are told from the first one. */
export function Heads({ runs, onFirst, onRemove }: Props) {
  return (
    <div className={styles.beside}>
      {runs.map((run, index) => (
        <Card key={run.run_id} className={styles.head ?? ""}>
          <div className={styles.name}>
            <Link to="/runs/$id" params={{ id: run.run_id }} title={run.display_name}>
              {run.display_name}
            </Link>
            <Button kind="quiet" aria-label={`Leave out ${run.display_name}`} icon={<X size={14} />} onClick={() => onRemove(run.run_id)} />
          </div>
          <Status shown={shownRun(run.state)} reason={run.failure?.message} />
          <div className={styles.facts}>
            <span>
              <Took from={run.created_at} to={run.finished_at} />, <Ago at={run.created_at} />
            </span>
            {index === 0 ? (
              <span>compared with</span>
            ) : (
              <Button kind="quiet" onClick={() => onFirst(run.run_id)}>
                Compare with this
              </Button>
            )}
          </div>
        </Card>
      ))}
    </div>
  );
}
