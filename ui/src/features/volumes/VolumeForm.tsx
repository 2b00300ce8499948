import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { CLAIMS, create } from "@/api/kube";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input, Select } from "@/components/Field";
import { nameProblem } from "@/domain/notebookForm";
import { quantityProblem } from "@/domain/quantity";
import styles from "./Volumes.module.css";

const MODES = ["ReadWriteMany", "ReadWriteOnce", "ReadOnlyMany", "ReadWriteOncePod"];

/** A directory of this machine by a name. */
export function VolumeForm({ taken, onMade, onCancel }: { readonly taken: readonly string[]; readonly onMade: (name: string) => void; readonly onCancel: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [size, setSize] = useState("1Gi");
  const [mode, setMode] = useState("ReadWriteMany");
  const [wasTried, setWasTried] = useState(false);
  const wrongName = nameProblem(name, 253) ?? (taken.includes(name) ? "There is a volume of this name" : undefined);
  const wrongSize = quantityProblem(size, "5Gi");
  const claim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { accessModes: [mode], resources: { requests: { storage: size } } },
  };
  const make = useMutation({
    mutationFn: () => create(CLAIMS, "default", claim),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [CLAIMS.plural] });
      onMade(name);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWasTried(true);
    if (!wrongName && !wrongSize) make.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <Field label="Name" help="By which pipelines and notebooks mount it" error={wasTried || name ? wrongName : undefined}>
        {(given) => <Input {...given} spellCheck={false} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Size" help="Kept for clusters; nothing enforces it here" error={wrongSize}>
        {(given) => <Input {...given} value={size} onChange={(event) => setSize(event.target.value)} />}
      </Field>
      <Field label="Access mode" help="Kept for clusters; here everything on the machine can mount it">
        {(given) => (
          <Select {...given} value={mode} onChange={(event) => setMode(event.target.value)}>
            {MODES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </Field>
      {make.error && <Trouble error={make.error} />}
      <div className={styles.actions}>
        <Button type="submit" kind="primary" disabled={make.isPending}>
          Make volume
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
