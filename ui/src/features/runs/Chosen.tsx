import { useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Copy, GitCompare, RotateCcw, Square, Trash2, X } from "lucide-react";
import type { RunSummary } from "@/api/types";
import { Button } from "@/components/Button";
import styles from "./Runs.module.css";
import { canRetry, canStop, type RunActions } from "./useRunActions";

/** More than these do not fit beside each other. */
const MOST_COMPARED = 10;

/** What can be done to the runs that are selected. It stands where the filters do, so that nothing moves. */
export function Chosen({ runs, actions, onClear }: { readonly runs: readonly RunSummary[]; readonly actions: RunActions; readonly onClear: () => void }) {
  const navigate = useNavigate();
  const [stopped, failed] = [runs.filter(canStop), runs.filter(canRetry)];
  const archived = runs.filter((run) => run.archived);
  const kept = runs.filter((run) => !run.archived);
  const first = runs[0];
  const then = (act: (of: readonly RunSummary[]) => unknown, of: readonly RunSummary[]) => () => {
    void act(of);
    onClear();
  };
  return (
    <div className={styles.chosen} role="toolbar" aria-label="Selected runs">
      <span className={styles.count}>{runs.length} selected</span>
      <Button
        kind="primary"
        icon={<GitCompare size={14} aria-hidden />}
        disabled={runs.length < 2 || runs.length > MOST_COMPARED}
        title={runs.length > MOST_COMPARED ? `At most ${MOST_COMPARED} runs can be compared` : undefined}
        onClick={() => void navigate({ to: "/compare", search: { runs: runs.map((run) => run.run_id).join(",") } })}
      >
        Compare
      </Button>
      {first && runs.length === 1 && (
        <Button icon={<Copy size={14} aria-hidden />} onClick={() => void navigate({ to: "/new-run", search: { clone: first.run_id } })}>
          Clone
        </Button>
      )}
      {stopped.length > 0 && (
        <Button icon={<Square size={14} aria-hidden />} onClick={then(actions.stop, stopped)}>
          Stop
        </Button>
      )}
      {failed.length > 0 && (
        <Button icon={<RotateCcw size={14} aria-hidden />} onClick={then(actions.retry, failed)}>
          Retry
        </Button>
      )}
      {kept.length > 0 && (
        <Button icon={<Archive size={14} aria-hidden />} onClick={then(actions.archive, kept)}>
          Archive
        </Button>
      )}
      {archived.length > 0 && (
        <Button icon={<ArchiveRestore size={14} aria-hidden />} onClick={then(actions.restore, archived)}>
          Restore
        </Button>
      )}
      <Button kind="danger" icon={<Trash2 size={14} aria-hidden />} onClick={then(actions.remove, runs)}>
        Delete
      </Button>
      <span className={styles.grow} />
      <Button kind="quiet" icon={<X size={14} aria-hidden />} onClick={onClear}>
        Clear selection
      </Button>
    </div>
  );
}
