import { Field, Input } from "@/components/Field";
import type { WorkflowNeeds } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";

interface Props {
  readonly needs: WorkflowNeeds;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (needs: WorkflowNeeds) => void;
}

/** What the pods of a workflow need of the cluster. */
export function WorkflowFields({ needs, errors, onChange }: Props) {
  const set = (part: Partial<WorkflowNeeds>) => onChange({ ...needs, ...part });
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
          {(given) => <Input {...given} value={needs.size} disabled={needs.claim.trim() !== ""} onChange={(event) => set({ size: event.target.value })} />}
        </Field>
      </div>
    </>
  );
}
