import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback } from "react";
import { experiments } from "@/api/experiments";
import { Bar, SearchBox, Under } from "@/components/Bar";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Checkbox } from "@/components/Field";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { useRemoved } from "@/components/Undo";
import { matches } from "@/domain/search";
import { ExperimentTable } from "@/features/experiments/ExperimentTable";
import { NewExperiment } from "@/features/experiments/NewExperiment";

export function Experiments() {
  const navigate = useNavigate({ from: "/experiments" });
  const { q = "", archived = false, create } = useSearch({ from: "/experiments" });
  const list = useQuery(experiments());
  const leaving = useRemoved();
  const all = (list.data ?? []).filter((one) => !leaving.has(one.experiment_id));
  const active = all.filter((one) => one.storage_state === "AVAILABLE");
  const found = (archived ? all : active).filter((one) => matches(`${one.display_name} ${one.description ?? ""}`, q));
  const setCreate = useCallback((isOpen: boolean) => void navigate({ search: (now) => ({ ...now, create: isOpen || undefined }), replace: true }), [navigate]);
  const close = useCallback(() => setCreate(false), [setCreate]);
  const panel = create && (
    <Panel title="New experiment" onClose={close}>
      <NewExperiment onDone={(id) => void navigate({ to: "/experiments/$id", params: { id } })} />
    </Panel>
  );
  const hidden = all.length - active.length;
  return (
    <Page
      title="Experiments"
      answer={list.data ? `${active.length} active${hidden > 0 ? `, ${hidden} archived` : ""}` : " "}
      actions={
        <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setCreate(true)}>
          New experiment
        </Button>
      }
      fills
    >
      <Beside panel={panel}>
        {list.isPending ? (
          <Skeleton rows={12} />
        ) : list.isError && !list.data ? (
          <Trouble error={list.error} />
        ) : (
          <Under
            bar={
              <Bar>
                <SearchBox label="Search experiments" value={q} onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text || undefined }), replace: true })} />
                <Checkbox
                  label="Show archived"
                  checked={archived}
                  onChange={(event) => void navigate({ search: (now) => ({ ...now, archived: event.target.checked || undefined }), replace: true })}
                />
              </Bar>
            }
          >
            {found.length > 0 ? (
              <ExperimentTable rows={found} />
            ) : (
              <Empty title={q ? `No experiment is called “${q}”` : "No experiments"} action={!q && <Button onClick={() => setCreate(true)}>New experiment</Button>}>
                {!q && "An experiment groups runs that belong together, so that they are found and compared."}
              </Empty>
            )}
          </Under>
        )}
      </Beside>
    </Page>
  );
}
