import { useQuery } from "@tanstack/react-query";
import { experiments } from "@/api/experiments";
import { Checkbox, Field, Input, Select } from "@/components/Field";
import type { Errors, Form } from "./form";
import styles from "./Form.module.css";

/** The experiment of runs that name none. */
const DEFAULT = "Default";

interface Props {
  readonly form: Form;
  readonly errors: Errors;
  readonly isInline: boolean;
  /** Whether any step of the definition may take its result from the cache. */
  readonly hasCache: boolean;
  readonly onChange: (change: Partial<Form>) => void;
}

/** What a run is called, where it belongs, and how it runs. */
export function RunFields({ form, errors, isInline, hasCache, onChange }: Props) {
  const list = useQuery(experiments()).data ?? [];
  const usual = list.find((one) => one.display_name === DEFAULT)?.experiment_id;
  const offered = list.filter((one) => one.experiment_id === form.experiment || (one.storage_state === "AVAILABLE" && one.display_name !== DEFAULT));
  return (
    <fieldset className={styles.part}>
      <legend>Run</legend>
      <div className={styles.pair}>
        <Field label="Name" error={errors["name"]}>
          {(given) => <Input {...given} value={form.name} maxLength={127} onChange={(event) => onChange({ name: event.target.value })} />}
        </Field>
        <Field label="Experiment" error={errors["experiment"]}>
          {(given) => (
            <Select {...given} value={form.experiment === usual ? "" : form.experiment} onChange={(event) => onChange({ experiment: event.target.value })}>
              <option value="">{DEFAULT}</option>
              {offered
                .filter((one) => one.experiment_id !== usual)
                .map((one) => (
                  <option key={one.experiment_id} value={one.experiment_id}>
                    {one.display_name}
                    {one.storage_state === "ARCHIVED" && ", archived"}
                  </option>
                ))}
            </Select>
          )}
        </Field>
      </div>
      <Checkbox
        label={hasCache ? "Take results from the cache where nothing has changed" : "The definition switches the cache off in every step"}
        disabled={!hasCache}
        checked={form.cache && hasCache}
        onChange={(event) => onChange({ cache: event.target.checked })}
      />
      {hasCache && !form.cache && !isInline && <p className={styles.muted}>The definition itself is sent, with the cache off in each step: the run does not name the version.</p>}
      <details className={styles.more} open={Boolean(errors["root"]) || undefined}>
        <summary>More</summary>
        <Field label="Description">
          {(given) => <Input {...given} value={form.description} onChange={(event) => onChange({ description: event.target.value })} />}
        </Field>
        <Field label="Pipeline root" help="Where its artifacts are named: minio://, s3:// or gs://; all are kept on this machine" error={errors["root"]}>
          {(given) => (
            <Input {...given} className={styles.value ?? ""} value={form.root} placeholder="minio://mlpipeline/v2/artifacts" onChange={(event) => onChange({ root: event.target.value })} />
          )}
        </Field>
      </details>
    </fieldset>
  );
}
