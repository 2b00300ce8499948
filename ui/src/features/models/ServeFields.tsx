import { Field, Input, Select } from "@/components/Field";
import { formatsOf, type ModelForm, type ModelProblems, type Runtime, runtimesFor } from "@/domain/modelForm";
import { NamespaceField } from "../objectFile/NamespaceField";
import styles from "../objectFile/ObjectFile.module.css";

interface Props {
  readonly form: ModelForm;
  readonly problems: ModelProblems;
  readonly fill: (change: Partial<ModelForm>) => void;
  readonly runtimes: readonly Runtime[];
  /** Names of the volumes there are. */
  readonly claims: readonly string[];
}

export function ServeFields({ form, problems, fill, runtimes, claims }: Props) {
  const formats = formatsOf(runtimes);
  const fitting = runtimesFor(runtimes, form.format);
  return (
    <>
      <Field label="Name" error={problems.name} help="Also a part of its address">
        {(given) => <Input {...given} spellCheck={false} autoComplete="off" value={form.name} onChange={(event) => fill({ name: event.target.value })} />}
      </Field>
      <Field label="Model" error={problems.storage} help="A folder of this machine (`file://`), a volume (`pvc://`), or where it is fetched from">
        {(given) => (
          <>
            <Input {...given} list="model-places" spellCheck={false} placeholder="file:///home/me/model" value={form.storage} onChange={(event) => fill({ storage: event.target.value })} />
            <datalist id="model-places">
              {claims.map((claim) => (
                <option key={claim}>{`pvc://${claim}/`}</option>
              ))}
            </datalist>
          </>
        )}
      </Field>
      <div className={styles.row}>
        <Field label="Format" error={problems.format}>
          {(given) => (
            <>
              <Input {...given} list="model-formats" spellCheck={false} value={form.format} onChange={(event) => fill({ format: event.target.value, runtime: "" })} />
              <datalist id="model-formats">
                {formats.map((format) => (
                  <option key={format}>{format}</option>
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Runtime" help={fitting.length === 0 && form.format ? "None that is there takes this format" : "What serves it"}>
          {(given) => (
            <Select {...given} value={form.runtime} onChange={(event) => fill({ runtime: event.target.value })}>
              <option value="">Chosen by its format</option>
              {[...new Set([...fitting, ...(form.runtime ? [form.runtime] : [])])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <div className={styles.row}>
        <Field label="Least pods" error={problems.minReplicas} help="0: it sleeps while nobody asks it">
          {(given) => <Input {...given} inputMode="numeric" value={form.minReplicas} onChange={(event) => fill({ minReplicas: event.target.value })} />}
        </Field>
        <Field label="Protocol" help="How it is asked">
          {(given) => (
            <Select {...given} value={form.protocol} onChange={(event) => fill({ protocol: event.target.value })}>
              <option value="">The runtime&apos;s own</option>
              <option value="v1">v1: instances and predictions</option>
              <option value="v2">v2: the open inference protocol</option>
            </Select>
          )}
        </Field>
        <NamespaceField namespace={form.namespace} onChange={(namespace) => fill({ namespace })} />
      </div>
    </>
  );
}
