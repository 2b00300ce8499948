import { useQuery } from "@tanstack/react-query";
import { Columns3 } from "lucide-react";
import { useState } from "react";
import { runFields } from "@/api/queries";
import { Button } from "@/components/Button";
import { Checkbox, Input } from "@/components/Field";
import { Popover } from "@/components/Popover";
import { COLUMNS, columnTitle, toggled, USUAL_COLUMNS } from "@/domain/runTable";
import { matches } from "@/domain/search";
import styles from "./Runs.module.css";

interface Props {
  readonly keys: readonly string[];
  readonly onChange: (keys: readonly string[]) => void;
}

/** Which columns the table has: its own, and any parameter and metric of any run. */
export function ColumnPicker(props: Props) {
  return (
    <Popover trigger={<Button icon={<Columns3 size={14} aria-hidden />}>Columns</Button>} label="Columns">
      <Choices {...props} />
    </Popover>
  );
}

function Choices({ keys, onChange }: Props) {
  const { data } = useQuery(runFields());
  const [wanted, setWanted] = useState("");
  const groups = [
    { title: "Of every run", found: Object.keys(COLUMNS) },
    { title: "Metrics", found: (data?.metrics ?? []).map((name) => `metrics.${name}`) },
    { title: "Parameters", found: (data?.parameters ?? []).map((name) => `parameters.${name}`) },
  ]
    .map(({ title, found }) => ({ title, found: found.filter((key) => matches(columnTitle(key), wanted)) }))
    .filter(({ found }) => found.length > 0);
  return (
    <div className={styles.picker}>
      <Input type="search" aria-label="Find a column" placeholder="Find a column…" value={wanted} onChange={(event) => setWanted(event.target.value)} />
      {groups.map(({ title, found }) => (
        <fieldset key={title} className={styles.group}>
          <legend>{title}</legend>
          {found.map((key) => (
            <Checkbox key={key} label={columnTitle(key)} checked={keys.includes(key)} onChange={() => onChange(toggled(keys, key))} />
          ))}
        </fieldset>
      ))}
      {groups.length === 0 && <p className={styles.gone}>No column has this in its name.</p>}
      <Button kind="quiet" onClick={() => onChange(USUAL_COLUMNS)}>
        Usual columns
      </Button>
    </div>
  );
}
