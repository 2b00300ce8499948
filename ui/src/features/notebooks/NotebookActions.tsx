import { useNavigate } from "@tanstack/react-router";
import { CircleStop, ExternalLink, MoreHorizontal, Play } from "lucide-react";
import { Button } from "@/components/Button";
import { Menu } from "@/components/Menu";
import { useCopy } from "@/components/CopyAs";
import { kubectl } from "@/domain/copied";
import { serverPath, STOPPED } from "@/domain/notebook";
import { useNotebookActions } from "./actions";
import styles from "./Notebooks.module.css";
import type { NotebookRow } from "./useNotebooks";

interface Props {
  readonly row: NotebookRow;
  readonly onShow: (tab: string) => void;
  /** Whether buttons have words. */
  readonly isWide?: boolean;
}

/** Open, start or stop, and the rest in a menu. */
export function NotebookActions({ row, onShow, isWide = false }: Props) {
  const { notebook, state } = row;
  const { name, namespace = "default", annotations } = notebook.metadata;
  const { start, stop, drop } = useNotebookActions();
  const copy = useCopy();
  const navigate = useNavigate();
  const isStopped = annotations?.[STOPPED] !== undefined;
  return (
    <span className={styles.actions} data-stop>
      <OpenServer row={row} />
      {isStopped ? (
        <Button kind="quiet" aria-label={`Start ${name}`} title="Start" disabled={state.phase === "deleting"} icon={<Play size={14} aria-hidden />} onClick={() => start(notebook)}>
          {isWide && "Start"}
        </Button>
      ) : (
        <Button kind="quiet" aria-label={`Stop ${name}`} title="Stop; its files stay" disabled={state.phase === "deleting"} icon={<CircleStop size={14} aria-hidden />} onClick={() => stop(notebook)}>
          {isWide && "Stop"}
        </Button>
      )}
      <Menu
        trigger={<Button kind="quiet" aria-label={`More about ${name}`} icon={<MoreHorizontal size={16} />} />}
        items={[
          { label: "Log", onSelect: () => onShow("log") },
          { label: "Terminal", disabled: state.phase !== "ready", onSelect: () => onShow("terminal") },
          { label: "Events", onSelect: () => onShow("events") },
          null,
          { label: "Send to a cluster", onSelect: () => void navigate({ to: "/deploy", search: { what: `notebook/${name}`, namespace } }) },
          null,
          { label: "Copy as kubectl", onSelect: () => copy({ label: "kubectl", text: kubectl(`get notebook ${name} -o yaml`, namespace) }) },
          { label: "Copy as curl", onSelect: () => copy({ label: "curl", text: `curl ${location.origin}/apis/kubeflow.org/v1/namespaces/${namespace}/notebooks/${name}` }) },
          { label: "Copy its address", onSelect: () => copy({ label: "address", text: location.origin + serverPath(notebook) }) },
          null,
          { label: "Delete", danger: true, onSelect: () => drop(notebook) },
        ]}
      />
    </span>
  );
}

/** Its server in a tab of its own, once it answers. */
export function OpenServer({ row }: { readonly row: NotebookRow }) {
  const { name } = row.notebook.metadata;
  if (row.state.phase !== "ready")
    return (
      <span className={`${styles.open} ${styles.idle}`} aria-disabled title="It can be opened once it is ready">
        Open
      </span>
    );
  return (
    <a className={styles.open} href={serverPath(row.notebook)} target="_blank" rel="noreferrer" aria-label={`Open ${name} in a new tab`}>
      Open <ExternalLink size={12} aria-hidden />
    </a>
  );
}
