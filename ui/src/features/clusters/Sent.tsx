import { useQuery, useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { type ClusterContext, clusterDeployments, type Deployed, type ListedDeployment } from "@/api/clusters";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Filters, FilterText } from "@/components/Filters";
import { Select } from "@/components/Field";
import { Badge, Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { firstContext } from "@/domain/cluster";
import type { ClustersSearch } from "@/domain/clustersSearch";
import { objectName, shownDeployment } from "@/domain/deployment";
import styles from "./Clusters.module.css";
import { DeploymentPanel } from "./DeploymentPanel";
import { Outcomes } from "./Outcomes";

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly search: ClustersSearch;
  readonly onSearch: (search: ClustersSearch) => void;
}

const keyOf = ({ namespace, deployment }: ListedDeployment): string => `${namespace}/${deployment}`;

const columnsOf = (context: string): readonly Column<ListedDeployment>[] => [
  {
    key: "name",
    title: "Deployment",
    width: "minmax(140px, 1.2fr)",
    cell: ({ deployment }) => (
      <span className={styles.current}>
        <strong title={deployment}>{deployment}</strong>
        <span title={`in the cluster of ${context}`}>
          <Badge tone="accent">{context}</Badge>
        </span>
      </span>
    ),
  },
  { key: "state", title: "State", width: "minmax(140px, 1fr)", cell: (one) => <Told deployment={one} /> },
  { key: "objects", title: "Objects", width: "minmax(120px, 2fr)", wide: true, cell: ({ objects }) => <span className={styles.quiet}>{objects.map(objectName).join(", ")}</span> },
  { key: "namespace", title: "Namespace", width: "minmax(80px, 140px)", wide: true, cell: ({ namespace }) => namespace },
  { key: "revision", title: "Times sent", width: "84px", align: "right", wide: true, cell: ({ revision }) => revision },
  { key: "at", title: "Last", width: "92px", align: "right", cell: ({ written_at: at }) => <Ago at={at} /> },
];

function Told({ deployment }: { readonly deployment: ListedDeployment }) {
  const [shown, reason] = shownDeployment(deployment);
  return <Status shown={shown} reason={reason} />;
}

/** What was sent to a cluster, by its records there: whoever sent it, from wherever. */
export function Sent({ contexts, search, onSearch }: Props) {
  const context = contexts.find(({ name }) => name === search.context) ?? firstContext(contexts);
  const queries = useQueryClient();
  const [deployed, setDeployed] = useState<{ readonly at: string; readonly what: Deployed }>();
  const { namespace = "", open, follow } = search;
  const columns = useMemo(() => columnsOf(context?.name ?? ""), [context?.name]);
  const list = useQuery({ ...clusterDeployments(context?.name ?? "", namespace), enabled: context !== undefined });
  if (!context) {
    return (
      <Empty title="No cluster to look at">
        The kubeconfig has no context that can be used: that of <code>KUBECONFIG</code>, or <code>~/.kube/config</code>.
      </Empty>
    );
  }
  const place: ClustersSearch = { tab: "sent", context: context.name, ...(namespace && { namespace }) };
  const opened = list.data?.deployments.find((one) => keyOf(one) === open);
  const panel = opened && (
    <DeploymentPanel
      key={`${context.name} ${open}`}
      context={context}
      deployment={opened}
      followed={follow}
      onFollow={(workload) => onSearch({ ...place, ...(open && { open }), ...(workload && { follow: workload }) })}
      onClose={() => onSearch(place)}
      onDone={(what) => {
        setDeployed({ at: context.name, what });
        void queries.invalidateQueries({ queryKey: ["cluster-deployments", context.name] });
      }}
    />
  );
  return (
    <Beside panel={panel}>
      <div className={styles.sent}>
        <Filters>
          <Select aria-label="Context" value={context.name} onChange={({ target }) => onSearch({ tab: "sent", context: target.value })}>
            {contexts.map(({ name, is_usable }) => (
              <option key={name} value={name} disabled={!is_usable}>
                {name}
              </option>
            ))}
          </Select>
          <FilterText key={context.name} label="Namespace" placeholder="All namespaces" value={namespace} onChange={(typed) => onSearch({ tab: "sent", context: context.name, ...(typed && { namespace: typed }) })} />
          <Button icon={<RefreshCw size={14} aria-hidden />} disabled={list.isFetching} onClick={() => void queries.invalidateQueries({ queryKey: ["cluster-deployments", context.name] })}>
            Look again
          </Button>
        </Filters>
        {deployed?.at === context.name && <Outcomes deployed={deployed.what} />}
        <Listed error={list.error} isKnown={list.data !== undefined} isEmpty={list.data?.deployments.length === 0} where={namespace ? `namespace ${namespace} of ${context.name}` : context.name}>
          <div className={styles.rows}>
            <Table
              label={`Sent to ${context.name}`}
              columns={columns}
              rows={list.data?.deployments ?? []}
              rowKey={keyOf}
              onOpen={(one) => onSearch({ ...place, open: keyOf(one) })}
              {...(open && { current: open })}
            />
          </div>
        </Listed>
      </div>
    </Beside>
  );
}

/** The list, or why there is none. */
function Listed({ error, isKnown, isEmpty, where, children }: { readonly error: Error | null; readonly isKnown: boolean; readonly isEmpty: boolean; readonly where: string; readonly children: ReactNode }) {
  if (error) return <Trouble error={error} />;
  if (!isKnown) return <Skeleton rows={6} />;
  if (!isEmpty) return children;
  return (
    <Empty title={`Nothing was sent to ${where}`}>
      Any object that runs here goes there by “Send to a cluster” in its menu, or with <code>coracle deploy</code>.
    </Empty>
  );
}
