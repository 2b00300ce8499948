import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { definedRun, run as runQuery, runPipeline, tasks as tasksQuery } from "@/api/queries";
import type { Run as RunOf } from "@/api/types";
import { Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { useNow } from "@/components/Time";
import { taskAt } from "@/domain/graph";
import { readPipeline } from "@/domain/pipeline";
import type { RunSearch } from "@/domain/runSearch";
import { failedStep, indexTasks, isStep } from "@/domain/runTasks";
import { isOver } from "@/domain/state";
import { criticalPath, spanOf } from "@/domain/timeline";
import { Definition } from "@/features/run/Definition";
import { Notices } from "@/features/run/Notices";
import { RunActions } from "@/features/run/RunActions";
import { RunAnswer } from "@/features/run/RunAnswer";
import { RunArtifacts } from "@/features/run/RunArtifacts";
import { RunLogs } from "@/features/run/RunLogs";
import { RunValues } from "@/features/run/RunValues";
import styles from "@/features/run/Run.module.css";
import { TaskPanel } from "@/features/run/TaskPanel";
import { Axis } from "@/features/timeline/Axis";
import { Timeline } from "@/features/timeline/Timeline";
import { again } from "@/components/again";

// Browsers drop connections when a container's network comes or goes, as one does just when a run is looked at.
const loadGraph = again(() => import("@/features/run/RunGraph").then((loaded) => ({ default: loaded.RunGraph })));
const RunGraph = lazy(loadGraph);

export function Run() {
  const { id } = useParams({ from: "/runs/$id" });
  const isGraph = useSearch({ from: "/runs/$id", select: ({ tab }) => tab === undefined });
  const run = useQuery(runQuery(id));
  // All that the page will want is asked for at once, rather than each when the one before it is there.
  usePrefetchQuery(tasksQuery(id));
  usePrefetchQuery(definedRun(id));
  usePrefetchQuery(runPipeline(id));
  useEffect(() => {
    if (isGraph) void loadGraph().catch(() => undefined);
  }, [isGraph]);
  if (run.data) return <Known key={run.data.run_id} run={run.data} />;
  if (run.isError) {
    return (
      <Page title="Run">
        <Trouble error={run.error} action={<a href="#/runs">All runs</a>} />
      </Page>
    );
  }
  return (
    <Page title="Run" answer=" " fills>
      <Skeleton rows={12} />
    </Page>
  );
}

type Change = Partial<Record<keyof RunSearch, unknown>>;

function Known({ run }: { readonly run: RunOf }) {
  const id = run.run_id;
  const navigate = useNavigate({ from: "/runs/$id" });
  const search = useSearch({ from: "/runs/$id" });
  const list = useQuery(tasksQuery(id));
  const kfp = useQuery(definedRun(id));
  const definition = useQuery(runPipeline(id));
  const pipeline = useMemo(() => (definition.data ? readPipeline(definition.data) : undefined), [definition.data]);
  const tasks = useMemo(() => list.data ?? [], [list.data]);
  const index = useMemo(() => indexTasks(tasks), [tasks]);
  const failed = useMemo(() => (run.state === "FAILED" ? failedStep(tasks) : undefined), [tasks, run.state]);
  const tab = search.tab ?? "graph";
  // Of thousands of tasks it takes a while, and only the timeline shows it.
  const critical = useMemo(() => criticalPath(tab === "timeline" ? tasks : [], pipeline), [tasks, pipeline, tab]);
  const [cursor, setCursor] = useState<number>();
  const now = useNow(!isOver(run.state));
  const span = spanOf(run, now);
  const marks = useMemo(
    () => tasks.flatMap((task) => (isStep(task) && task.state === "FAILED" && task.finished_at ? [{ at: Date.parse(task.finished_at), tone: "fail" }] : [])),
    [tasks],
  );
  const onSearch = useCallback((change: Change) => void navigate({ search: (before: RunSearch) => ({ ...before, ...change }) as RunSearch, replace: true }), [navigate]);
  const onTask = useCallback((path: string) => onSearch({ tab: undefined, task: path }), [onSearch]);
  const onClose = useCallback(() => onSearch({ task: undefined, attempt: undefined }), [onSearch]);
  const onSelect = useCallback((task: string) => onSearch({ task, attempt: undefined }), [onSearch]);
  const axis = (
    <div className={styles.axis}>
      <Axis span={span} cursor={cursor} onCursor={setCursor} marks={marks} />
    </div>
  );
  const shown = { run, tasks, index, search, onSearch, cursor };
  const tabs = [
    {
      key: "graph",
      title: "Graph",
      content: (
        <div className={styles.graphs}>
          {pipeline && list.data ? (
            <Suspense fallback={<Skeleton rows={10} />}>
              <RunGraph pipeline={pipeline} {...shown} />
            </Suspense>
          ) : definition.isError ? (
            <Trouble error={definition.error} />
          ) : (
            <Skeleton rows={10} />
          )}
          {axis}
        </div>
      ),
    },
    {
      key: "timeline",
      title: "Timeline",
      content: list.data ? (
        <Timeline tasks={tasks} span={span} critical={critical} selected={search.task} onSelect={onSelect} cursor={cursor} onCursor={setCursor} />
      ) : (
        <Skeleton rows={10} />
      ),
    },
    {
      key: "logs",
      title: "Logs",
      content: (
        <div className={styles.logs}>
          {list.data ? <RunLogs {...shown} /> : <Skeleton rows={12} />}
          {axis}
        </div>
      ),
    },
    { key: "artifacts", title: "Artifacts", content: <RunArtifacts run={id} onTask={onTask} /> },
    { key: "values", title: "Inputs & outputs", content: <RunValues run={run} kfp={kfp.data} pipeline={pipeline} /> },
    { key: "definition", title: "Definition", content: <Definition run={id} name={run.pipeline} /> },
  ];
  const hasPanel = search.task !== undefined && (tab === "graph" || tab === "timeline");
  return (
    <Page
      title={<span title={run.display_name}>{run.display_name}</span>}
      answer={<RunAnswer run={run} tasks={tasks} failed={failed} />}
      actions={<RunActions run={run} failed={failed} selected={search.task === undefined ? undefined : index.byPath.get(search.task)} isArchived={kfp.data?.storage_state === "ARCHIVED"} />}
      fills
    >
      <div className={styles.body}>
        <div className={styles.main}>
          <Notices run={run} />
          {list.isError && <Trouble error={list.error} />}
          <Tabs label="Views of the run" value={tab} onChange={(key) => onSearch({ tab: key === "graph" ? undefined : key })} tabs={tabs} />
        </div>
        {hasPanel && search.task !== undefined && (
          <TaskPanel
            run={run}
            path={search.task}
            index={index}
            tasks={tasks}
            defined={pipeline && taskAt(pipeline, search.task)}
            attempt={search.attempt}
            onAttempt={(attempt) => onSearch({ attempt })}
            onSelect={onSelect}
            onClose={onClose}
          />
        )}
      </div>
    </Page>
  );
}
