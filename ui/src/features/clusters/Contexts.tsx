import type { ClusterContext } from "@/api/clusters";
import { Badge, Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { shownContext } from "@/domain/cluster";
import styles from "./Clusters.module.css";

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

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly current: string | undefined;
  readonly onOpen: (context: ClusterContext) => void;
}

/** The contexts of the kubeconfig, each with whether it can be used. */
export const Contexts = ({ contexts, current, onOpen }: Props) => (
  <Table label="Contexts" columns={COLUMNS} rows={contexts} rowKey={({ name }) => name} onOpen={onOpen} {...(current && { current })} />
);
