import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CalendarPlus } from "lucide-react";
import { useCallback } from "react";
import { recurringRun, recurringRuns } from "@/api/recurring";
import { Bar, SearchBox, Under } from "@/components/Bar";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { useRemoved } from "@/components/Undo";
import { matches } from "@/domain/search";
import { RecurringDetail } from "@/features/recurring/RecurringDetail";
import { RecurringTable } from "@/features/recurring/RecurringTable";

export function Recurring() {
  const navigate = useNavigate({ from: "/recurring" });
  const { q = "", id } = useSearch({ from: "/recurring" });
  const list = useQuery(recurringRuns());
  const leaving = useRemoved();
  const all = (list.data ?? []).filter((one) => !leaving.has(one.recurring_run_id));
  const found = all.filter((one) => matches(one.display_name, q));
  const paused = all.filter((one) => one.status === "DISABLED").length;
  const close = useCallback(() => void navigate({ search: (now) => ({ ...now, id: undefined }), replace: true }), [navigate]);
  const schedule = () => void navigate({ to: "/new-run", search: { schedule: true } });
  return (
    <Page
      title="Recurring runs"
      answer={list.data ? `${all.length - paused} scheduled${paused > 0 ? `, ${paused} paused` : ""}` : " "}
      actions={
        <Button kind="primary" icon={<CalendarPlus size={14} aria-hidden />} onClick={schedule}>
          Schedule a run
        </Button>
      }
      fills
    >
      <Beside panel={id && !leaving.has(id) && <Detail key={id} id={id} onClose={close} />}>
        {list.isPending ? (
          <Skeleton rows={12} />
        ) : list.isError && !list.data ? (
          <Trouble error={list.error} />
        ) : all.length === 0 ? (
          <Empty title="Nothing recurs yet" action={<Button onClick={schedule}>Schedule a run</Button>}>
            A recurring run begins runs of a pipeline by itself: every night, every two hours. The workbench has to be running at the time; what it missed it can catch up on.
          </Empty>
        ) : (
          <Under
            bar={
              <Bar>
                <SearchBox label="Search recurring runs" value={q} onChange={(text) => void navigate({ search: (now) => ({ ...now, q: text || undefined }), replace: true })} />
              </Bar>
            }
          >
            {found.length === 0 ? (
              <Empty title={`No recurring run is called “${q}”`} />
            ) : (
              <RecurringTable rows={found} current={id} onOpen={(opened) => void navigate({ search: (now) => ({ ...now, id: opened }), replace: true })} />
            )}
          </Under>
        )}
      </Beside>
    </Page>
  );
}

function Detail({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const run = useQuery(recurringRun(id));
  return (
    <Panel title={<span title={run.data?.display_name}>{run.data?.display_name ?? "Recurring run"}</span>} onClose={onClose}>
      {run.data ? <RecurringDetail run={run.data} onGone={onClose} /> : run.isError ? <Trouble error={run.error} /> : <Skeleton rows={10} />}
    </Panel>
  );
}
