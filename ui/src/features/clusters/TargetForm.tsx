import type { ClusterContext } from "@/api/clusters";
import { Field, Input, Select } from "@/components/Field";
import type { RemoteTarget, WorkflowNeeds } from "@/domain/remoteWish";
import form from "@/features/newRun/Form.module.css";
import { WorkflowFields } from "./WorkflowFields";

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly target: RemoteTarget;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (target: RemoteTarget) => void;
  /** Whether Argo Workflows run it. */
  readonly byArgo: boolean;
  readonly onByArgo: (byArgo: boolean) => void;
  /** What they need, which stays as it was typed while others run it. */
  readonly needs: WorkflowNeeds;
  readonly onNeeds: (needs: WorkflowNeeds) => void;
}

/** On which cluster, or at which server of Kubeflow Pipelines, a pipeline runs. */
export function TargetForm({ contexts, target, errors, onChange, byArgo, onByArgo, needs, onNeeds }: Props) {
  const chosen = contexts.find(({ name }) => name === target.context);
  const set = (part: Partial<RemoteTarget>) => onChange({ ...target, ...part });
  return (
    <fieldset className={form.part}>
      <legend>Where</legend>
      <Field label="Send to" help={chosen ? (chosen.server ?? "") : "A server of Kubeflow Pipelines that no context leads to"}>
        {(given) => (
          <Select {...given} value={target.context} onChange={(event) => set({ context: event.target.value, confirm: "" })}>
            {contexts.map(({ name, is_usable }) => (
              <option key={name} value={name} disabled={!is_usable}>
                {name}
              </option>
            ))}
            <option value="">Another server, by its address</option>
          </Select>
        )}
      </Field>
      {!chosen && (
        <div className={form.pair}>
          <Field label="Address" error={errors["endpoint"]}>
            {(given) => <Input {...given} type="url" value={target.endpoint} placeholder="http://127.0.0.1:8888" onChange={(event) => set({ endpoint: event.target.value })} />}
          </Field>
          <Field label="Token" help="Where the server asks for one">
            {(given) => <Input {...given} type="password" autoComplete="off" value={target.token} onChange={(event) => set({ token: event.target.value })} />}
          </Field>
        </div>
      )}
      <Field label="Namespace" help={chosen ? "That of the context where it is left empty" : "Where the server has several"}>
        {(given) => <Input {...given} value={target.namespace} placeholder={chosen?.namespace ?? ""} onChange={(event) => set({ namespace: event.target.value })} />}
      </Field>
      {chosen && (
        <Field label="Run by" help={byArgo ? "As a workflow that needs nothing of Kubeflow" : "The definition goes as it was written"}>
          {(given) => (
            <Select {...given} value={byArgo ? "argo" : "kfp"} onChange={(event) => onByArgo(event.target.value === "argo")}>
              <option value="kfp">Kubeflow Pipelines</option>
              <option value="argo">Argo Workflows</option>
            </Select>
          )}
        </Field>
      )}
      {chosen && byArgo && <WorkflowFields needs={needs} errors={errors} onChange={onNeeds} />}
      {chosen?.is_protected && (
        <Field label="Type the context's name to run something there" help={`\`${chosen.name}\` is protected`} error={errors["confirm"]}>
          {(given) => <Input {...given} value={target.confirm} onChange={(event) => set({ confirm: event.target.value })} />}
        </Field>
      )}
    </fieldset>
  );
}
