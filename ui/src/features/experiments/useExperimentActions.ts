import { useNavigate } from "@tanstack/react-router";
import { archiveExperiment, deleteExperiment } from "@/api/experiments";
import type { Experiment } from "@/api/kfp";
import type { MenuItem } from "@/components/Menu";
import { useToasts } from "@/components/Toasts";
import { useRemove } from "@/components/Undo";

/** The one that the workbench makes itself; it can be neither archived for long nor deleted. */
export const DEFAULT = "Default";

/** What can be done with an experiment. Archiving takes its runs along and switches its recurring runs off. */
export function useExperimentActions(experiment: Experiment, onGone?: () => void): readonly (MenuItem | null)[] {
  const navigate = useNavigate();
  const remove = useRemove();
  const { say, fail } = useToasts();
  const { experiment_id: id, display_name: name, storage_state: state } = experiment;
  const isArchived = state === "ARCHIVED";
  const archive = (isWanted: boolean) => archiveExperiment(id, isWanted);
  const toggle = () =>
    archive(!isArchived).then(
      () => say(`${isArchived ? "Restored" : "Archived"} ${name}`, { label: "Undo", run: () => void archive(isArchived).catch(fail) }),
      fail,
    );
  return [
    { label: "New run in it", disabled: isArchived, onSelect: () => void navigate({ to: "/new-run", search: { experiment: id } }) },
    { label: isArchived ? "Restore" : "Archive with its runs", onSelect: () => void toggle() },
    null,
    {
      label: "Delete, keep its runs",
      danger: true,
      disabled: name === DEFAULT,
      ...(name === DEFAULT && { hint: "The default stays" }),
      onSelect: () => {
        remove(id, `Deleted ${name}; its runs stay`, () => deleteExperiment(id));
        onGone?.();
      },
    },
  ];
}
