import { Field, Input, Select } from "@/components/Field";
import { ACCESS_MODES, type AccessMode, storeKind, type WorkflowNeeds } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";

interface Props {
  readonly needs: WorkflowNeeds;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (needs: WorkflowNeeds) => void;
}

/** What the pods of a workflow need of the cluster. */
export function WorkflowFields({ needs, errors, onChange }: Props) {
  const set = (part: Partial<WorkflowNeeds>) => onChange({ ...needs, ...part });
  const store = storeKind(needs);
  const hasOwnClaim = store === "own";
  return (
    <>
      <Field label="Image with coracle-step" help="From where the cluster's nodes pull it" error={errors["stepImage"]}>
        {(given) => <Input {...given} value={needs.stepImage} placeholder="registry.example/coracle-step:1" onChange={(event) => set({ stepImage: event.target.value })} />}
      </Field>
      <div className={form.pair}>
        <Field label="Claim" help="Each run makes one of its own where it is left empty">
          {(given) => <Input {...given} value={needs.claim} disabled={store === "bucket"} onChange={(event) => set({ claim: event.target.value })} />}
        </Field>
        <Field label="Size of a run's own claim" error={errors["size"]}>
          {(given) => <Input {...given} value={needs.size} disabled={!hasOwnClaim} onChange={(event) => set({ size: event.target.value })} />}
        </Field>
      </div>
      <details className={form.more}>
        <summary>A bucket instead of a claim</summary>
        <Field label="Bucket" help="Runs share it, each in a folder of its own; pods then need no volume" error={errors["bucket"]}>
          {(given) => <Input {...given} value={needs.bucket} placeholder="s3://runs/team" onChange={(event) => set({ bucket: event.target.value })} />}
        </Field>
        <div className={form.pair}>
          <Field label="URL of its store" help="As pods see it" error={errors["storeUrl"]}>
            {(given) => <Input {...given} value={needs.storeUrl} placeholder="http://minio.store:9000" disabled={store !== "bucket"} onChange={(event) => set({ storeUrl: event.target.value })} />}
          </Field>
          <Field label="Secret with its key" help="accesskey and secretkey, in the namespace">
            {(given) => <Input {...given} value={needs.bucketSecret} disabled={store !== "bucket"} onChange={(event) => set({ bucketSecret: event.target.value })} />}
          </Field>
        </div>
      </details>
      <details className={form.more}>
        <summary>Storage class, access mode, account, pull secrets</summary>
        <div className={form.pair}>
          <Field label="Storage class" help="The cluster's default one where it is left empty">
            {(given) => <Input {...given} value={needs.storageClass} disabled={!hasOwnClaim} onChange={(event) => set({ storageClass: event.target.value })} />}
          </Field>
          <Field label="Access mode" help={`For ${ACCESS_MODES[needs.accessMode]}`}>
            {(given) => (
              <Select {...given} value={needs.accessMode} disabled={!hasOwnClaim} onChange={(event) => set({ accessMode: event.target.value as AccessMode })}>
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
