import { MoreHorizontal } from "lucide-react";
import type { RemoteRun } from "@/api/remoteRuns";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Menu } from "@/components/Menu";
import runs from "@/features/runs/Runs.module.css";

/** What can be done here to a run on a cluster. */
export function RemoteMenu({ run }: { readonly run: RemoteRun }) {
  const copy = useCopy();
  const { run_id: id, remote_id: there, display_name: name } = run;
  return (
    <Menu
      trigger={<Button kind="quiet" className={runs.more ?? ""} aria-label={`What can be done to ${name}`} icon={<MoreHorizontal size={16} aria-hidden />} />}
      items={[
        { label: "Copy id", onSelect: () => copy({ label: "Id", text: id }) },
        { label: "Copy id there", disabled: !there, onSelect: () => copy({ label: "Id there", text: there ?? "" }) },
        { label: "Copy command", onSelect: () => copy({ label: "Command", text: `coracle follow ${id.slice(0, 8)}` }) },
      ]}
    />
  );
}
