import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { ask, OWN } from "@/api/client";
import { environments } from "@/api/queries";
import type { Environment } from "@/api/types";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Card, Section } from "@/components/Page";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import { useRemove, useRemoved } from "@/components/Undo";
import { environmentTitle } from "@/domain/garbage";
import { bytes } from "@/domain/size";
import styles from "./Disk.module.css";

const removalKey = (key: string) => `environments/${key}`;

const COLUMNS: readonly Column<Environment>[] = [
  { key: "install", title: "Packages", width: "minmax(120px, 2fr)", cell: ({ install }) => <span title={install.slice(0, 2000)}>{environmentTitle(install)}</span> },
  { key: "base", title: "On", width: "minmax(100px, 1.2fr)", wide: true, cell: ({ base }) => <span title={base}>{base}</span> },
  { key: "key", title: "Key", width: "88px", wide: true, cell: ({ key }) => <code title={key}>{key.slice(0, 8)}</code> },
  { key: "made", title: "Made", width: "84px", align: "right", wide: true, cell: ({ created_at }) => <Ago at={created_at} /> },
  { key: "size", title: "Size", width: "76px", align: "right", cell: ({ size_bytes }) => bytes(size_bytes) },
  { key: "remove", title: "", width: "40px", align: "right", cell: (environment) => <Remove environment={environment} /> },
];

/** Installs that were run once and are kept. */
export function Environments() {
  const list = useQuery(environments());
  const removed = useRemoved();
  const rows = list.data?.filter(({ key }) => !removed.has(removalKey(key)));
  const total = rows?.reduce((all, { size_bytes }) => all + size_bytes, 0) ?? 0;
  return (
    <Section title="Prepared environments" actions={rows && rows.length > 0 && <span>{`${rows.length} with ${bytes(total)}`}</span>}>
      {list.isError && !rows ? (
        <Trouble error={list.error} />
      ) : !rows ? (
        <Skeleton rows={6} />
      ) : rows.length === 0 ? (
        <Card>
          <Empty title="None yet">The packages that a step installs are installed once and kept, so that the next time it starts at once.</Empty>
        </Card>
      ) : (
        <div className={styles.table}>
          <Table label="Prepared environments" columns={COLUMNS} rows={rows} rowKey={({ key }) => key} />
        </div>
      )}
    </Section>
  );
}

function Remove({ environment: { key, install } }: { readonly environment: Environment }) {
  const queries = useQueryClient();
  const remove = useRemove();
  const title = environmentTitle(install);
  return (
    <Button
      kind="quiet"
      aria-label={`Remove the environment with ${title.slice(0, 60)}`}
      title="Remove; the next step that needs it makes it again"
      icon={<Trash2 size={14} />}
      onClick={() =>
        remove(removalKey(key), `Removed the environment with ${title.slice(0, 40)}`, async () => {
          await ask("DELETE", `${OWN}/environments/${key}`);
          await Promise.all(["environments", "gc", "doctor"].map((topic) => queries.invalidateQueries({ queryKey: [topic] })));
        })
      }
    />
  );
}
