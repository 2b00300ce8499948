import { lazy, Suspense } from "react";
import { Link } from "@tanstack/react-router";
import { again } from "@/components/again";
import { Skeleton } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Tabs } from "@/components/Tabs";
import { Ago } from "@/components/Time";
import { mainContainer, LAST_ACTIVITY, openedStep, serverPath } from "@/domain/notebook";
import { Events } from "../pods/Events";
import { Log } from "../pods/Log";
import { Needs } from "./Needs";
import { NotebookActions } from "./NotebookActions";
import { NotebookStatus } from "./NotebookStatus";
import styles from "./Notebooks.module.css";
import type { NotebookRow } from "./useNotebooks";

const Terminal = lazy(again(() => import("./Terminal")));
const Definition = lazy(again(() => import("./Definition")));

interface Props {
  readonly row: NotebookRow;
  readonly tab: string;
  readonly onTab: (tab: string) => void;
}

/** Everything about one notebook. */
export function Details({ row, tab, onTab }: Props) {
  const { notebook, pod, events, state } = row;
  const { namespace = "default" } = notebook.metadata;
  const container = mainContainer(notebook)?.name ?? "";
  const status = pod?.status?.containerStatuses?.find(({ name }) => name === container);
  const attempt = status?.state?.running || status?.state?.terminated ? status.restartCount : undefined;
  return (
    <div className={styles.details}>
      <div className={styles.head}>
        <NotebookStatus row={row} />
        <NotebookActions row={row} onShow={onTab} isWide />
      </div>
      <Tabs
        label="About the notebook"
        value={tab}
        onChange={onTab}
        tabs={[
          { key: "overview", title: "Overview", content: <Overview row={row} /> },
          { key: "log", title: "Log", content: pod ? <Log key={pod.metadata.uid} namespace={namespace} pod={pod.metadata.name} container={container} attempt={attempt} /> : <NotThere /> },
          {
            key: "terminal",
            title: "Terminal",
            content:
              pod && state.phase === "ready" ? (
                <Suspense fallback={<Skeleton />}>
                  <Terminal key={pod.metadata.uid} namespace={namespace} pod={pod.metadata.name} container={container} />
                </Suspense>
              ) : (
                <NotThere />
              ),
          },
          { key: "events", title: "Events", content: <Events events={events} /> },
          { key: "definition", title: "YAML", content: <Suspense fallback={<Skeleton />}><Definition object={notebook} /></Suspense> },
        ]}
      />
    </div>
  );
}

const NotThere = () => <p className={styles.when}>It does not run. Start it, and what it says is here.</p>;

function Overview({ row }: { readonly row: NotebookRow }) {
  const { notebook, needs, state, pod } = row;
  const { namespace = "default", creationTimestamp, annotations } = notebook.metadata;
  const step = openedStep(notebook);
  const mounts = mainContainer(notebook)?.volumeMounts ?? [];
  const volumes = notebook.spec.template.spec.volumes ?? [];
  const restarts = pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
  return (
    <div className={styles.overview}>
      <Facts
        facts={[
          ["Why", state.reason],
          ["Address", <code key="address">{serverPath(notebook)}</code>],
          ["Opened from", step && <Link key="step" to="/runs/$id" params={{ id: step.run }}>{`step ${step.step} of run ${step.run.slice(0, 8)}`}</Link>],
          ["Namespace", namespace === "default" ? undefined : namespace],
          ["Made", <Ago key="made" at={creationTimestamp} />],
          ["Last used", annotations?.[LAST_ACTIVITY] && <Ago key="used" at={annotations[LAST_ACTIVITY]} />],
          ["Restarts", restarts > 0 ? restarts : undefined],
          ...volumes.flatMap(({ name, persistentVolumeClaim, emptyDir }) => {
            const path = mounts.find((mount) => mount.name === name)?.mountPath;
            if (!path) return [];
            const what = persistentVolumeClaim ? <Link to="/volumes" search={{ open: `${namespace}/${persistentVolumeClaim.claimName}` }}>{persistentVolumeClaim.claimName}</Link> : emptyDir?.medium === "Memory" ? "shared memory" : emptyDir ? "empty, gone when it stops" : name;
            return [[path, what] as const];
          }),
        ]}
      />
      <Needs key={`${needs.image} ${needs.cpu} ${needs.memory} ${needs.gpus}`} notebook={notebook} needs={needs} isStopped={state.phase === "stopped"} />
    </div>
  );
}
