import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createExperiment } from "@/api/experiments";
import { Button } from "@/components/Button";
import { Field, Input } from "@/components/Field";
import styles from "./Experiments.module.css";

/** An experiment is a name, under which runs are found again. */
export function NewExperiment({ onDone }: { readonly onDone: (id: string) => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useMutation({ mutationFn: () => createExperiment(name.trim(), description.trim()), onSuccess: (made) => onDone(made.experiment_id) });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) create.mutate();
      }}
    >
      <Field label="Name" error={create.error?.message}>
        {(given) => <Input {...given} value={name} maxLength={127} onChange={(event) => (create.reset(), setName(event.target.value))} />}
      </Field>
      <Field label="Description" help="What you want to find out">
        {(given) => <Input {...given} value={description} onChange={(event) => setDescription(event.target.value)} />}
      </Field>
      <div className={styles.actions}>
        <Button kind="primary" type="submit" disabled={!name.trim() || create.isPending}>
          Create experiment
        </Button>
      </div>
    </form>
  );
}
