import { Field, Input, Select } from "@/components/Field";
import { ACCESS_MODES, type AccessMode, type WorkflowNeeds } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";

interface Props {
  readonly needs: WorkflowNeeds;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (needs: WorkflowNeeds) => void;
}

/** What the pods of a workflow need of the cluster. */
export function WorkflowFields({ needs, errors, onChange }: Props) {
  const set = (part: Partial<WorkflowNeeds>) => onChange({ ...needs, ...part });
  const hasClaim = needs.claim.trim() !== "";
  return (
    <>
      <Field label="Image with coracle-step" help="From where the cluster's nodes pull it" error={errors["stepImage"]}>
        {(given) => <Input {...given} value={needs.stepImage} placeholder="registry.example/coracle-step:1" onChange={(event) => set({ stepImage: event.target.value })} />}
      </Field>
      <div className={form.pair}>
        <Field label="Claim" help="Each run makes one of its own where it is left empty">
          {(given) => <Input {...given} value={needs.claim} onChange={(event) => set({ claim: event.target.value })} />}
        </Field>
        <Field label="Size of a run's own claim" error={errors["size"]}>
          {(given) => <Input {...given} value={needs.size} disabled={hasClaim} onChange={(event) => set({ size: event.target.value })} />}
        </Field>
      </div>
      <details className={form.more}>
        <summary>Storage class, access mode, account, pull secrets</summary>
        <div className={form.pair}>
          <Field label="Storage class" help="The cluster's default one where it is left empty">
            {(given) => <Input {...given} value={needs.storageClass} disabled={hasClaim} onChange={(event) => set({ storageClass: event.target.value })} />}
          </Field>
          <Field label="Access mode" help={`For ${ACCESS_MODES[needs.accessMode]}`}>
            {(given) => (
              <Select {...given} value={needs.accessMode} disabled={hasClaim} onChange={(event) => set({ accessMode: event.target.value as AccessMode })}>
                {Object.keys(ACCESS_MODES).map((mode) => (
                  <option key={mode}>{mode}</option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <div className={form.pair}>
          <Field label="Service account" help="The namespace's default one where it is left empty">
            {(given) => <Input {...given} value={needs.serviceAccount} onChange={(event) => set({ serviceAccount: event.target.value })} />}
          </Field>
          <Field label="Pull secrets" help="Secrets of the namespace, with commas between them">
            {(given) => <Input {...given} value={needs.pullSecrets} onChange={(event) => set({ pullSecrets: event.target.value })} />}
          </Field>
        </div>
      </details>
    </>
  );
}
