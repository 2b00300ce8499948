import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { putProfile } from "@/api/modelDrift";
import type { ModelServer } from "@/api/types";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import styles from "./Drift.module.css";

/** Takes the training data, of which a profile is kept and nothing else. */
export function ProfileForm({ server, onMade }: { readonly server: ModelServer; readonly onMade?: () => void }) {
  const queries = useQueryClient();
  const [file, setFile] = useState<File>();
  const [target, setTarget] = useState("");
  const made = useMutation({ mutationFn: (data: File) => putProfile(queries, server, data, target.trim()), onSuccess: () => onMade?.() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file) made.mutate(file);
  };
  return (
    <form className={styles.new} onSubmit={submit}>
      <Field label="Training data" help="A CSV table, or a JSON list of rows">
        {(given) => <Input {...given} type="file" accept=".csv,.json" required onChange={(event) => setFile(event.target.files?.[0])} />}
      </Field>
      <Field label="Column that is predicted" help="Its name, or its number from 0; empty where the table has none">
        {(given) => <Input {...given} spellCheck={false} value={target} onChange={(event) => setTarget(event.target.value)} />}
      </Field>
      <Button kind="primary" type="submit" disabled={!file || made.isPending}>
        Compare with it
      </Button>
      {made.error && <Trouble error={made.error} />}
    </form>
  );
}
