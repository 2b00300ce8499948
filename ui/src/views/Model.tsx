import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, Trash2 } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";
import { Refused } from "@/api/client";
import { EVENTS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { modelServer } from "@/api/serving";
import type { ModelServer } from "@/api/types";
import { again } from "@/components/again";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Menu } from "@/components/Menu";
import { Page } from "@/components/Page";
import { Status } from "@/components/Status";
import { Tabs } from "@/components/Tabs";
import type { KubeEvent } from "@/domain/kinds";
import type { ModelTab } from "@/domain/modelSearch";
import { serverCopies, shownServer } from "@/domain/modelServer";
import { useServerActions } from "@/features/models/actions";
import { Overview } from "@/features/models/Overview";
import { Playground } from "@/features/models/Playground";
import { ServerLog } from "@/features/models/ServerLog";
import { StopOrStart } from "@/features/models/StopOrStart";
import { Events } from "@/features/pods/Events";

const Requests = lazy(again(() => import("@/features/modelRequests/Requests")));
const Definition = lazy(again(() => import("@/features/models/Definition")));
const Drift = lazy(again(() => import("@/features/modelDrift/Drift")));

export function Model() {
  const { namespace, name } = useParams({ from: "/models/$namespace/$name" });
  const { data, error } = useQuery(modelServer(namespace, name));
  const isGone = error instanceof Refused && error.status === 404;
  if (error && (!data || isGone)) {
    return (
      <Page title={name}>
        <Trouble error={error} action={<Link to="/models">All model servers</Link>} />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title={name} answer="…">
        <Skeleton rows={10} />
      </Page>
    );
  }
  return <Shown server={data} />;
}

function Shown({ server }: { readonly server: ModelServer }) {
  const search = useSearch({ from: "/models/$namespace/$name" });
  const navigate = useNavigate({ from: "/models/$namespace/$name" });
  const { tab = "overview" } = search;
  const turn = (key: string) => void navigate({ search: key === "overview" ? {} : { tab: key as ModelTab } });
  return (
    <Page title={server.name} answer={<Status shown={shownServer(server.state)} reason={server.reason ?? undefined} />} actions={<Actions server={server} />} fills={tab === "logs" || tab === "definition" || (tab === "requests" && !search.replay)}>
      <Tabs
        label="About the model server"
        value={tab}
        onChange={turn}
        tabs={[
          { key: "overview", title: "Overview", content: <Overview server={server} /> },
          { key: "playground", title: "Playground", content: <Playground server={server} /> },
          {
            key: "requests",
            title: "Requests",
            content: (
              <Suspense fallback={<Skeleton rows={12} />}>
                <Requests server={server} search={search} />
              </Suspense>
            ),
          },
          {
            key: "drift",
            title: "Drift",
            content: (
              <Suspense fallback={<Skeleton rows={12} />}>
                <Drift server={server} search={search} />
              </Suspense>
            ),
          },
          { key: "logs", title: "Logs", content: <ServerLog server={server} search={search} /> },
          { key: "events", title: "Events", content: <ServerEvents server={server} /> },
          {
            key: "definition",
            title: "YAML",
            content: (
              <Suspense fallback={<Skeleton rows={12} />}>
                <Definition server={server} />
              </Suspense>
            ),
          },
        ]}
      />
    </Page>
  );
}

function Actions({ server }: { readonly server: ModelServer }) {
  const navigate = useNavigate();
  const { drop } = useServerActions();
  const { namespace, name } = server;
  const remove = () => {
    drop(server, () => void navigate({ to: "/models/$namespace/$name", params: { namespace, name } }));
    void navigate({ to: "/models" });
  };
  return (
    <>
      <StopOrStart server={server} kind="plain" isWide />
      <CopyAs texts={serverCopies(server, location.origin)} />
      <Menu
        trigger={<Button kind="quiet" aria-label="More" icon={<MoreHorizontal size={16} />} />}
        items={[
          { label: "Send to a cluster", onSelect: () => void navigate({ to: "/deploy", search: { what: `isvc/${name}`, namespace } }) },
          null,
          { label: "Delete", icon: <Trash2 size={14} aria-hidden />, danger: true, onSelect: remove },
        ]}
      />
    </>
  );
}

/** What happened to the service and to its pods. */
function ServerEvents({ server: { namespace, name, parts } }: { readonly server: ModelServer }) {
  const { data, error } = useQuery(kubeObjects<KubeEvent>(EVENTS, namespace));
  const events = useMemo(() => {
    const names = new Set([name, ...parts.flatMap(({ pods, revisions }) => [...pods, ...revisions].map((one) => one.name)), ...parts.map((part) => `${name}-${part.name}`)]);
    return data?.filter(({ involvedObject }) => names.has(involvedObject.name ?? ""));
  }, [data, name, parts]);
  if (error && !events) return <Trouble error={error} />;
  return events ? <Events events={events} /> : <Skeleton />;
}
