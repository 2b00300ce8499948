import { useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useCallback, useMemo } from "react";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { Status } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { useRemoved } from "@/components/Undo";
import { bytes } from "@/domain/size";
import type { VolumeRow } from "@/domain/volume";
import { removalKey, useVolumes } from "@/features/volumes/useVolumes";
import { UserLink, VolumeDetails } from "@/features/volumes/VolumeDetails";
import { VolumeForm } from "@/features/volumes/VolumeForm";

const COLUMNS: readonly (Column<VolumeRow> & { readonly spare?: boolean })[] = [
  { key: "name", title: "Volume", width: "minmax(110px, 1.5fr)", cell: ({ name }) => <strong title={name}>{name}</strong> },
  { key: "namespace", title: "Namespace", width: "minmax(80px, 1fr)", wide: true, spare: true, cell: ({ namespace }) => namespace },
  { key: "users", title: "Used by", width: "minmax(100px, 2fr)", cell: (row) => <Users row={row} /> },
  { key: "bytes", title: "In it", width: "76px", align: "right", cell: (row) => (row.bytes === undefined ? "" : bytes(row.bytes)) },
  { key: "size", title: "Claimed", width: "76px", align: "right", wide: true, cell: ({ size }) => size },
  { key: "modes", title: "Access", width: "minmax(110px, 1fr)", wide: true, spare: true, cell: ({ modes }) => <span title={modes.join(", ")}>{modes.join(", ")}</span> },
  { key: "made", title: "Made", width: "84px", align: "right", wide: true, cell: ({ createdAt }) => <Ago at={createdAt} /> },
];

export function Volumes() {
  const { open, make } = useSearch({ from: "/volumes" });
  const navigate = useNavigate();
  const { rows: all, error } = useVolumes();
  const removed = useRemoved();
  const rows = useMemo(() => all?.filter(({ key }) => !removed.has(removalKey(key))), [all, removed]);
  const shown = rows?.find(({ key }) => key === open);
  const show = useCallback((key: string) => void navigate({ to: "/volumes", search: { open: key } }), [navigate]);
  const close = useCallback(() => void navigate({ to: "/volumes", search: {} }), [navigate]);
  const begin = () => void navigate({ to: "/volumes", search: { make: "volume" } });
  const hasPanel = shown !== undefined || make !== undefined;
  return (
    <Page
      title="Volumes"
      answer={rows && answer(rows)}
      actions={
        <Button kind="primary" icon={<Plus size={14} aria-hidden />} onClick={begin}>
          New volume
        </Button>
      }
      fills
    >
      {error && !rows ? (
        <Trouble error={error} />
      ) : !rows ? (
        <Skeleton rows={8} />
      ) : (
        <Beside
          panel={
            hasPanel && (
              <Panel title={shown?.name ?? "New volume"} about={open} onClose={close}>
                {shown ? (
                  <VolumeDetails row={shown} onRemoved={close} />
                ) : (
                  <VolumeForm taken={rows.filter(({ namespace }) => namespace === "default").map(({ name }) => name)} onMade={(name) => show(`default/${name}`)} onCancel={close} />
                )}
              </Panel>
            )
          }
        >
          {rows.length === 0 ? (
            <Empty title="No volumes yet" action={<Button onClick={begin}>Make a volume</Button>}>
              A volume is a directory of this machine that pipelines and notebooks mount by its name, and that outlives them.
            </Empty>
          ) : (
            <Table
              label="Volumes"
              columns={hasPanel ? COLUMNS.filter(({ spare }) => !spare) : COLUMNS}
              rows={rows}
              rowKey={({ key }) => key}
              onOpen={({ key }) => show(key)}
              {...(open && { current: open })}
            />
          )}
        </Beside>
      )}
    </Page>
  );
}

function Users({ row: { users, isDeleting, namespace } }: { readonly row: VolumeRow }) {
  if (isDeleting) return <Status shown={{ tone: "warn", icon: "stop", word: "Deleting" }} reason={users.length > 0 ? `when ${users.map(({ name }) => name).join(", ")} has ended` : undefined} />;
  return users.map((user, index) => (
    <span key={user.name}>
      {index > 0 && ", "}
      <UserLink namespace={namespace} user={user} />
    </span>
  ));
}

function answer(rows: readonly VolumeRow[]): string {
  const used = rows.filter(({ users }) => users.some(({ runs }) => runs)).length;
  const size = rows.reduce((all, row) => all + (row.bytes ?? 0), 0);
  return rows.length === 0 ? "Directories of this machine, by names" : `${rows.length} volumes with ${bytes(size)}, ${used} in use`;
}
