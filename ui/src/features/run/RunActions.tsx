import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Archive, Copy, MoreHorizontal, RotateCcw, Square, TextSearch, Trash2, Wrench } from "lucide-react";
import { archiveRun, cancelRun, removeRun, rerunFrom, retryRun, unarchiveRun } from "@/api/runs";
import type { Run, Task } from "@/api/types";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Menu } from "@/components/Menu";
import { useToasts } from "@/components/Toasts";
import { useRemove } from "@/components/Undo";
import { isOver } from "@/domain/state";
import { leavingKey } from "@/features/runs/leaving";
import { copiesOf } from "./copies";
import styles from "./Run.module.css";

export function useRerun(run: string) {
  const navigate = useNavigate();
  const { say, fail } = useToasts();
  return useMutation({
    mutationFn: (step: string) => rerunFrom(run, step),
    onSuccess: (made, step) => {
      say(`A new run begins with ${step}`);
      void navigate({ to: "/runs/$id", params: { id: made.run_id } });
    },
    onError: fail,
  });
}

/** What can be done to a run. What helps now is a button; the rest is in the menu. */
export function RunActions({ run, failed, selected, isArchived }: { readonly run: Run; readonly failed: Task | undefined; readonly selected: Task | undefined; readonly isArchived: boolean }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { say, fail } = useToasts();
  const removeLater = useRemove();
  const cancel = useMutation({ mutationFn: () => cancelRun(run.run_id), onError: fail });
  const retry = useMutation({ mutationFn: () => retryRun(run.run_id), onSuccess: () => say("The run goes on where it failed"), onError: fail });
  const rerun = useRerun(run.run_id);
  const over = isOver(run.state);
  const from = selected && selected.path !== "" ? selected : failed;

  const archive = (archived: boolean) =>
    void (archived ? archiveRun : unarchiveRun)(run.run_id).then(() => {
      for (const topic of [["runs"], ["run", run.run_id]]) void queries.invalidateQueries({ queryKey: topic });
      say(archived ? "The run is in the archive" : "The run is back from the archive", { label: "Undo", run: () => archive(!archived) });
    }, fail);
  const remove = () => {
    const back = () => void navigate({ to: "/runs/$id", params: { id: run.run_id } });
    removeLater(leavingKey([run.run_id]), `Deleted ${run.display_name}`, () => removeRun(run.run_id), back);
    void navigate({ to: "/runs" });
  };
  return (
    <>
      {failed && (
        <Link className={styles.link} to="/runs/$id" params={{ id: run.run_id }} search={{ tab: "logs", task: failed.path, line: "fail" }}>
          <TextSearch size={14} aria-hidden /> Show the line
        </Link>
      )}
      {failed?.reason?.hint && (
        <Button icon={<Wrench size={14} aria-hidden />} onClick={() => void navigate({ to: "/runs/$id", params: { id: run.run_id }, search: { task: failed.path } })}>
          Fix…
        </Button>
      )}
      {over ? (
        run.state === "FAILED" && (
          <Button kind="primary" icon={<RotateCcw size={14} aria-hidden />} disabled={retry.isPending} onClick={() => retry.mutate()}>
            Retry
          </Button>
        )
      ) : (
        <Button icon={<Square size={13} aria-hidden />} disabled={cancel.isPending || run.state === "CANCELING"} onClick={() => cancel.mutate()}>
          Stop
        </Button>
      )}
      <Button icon={<Copy size={14} aria-hidden />} onClick={() => void navigate({ to: "/new-run", search: { clone: run.run_id } })}>
        Clone
      </Button>
      <CopyAs texts={copiesOf(run)} />
      <Menu
        trigger={<Button kind="quiet" aria-label="More" icon={<MoreHorizontal size={16} />} />}
        items={[
          {
            label: from ? `Run again from ${from.display_name}` : "Run again from a selected step",
            icon: <RotateCcw size={14} aria-hidden />,
            disabled: !from || !over || rerun.isPending,
            onSelect: () => from && rerun.mutate(from.path),
          },
          null,
          { label: isArchived ? "Bring back from the archive" : "Archive run", icon: <Archive size={14} aria-hidden />, disabled: !over, onSelect: () => archive(!isArchived) },
          { label: "Delete run", icon: <Trash2 size={14} aria-hidden />, danger: true, disabled: !over, onSelect: remove },
        ]}
      />
    </>
  );
}
