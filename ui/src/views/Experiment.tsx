import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, Play } from "lucide-react";
import { experiment as experimentQuery, experimentRuns } from "@/api/experiments";
import type { Experiment as ExperimentOf } from "@/api/kfp";
import { recurringRuns } from "@/api/recurring";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Menu } from "@/components/Menu";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { ExperimentRuns } from "@/features/experiments/ExperimentRuns";
import { useExperimentActions } from "@/features/experiments/useExperimentActions";
import { RecurringTable } from "@/features/recurring/RecurringTable";

export function Experiment() {
  const { id } = useParams({ from: "/experiments/$id" });
  const { tab = "runs" } = useSearch({ from: "/experiments/$id" });
  const navigate = useNavigate({ from: "/experiments/$id" });
  const found = useQuery(experimentQuery(id));
  const runs = useQuery(experimentRuns(id));
  const recurring = useQuery(recurringRuns()).data?.filter((one) => one.experiment_id === id) ?? [];
  if (found.isError && !found.data) return <Page title="Experiment"><Trouble error={found.error} /></Page>;
  if (!found.data) return <Page title="Experiment" answer=" "><Skeleton rows={12} /></Page>;
  const all = runs.data ?? [];
  const failed = all.filter((one) => one.state === "FAILED").length;
  const isArchived = found.data.storage_state === "ARCHIVED";
  const run = () => void navigate({ to: "/new-run", search: { experiment: id } });
  const runsTab = runs.isPending ? (
    <Skeleton rows={12} />
  ) : runs.isError && !runs.data ? (
    <Trouble error={runs.error} />
  ) : all.length === 0 ? (
    <Empty title="No runs in it yet" action={!isArchived && <Button onClick={run}>New run</Button>}>
      A run belongs to the experiment that it is begun in.
    </Empty>
  ) : (
    <ExperimentRuns rows={all} />
  );
  const recurringTab =
    recurring.length === 0 ? (
      <Empty title="Nothing recurs in it" />
    ) : (
      <RecurringTable rows={recurring} onOpen={(opened) => void navigate({ to: "/recurring", search: { id: opened } })} />
    );
  return (
    <Page
      title={<span title={found.data.display_name}>{found.data.display_name}</span>}
      answer={[isArchived ? "Archived" : "", `${all.length} ${all.length === 1 ? "run" : "runs"}`, failed > 0 ? `${failed} failed` : "", found.data.description].filter(Boolean).join(" · ")}
      actions={<Actions experiment={found.data} onRun={run} isArchived={isArchived} />}
      fills
    >
      <Beside>
      <Tabs
        label="Experiment"
        value={tab}
        onChange={(key) => void navigate({ search: { tab: key === "recurring" ? "recurring" : undefined }, replace: true })}
        tabs={[
          { key: "runs", title: `Runs ${all.length}`, content: runsTab },
          { key: "recurring", title: `Recurring runs ${recurring.length}`, content: recurringTab },
        ]}
      />
      </Beside>
    </Page>
  );
}

function Actions({ experiment, onRun, isArchived }: { readonly experiment: ExperimentOf; readonly onRun: () => void; readonly isArchived: boolean }) {
  const navigate = useNavigate();
  const items = useExperimentActions(experiment, () => void navigate({ to: "/experiments" }));
  return (
    <>
      <Menu trigger={<Button aria-label="More" icon={<MoreHorizontal size={16} aria-hidden />} />} items={items.slice(1)} />
      <Button kind="primary" icon={<Play size={14} aria-hidden />} disabled={isArchived} onClick={onRun}>
        New run
      </Button>
    </>
  );
}
