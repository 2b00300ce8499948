import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type ClusterContext, clusterContexts } from "@/api/clusters";
import { Beside } from "@/components/Beside";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Badge, Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { shownContext } from "@/domain/cluster";
import styles from "@/features/clusters/Clusters.module.css";
import { ContextPanel } from "@/features/clusters/ContextPanel";
import { Findings } from "@/features/clusters/Findings";

const COLUMNS: readonly Column<ClusterContext>[] = [
  {
    key: "name",
    title: "Context",
    width: "minmax(120px, 1.2fr)",
    cell: ({ name, is_current }) => (
      <span className={styles.current}>
        <strong title={name}>{name}</strong>
        {is_current && <Badge tone="accent">current</Badge>}
      </span>
    ),
  },
  { key: "state", title: "State", width: "minmax(110px, 2fr)", cell: (context) => <Status shown={shownContext(context)} reason={context.problems[0]?.message} /> },
  { key: "server", title: "Server", width: "minmax(120px, 1.6fr)", wide: true, cell: ({ server }) => <span title={server ?? ""}>{server}</span> },
  { key: "namespace", title: "Namespace", width: "minmax(80px, 140px)", wide: true, cell: ({ namespace }) => namespace },
  { key: "credentials", title: "Credentials", width: "minmax(80px, 160px)", wide: true, cell: ({ credentials }) => <span className={styles.quiet}>{credentials}</span> },
];

/** The clusters that the kubeconfig leads to, and what each has. */
export function Clusters() {
  const { open } = useSearch({ from: "/clusters" });
  const navigate = useNavigate();
  const { data, error } = useQuery(clusterContexts());
  const show = useCallback(({ name }: ClusterContext) => void navigate({ to: "/clusters", search: { open: name } }), [navigate]);
  const close = useCallback(() => void navigate({ to: "/clusters", search: {} }), [navigate]);
  const opened = useMemo(() => data?.contexts.find(({ name }) => name === open), [data, open]);
  return (
    <Page
      title="Clusters"
      answer="Where what runs here can be sent; the kubeconfig is read and never written"
      actions={<CopyAs texts={[{ label: "command", text: "coracle contexts" }]} />}
      fills
    >
      {error && !data ? (
        <Trouble error={error} />
      ) : !data ? (
        <Skeleton rows={6} />
      ) : (
        <Beside panel={opened && <ContextPanel key={opened.name} context={opened} onClose={close} />}>
          <Findings findings={data.problems} />
          {data.contexts.length === 0 ? (
            <Empty title="No clusters yet">
              Contexts are those of <code>KUBECONFIG</code>, or of <code>~/.kube/config</code>, as kubectl has them. The same definitions that run here are sent there with <code>coracle deploy</code>.
            </Empty>
          ) : (
            <Table label="Contexts" columns={COLUMNS} rows={data.contexts} rowKey={({ name }) => name} onOpen={show} {...(open && { current: open })} />
          )}
        </Beside>
      )}
    </Page>
  );
}
