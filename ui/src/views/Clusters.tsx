import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type ClusterContext, clusterContexts } from "@/api/clusters";
import { Beside } from "@/components/Beside";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import type { ClustersSearch } from "@/domain/clustersSearch";
import { ContextPanel } from "@/features/clusters/ContextPanel";
import { Contexts } from "@/features/clusters/Contexts";
import { Findings } from "@/features/clusters/Findings";
import { Sent } from "@/features/clusters/Sent";

/** The clusters that the kubeconfig leads to, what each has, and what was sent to it. */
export function Clusters() {
  const search = useSearch({ from: "/clusters" });
  const { open, tab } = search;
  const navigate = useNavigate();
  const { data, error } = useQuery(clusterContexts());
  const look = useCallback((next: ClustersSearch) => void navigate({ to: "/clusters", search: next }), [navigate]);
  const show = useCallback(({ name }: ClusterContext) => look({ open: name }), [look]);
  const close = useCallback(() => look({}), [look]);
  const opened = useMemo(() => (tab ? undefined : data?.contexts.find(({ name }) => name === open)), [data, open, tab]);
  return (
    <Page
      title="Clusters"
      answer="Where what runs here can be sent; the kubeconfig is read and never written"
      actions={
        <CopyAs
          texts={[
            { label: "command", text: "coracle contexts" },
            { label: "command for what was sent", text: `coracle deployments -A${search.context ? ` --context ${search.context}` : ""}` },
          ]}
        />
      }
      fills
    >
      {error && !data ? (
        <Trouble error={error} />
      ) : !data ? (
        <Skeleton rows={6} />
      ) : data.contexts.length === 0 ? (
        <>
          <Findings findings={data.problems} />
          <Empty title="No clusters yet">
            Contexts are those of <code>KUBECONFIG</code>, or of <code>~/.kube/config</code>, as kubectl has them. The same definitions that run here are sent there with <code>coracle deploy</code>.
          </Empty>
        </>
      ) : (
        <Tabs
          label="Clusters"
          value={tab ?? "contexts"}
          onChange={(key) => look(key === "sent" ? { tab: "sent", ...(open && { context: open }) } : {})}
          tabs={[
            {
              key: "contexts",
              title: "Contexts",
              content: (
                <Beside panel={opened && <ContextPanel key={opened.name} context={opened} onClose={close} />}>
                  <Findings findings={data.problems} />
                  <Contexts contexts={data.contexts} current={open} onOpen={show} />
                </Beside>
              ),
            },
            { key: "sent", title: "Sent there", content: <Sent contexts={data.contexts} search={search} onSearch={look} /> },
          ]}
        />
      )}
    </Page>
  );
}
