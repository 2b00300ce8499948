import { Link, useNavigate } from "@tanstack/react-router";
import { MoreHorizontal } from "lucide-react";
import { useCallback, useMemo } from "react";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Menu } from "@/components/Menu";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import type { ModelTab } from "@/domain/modelSearch";
import { servedBy, serverCopies, serverKey, shownServer, trafficWords } from "@/domain/modelServer";
import { useServerActions } from "./actions";
import styles from "./Models.module.css";
import { StopOrStart } from "./StopOrStart";

const open = ({ namespace, name }: ModelServer, tab: ModelTab = "overview") => ({ to: "/models/$namespace/$name", params: { namespace, name }, search: tab === "overview" ? {} : { tab } }) as const;

export function ModelTable({ servers }: { readonly servers: readonly ModelServer[] }) {
  const navigate = useNavigate();
  const onOpen = useCallback((server: ModelServer) => void navigate(open(server)), [navigate]);
  const columns = useMemo<readonly Column<ModelServer>[]>(() => {
    const isOne = servers.every(({ namespace }) => namespace === "default");
    const isSplit = servers.some((server) => trafficWords(server));
    return [
      { key: "name", title: "Model server", width: "minmax(110px, 1.4fr)", cell: (server) => <Link {...open(server)} className={styles.name} title={server.name}>{server.name}</Link> },
      ...(isOne ? [] : [{ key: "namespace", title: "Namespace", width: "minmax(80px, 1fr)", wide: true, cell: ({ namespace }: ModelServer) => namespace }]),
      { key: "state", title: "State", width: "minmax(96px, 3fr)", cell: ({ state, reason }) => <Status shown={shownServer(state)} reason={reason ?? undefined} /> },
      { key: "format", title: "Format", width: "minmax(80px, 120px)", wide: true, cell: ({ format }) => format ?? <span className={styles.quiet}>its own</span> },
      { key: "runtime", title: "Served by", width: "minmax(110px, 1.4fr)", wide: true, cell: (server) => <span title={servedBy(server)}>{servedBy(server)}</span> },
      ...(isSplit ? [{ key: "traffic", title: "Traffic", width: "84px", align: "right" as const, wide: true, cell: trafficWords }] : []),
      { key: "replicas", title: "Pods", width: "64px", align: "right", wide: true, cell: ({ replicas }) => <span title={`${replicas.ready} of ${replicas.wanted} answer`}>{`${replicas.ready}/${replicas.wanted}`}</span> },
      { key: "age", title: "Made", width: "84px", align: "right", wide: true, cell: ({ created_at }) => <Ago at={created_at} /> },
      { key: "actions", title: "", width: "72px", align: "right", cell: (server) => <RowActions server={server} /> },
    ];
  }, [servers]);
  return <Table label="Model servers" columns={columns} rows={servers} rowKey={serverKey} onOpen={onOpen} />;
}

function RowActions({ server }: { readonly server: ModelServer }) {
  const navigate = useNavigate();
  const { drop } = useServerActions();
  const copy = useCopy();
  const show = (tab: ModelTab) => void navigate(open(server, tab));
  return (
    <span className={styles.actions} data-stop>
      <StopOrStart server={server} kind="quiet" />
      <Menu
        trigger={<Button kind="quiet" aria-label={`More about ${server.name}`} icon={<MoreHorizontal size={16} />} />}
        items={[
          { label: "Playground", onSelect: () => show("playground") },
          { label: "Logs", onSelect: () => show("logs") },
          { label: "YAML", onSelect: () => show("definition") },
          { label: "Send to a cluster", onSelect: () => void navigate({ to: "/deploy", search: { what: `isvc/${server.name}`, namespace: server.namespace } }) },
          null,
          ...serverCopies(server, location.origin).map((one) => ({ label: `Copy as ${one.label}`, onSelect: () => copy(one) })),
          null,
          { label: "Delete", danger: true, onSelect: () => drop(server) },
        ]}
      />
    </span>
  );
}
