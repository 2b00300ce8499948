import { useQuery } from "@tanstack/react-query";
import { NAMESPACES } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { Field, Select } from "@/components/Field";

/** The namespace that an object is made in: one of people's own. */
export function NamespaceField({ namespace, onChange }: { readonly namespace: string; readonly onChange: (namespace: string) => void }) {
  const namespaces = useQuery(kubeObjects(NAMESPACES)).data ?? [];
  const names = [...new Set([namespace, ...namespaces.map(({ metadata }) => metadata.name)])].filter((name) => !name.startsWith("kube-"));
  return (
    <Field label="Namespace" help="Pipelines use what is in `default`">
      {(given) => (
        <Select {...given} value={namespace} onChange={(event) => onChange(event.target.value)}>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
    </Field>
  );
}
