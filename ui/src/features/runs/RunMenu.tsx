import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import type { RunSummary } from "@/api/types";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Menu } from "@/components/Menu";
import styles from "./Runs.module.css";
import { canRetry, canStop, type RunActions } from "./useRunActions";

/** What can be done to one run of the table. */
export function RunMenu({ run, actions }: { readonly run: RunSummary; readonly actions: RunActions }) {
  const navigate = useNavigate();
  const copy = useCopy();
  const { archive, restore, stop, retry, remove } = actions;
  return (
    <Menu
      trigger={<Button kind="quiet" className={styles.more ?? ""} aria-label={`What can be done to ${run.display_name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
      items={[
        { label: "Clone", onSelect: () => void navigate({ to: "/new-run", search: { clone: run.run_id } }) },
        { label: "Retry", disabled: !canRetry(run), onSelect: () => void retry([run]) },
        { label: "Stop", disabled: !canStop(run), onSelect: () => void stop([run]) },
        null,
        { label: "Copy id", onSelect: () => copy({ label: "Id", text: run.run_id }) },
        { label: "Copy command", onSelect: () => copy({ label: "Command", text: `coracle get ${run.run_id.slice(0, 8)}` }) },
        null,
        run.archived ? { label: "Restore", onSelect: () => void restore([run]) } : { label: "Archive", onSelect: () => void archive([run]) },
        { label: "Delete", danger: true, onSelect: () => remove([run]) },
      ]}
    />
  );
}
