import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ask, OWN } from "@/api/client";
import { gcPlan } from "@/api/queries";
import type { GcFreed, GcItem, GcRequest } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Skeleton, Trouble } from "@/components/Empty";
import { Checkbox, Field, Select } from "@/components/Field";
import { Card, Section } from "@/components/Page";
import { type Column, Table } from "@/components/Table";
import { useToasts } from "@/components/Toasts";
import { byKind, GC_WORDS, titleOf } from "@/domain/garbage";
import { bytes } from "@/domain/size";
import styles from "./Disk.module.css";

export interface CleaningChoice {
  /** Runs that ended before so many days; none where it is nothing. */
  readonly days?: number;
  readonly environments?: boolean;
}

const AGES: readonly (readonly [number, string])[] = [
  [0, "Keep all runs"],
  [1, "Older than a day"],
  [7, "Older than a week"],
  [30, "Older than 30 days"],
  [90, "Older than 90 days"],
];
const DAY = 24 * 3_600_000;

/** What is looked at while this page is open does not move on with the clock. */
const openedAt = () => Math.floor(Date.now() / 60_000) * 60_000;

/** What cleaning frees, and doing it, with one question that names the bytes. */
export function Cleaning({ choice, onChoice }: { readonly choice: CleaningChoice; readonly onChoice: (choice: CleaningChoice) => void }) {
  const queries = useQueryClient();
  const { say } = useToasts();
  const [now] = useState(openedAt);
  const [isAsked, setIsAsked] = useState(false);
  const request: GcRequest = {
    runs_before: choice.days ? new Date(now - choice.days * DAY).toISOString() : null,
    environments: choice.environments ?? false,
  };
  const plan = useQuery({ ...gcPlan(request), placeholderData: (before) => before });
  const free = useMutation({
    mutationFn: () => ask<GcFreed>("POST", `${OWN}/gc`, { body: request }),
    onSuccess: (freed) => {
      setIsAsked(false);
      if (freed.failures.length === 0) say(`Freed ${bytes(freed.bytes)}`);
      for (const topic of ["gc", "environments", "doctor", "runs", "artifacts"]) void queries.invalidateQueries({ queryKey: [topic] });
    },
  });
  const total = plan.data?.bytes ?? 0;
  const count = plan.data?.items.length ?? 0;
  const isReady = plan.isSuccess && !plan.isPlaceholderData;
  return (
    <Section title="Free space">
      <Card>
        <div className={styles.choices}>
          <div className={styles.choice}>
            <Field label="Runs that ended" help="With what only they use">
              {(given) => (
                <Select {...given} value={choice.days ?? 0} onChange={(event) => onChoice({ ...choice, days: Number(event.target.value) })}>
                  {AGES.map(([days, title]) => (
                    <option key={days} value={days}>
                      {title}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          <Checkbox label="Prepared environments" checked={choice.environments ?? false} onChange={(event) => onChoice({ ...choice, environments: event.target.checked })} />
          <Button kind="primary" disabled={!isReady || count === 0} onClick={() => setIsAsked(true)}>
            {isReady && count === 0 ? "Nothing to free" : `Free ${bytes(total)}`}
          </Button>
        </div>
        {plan.isError && !plan.data ? (
          <Trouble error={plan.error} />
        ) : !plan.data ? (
          <Skeleton rows={4} />
        ) : (
          <ul className={styles.groups} aria-busy={!isReady}>
            {byKind(plan.data.items).map(({ kind, count: items, bytes: size }) => (
              <li key={kind} className={items === 0 ? styles.nothing : ""}>
                <strong>{GC_WORDS[kind].word}</strong>
                <span className={styles.about}>{GC_WORDS[kind].about}</span>
                <span className={styles.number}>{items === 0 ? "none" : items}</span>
                <span className={styles.number}>{bytes(size)}</span>
              </li>
            ))}
          </ul>
        )}
        {isReady && count > 0 && <Items items={plan.data.items} />}
        {free.data && free.data.failures.length > 0 && (
          <ul className={styles.groups}>
            {free.data.failures.map((failure) => (
              <li key={failure} className={styles.failures}>
                {failure}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Dialog
        open={isAsked}
        onClose={() => setIsAsked(false)}
        title={`Free ${bytes(total)}?`}
        actions={
          <Button kind="primary" disabled={free.isPending} onClick={() => free.mutate()}>
            Free {bytes(total)}
          </Button>
        }
      >
        <p>
          {sentence(plan.data ? byKind(plan.data.items) : [])} This cannot be undone.
        </p>
        {free.error && <Trouble error={free.error} />}
      </Dialog>
    </Section>
  );
}

/** Everything that would go, largest first. */
function Items({ items }: { readonly items: readonly GcItem[] }) {
  const rows = items.toSorted((one, other) => other.bytes - one.bytes);
  return (
    <details className={styles.items}>
      <summary>Show {items.length === 1 ? "it" : `all ${items.length}`}</summary>
      <div className={styles.table}>
        <Table label="What would go" columns={COLUMNS} rows={rows} rowKey={(item) => `${item.kind} ${item.run_id ?? ""} ${item.path ?? ""} ${item.name}`} />
      </div>
    </details>
  );
}

const COLUMNS: readonly Column<GcItem>[] = [
  { key: "name", title: "Name", width: "minmax(120px, 2fr)", cell: (item) => <span title={item.name.slice(0, 2000)}>{titleOf(item)}</span> },
  { key: "kind", title: "Kind", width: "minmax(110px, 1fr)", wide: true, cell: ({ kind }) => GC_WORDS[kind].word },
  { key: "path", title: "Where", width: "minmax(110px, 2fr)", wide: true, cell: ({ path }) => path && <span title={path}>{path}</span> },
  { key: "size", title: "Size", width: "76px", align: "right", cell: ({ bytes: size }) => bytes(size) },
];

const sentence = (groups: ReturnType<typeof byKind>): string =>
  groups
    .filter(({ count }) => count > 0)
    .map(({ kind, count, bytes: size }) => `${GC_WORDS[kind].word}: ${count}, ${bytes(size)}.`)
    .join(" ");
