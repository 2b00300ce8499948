import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback } from "react";
import { Beside } from "@/components/Beside";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { LinkButton } from "@/components/LinkButton";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { useRemoved } from "@/components/Undo";
import { removalKey } from "@/features/notebooks/actions";
import { Details } from "@/features/notebooks/Details";
import { NotebookTable } from "@/features/notebooks/NotebookTable";
import { type NotebookRow, useNotebooks } from "@/features/notebooks/useNotebooks";

export function Notebooks() {
  const { open, tab = "overview" } = useSearch({ from: "/notebooks" });
  const navigate = useNavigate();
  const { rows: all, error } = useNotebooks();
  const removed = useRemoved();
  const rows = all?.filter(({ key }) => !removed.has(removalKey(key)));
  const shown = rows?.find(({ key }) => key === open);
  const show = useCallback((key: string, to: string) => void navigate({ to: "/notebooks", search: { open: key, ...(to !== "overview" && { tab: to }) } }), [navigate]);
  const close = useCallback(() => void navigate({ to: "/notebooks", search: {} }), [navigate]);
  return (
    <Page
      title="Notebooks"
      answer={rows && answer(rows)}
      actions={
        <LinkButton to="/notebooks/new" kind="primary" icon={<Plus size={14} aria-hidden />}>
          New notebook
        </LinkButton>
      }
      fills
    >
      {error && !rows ? (
        <Trouble error={error} />
      ) : !rows ? (
        <Skeleton rows={12} />
      ) : rows.length === 0 ? (
        <Empty title="No notebooks yet" action={<LinkButton to="/notebooks/new">New notebook</LinkButton>}>
          A notebook is a JupyterLab on this machine whose files outlive it. <code>coracle open STEP</code> makes one of a step that ran.
        </Empty>
      ) : (
        <Beside
          panel={
            open !== undefined && (
              <Panel title={shown ? shown.notebook.metadata.name : open} about={open} onClose={close}>
                {shown ? <Details row={shown} tab={tab} onTab={(to) => show(shown.key, to)} /> : <Gone />}
              </Panel>
            )
          }
        >
          <NotebookTable rows={rows} current={open} isNarrow={open !== undefined} onShow={show} />
        </Beside>
      )}
    </Page>
  );
}

const Gone = () => (
  <Empty title="There is no such notebook" action={<Link to="/notebooks">All notebooks</Link>}>
    It was deleted, or is of another workbench.
  </Empty>
);

function answer(rows: readonly NotebookRow[]): string {
  const count = (...phases: readonly string[]) => rows.filter(({ state }) => phases.includes(state.phase)).length;
  const parts = [
    [count("ready"), "ready"],
    [count("starting"), "starting"],
    [count("waiting"), "waiting"],
    [count("failing"), "failing"],
    [count("stopped", "stopping"), "stopped"],
  ] as const;
  return parts.flatMap(([number, word]) => (number > 0 ? `${number} ${word}` : [])).join(", ");
}
