import { type ClusterContext } from "@/api/clusters";
import { Field, Input, Select } from "@/components/Field";

export interface Place {
  readonly context: string;
  readonly namespace: string;
  /** What was typed where a protected context is to be confirmed. */
  readonly confirm: string;
}

interface Props {
  readonly contexts: readonly ClusterContext[];
  readonly place: Place;
  /** Whether something is under way there, during which it stays where it is. */
  readonly isSending: boolean;
  readonly onChange: (place: Place) => void;
}

/** Where something is sent. */
export function PlaceForm({ contexts, place, isSending, onChange }: Props) {
  const chosen = contexts.find(({ name }) => name === place.context);
  return (
    <>
      <Field label="Context" help={chosen?.server ?? "of the kubeconfig, which is never written"}>
        {(given) => (
          <Select {...given} disabled={isSending} value={place.context} onChange={({ target }) => onChange({ context: target.value, namespace: "", confirm: "" })}>
            {contexts.map(({ name, is_usable }) => (
              <option key={name} value={name} disabled={!is_usable}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Namespace" help="that of the context where it is left empty">
        {(given) => <Input {...given} disabled={isSending} value={place.namespace} placeholder={chosen?.namespace ?? ""} onChange={({ target }) => onChange({ ...place, namespace: target.value })} />}
      </Field>
      {chosen?.is_protected && (
        <Field label="Type the context's name to change something there" help={`\`${chosen.name}\` is protected`}>
          {(given) => <Input {...given} disabled={isSending} value={place.confirm} onChange={({ target }) => onChange({ ...place, confirm: target.value })} />}
        </Field>
      )}
    </>
  );
}
