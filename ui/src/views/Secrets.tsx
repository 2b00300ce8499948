import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { MoreHorizontal, Plus } from "lucide-react";
import { useCallback, useMemo } from "react";
import { configs } from "@/api/queries";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Menu } from "@/components/Menu";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { type Column, Table } from "@/components/Table";
import { useRemoved } from "@/components/Undo";
import { pythonUse, setCommand } from "@/domain/config";
import { type ConfigKind, NOUN, removalKey, useRemoveConfig } from "@/features/secrets/actions";
import { ConfigForm } from "@/features/secrets/ConfigForm";
import styles from "@/features/secrets/Secrets.module.css";

interface Row {
  readonly key: string;
  readonly kind: ConfigKind;
  readonly name: string;
  readonly keys: readonly string[];
}

export function Secrets() {
  const { open, make } = useSearch({ from: "/secrets" });
  const navigate = useNavigate();
  const secrets = useQuery(configs("secrets"));
  const maps = useQuery(configs("config-maps"));
  const removed = useRemoved();
  const rows = useMemo<readonly Row[] | undefined>(() => {
    if (!secrets.data || !maps.data) return undefined;
    const of = (kind: ConfigKind, items: readonly { readonly name: string; readonly keys: readonly string[] }[]) =>
      items.map(({ name, keys }) => ({ key: removalKey(kind, name), kind, name, keys }));
    return [...of("secrets", secrets.data), ...of("config-maps", maps.data)].filter(({ key }) => !removed.has(key));
  }, [secrets.data, maps.data, removed]);
  const edit = useCallback((key: string) => void navigate({ to: "/secrets", search: { open: key } }), [navigate]);
  const close = useCallback(() => void navigate({ to: "/secrets", search: {} }), [navigate]);
  const begin = (kind: ConfigKind) => void navigate({ to: "/secrets", search: { make: kind } });
  const columns = useMemo<readonly Column<Row>[]>(
    () => [
      { key: "name", title: "Name", width: "minmax(120px, 1fr)", cell: ({ name }) => <strong title={name}>{name}</strong> },
      { key: "kind", title: "Kind", width: "92px", cell: ({ kind }) => NOUN[kind] },
      { key: "keys", title: "Keys", width: "minmax(80px, 2fr)", wide: true, cell: ({ keys }) => <span className={styles.keys} title={keys.join(", ")}>{keys.join(", ")}</span> },
      { key: "actions", title: "", width: "44px", align: "right", cell: (row) => <Actions row={row} onEdit={edit} /> },
    ],
    [edit],
  );
  const replaced = rows?.find(({ key }) => key === open);
  const kind = replaced?.kind ?? make;
  const error = secrets.error ?? maps.error;
  const newSecret = (
    <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={() => begin("secrets")}>
      New secret
    </Button>
  );
  return (
    <Page title="Secrets" answer="What pipelines ask for by name; values are never shown again" actions={newSecret} fills>
      {error && !rows ? (
        <Trouble error={error} />
      ) : !rows ? (
        <Skeleton rows={8} />
      ) : (
        <Beside
          panel={
            kind && (
              <Panel title={replaced ? `Replace ${replaced.name}` : `New ${NOUN[kind].toLowerCase()}`} about={open ?? kind} onClose={close}>
                <ConfigForm key={open ?? "new"} kind={kind} replaced={replaced} taken={rows.filter((row) => row.kind === kind).map(({ name }) => name)} onKind={begin} onDone={close} />
              </Panel>
            )
          }
        >
          {rows.length === 0 ? (
            <Empty title="No secrets yet" action={<Button onClick={() => begin("secrets")}>Make a secret</Button>}>
              A pipeline that says <code>use_secret_as_env</code> or <code>use_config_map_as_env</code> asks for one by name. What you keep here stays on this machine.
            </Empty>
          ) : (
            <Table label="Secrets and config maps" columns={columns} rows={rows} rowKey={({ key }) => key} onOpen={({ key }) => edit(key)} {...(open && { current: open })} />
          )}
        </Beside>
      )}
    </Page>
  );
}

function Actions({ row: { key, kind, name, keys }, onEdit }: { readonly row: Row; readonly onEdit: (key: string) => void }) {
  const copy = useCopy();
  const remove = useRemoveConfig();
  return (
    <Menu
      trigger={<Button kind="quiet" aria-label={`More about ${name}`} icon={<MoreHorizontal size={16} />} />}
      items={[
        { label: "Replace", onSelect: () => onEdit(key) },
        null,
        { label: "Copy as Python", onSelect: () => copy({ label: "Python", text: pythonUse(kind, name, keys) }) },
        { label: "Copy as command", onSelect: () => copy({ label: "command", text: setCommand(kind, name, keys) }) },
        { label: "Copy its name", onSelect: () => copy({ label: "name", text: name }) },
        null,
        { label: "Delete", danger: true, onSelect: () => remove(kind, name) },
      ]}
    />
  );
}
