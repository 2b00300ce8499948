import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { NODES, NOTEBOOKS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { Field, Input } from "@/components/Field";
import { capacityOf } from "@/domain/holders";
import type { MachineNode, Notebook } from "@/domain/kinds";
import type { NotebookNeeds } from "@/domain/notebook";
import { quantityProblem } from "@/domain/quantity";
import { changeNeeds } from "./actions";
import styles from "./Notebooks.module.css";

/** Its image, and what it has of the machine; changed where they are read. */
export function Needs({ notebook, needs, isStopped }: { readonly notebook: Notebook; readonly needs: NotebookNeeds; readonly isStopped: boolean }) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState(needs);
  const node = useQuery(kubeObjects<MachineNode>(NODES)).data?.[0];
  const most = Math.max(capacityOf(node).gpus, needs.gpus);
  const change = useMutation({
    mutationFn: () => changeNeeds(notebook, wanted),
    onSuccess: () => queries.invalidateQueries({ queryKey: [NOTEBOOKS.plural] }),
  });
  const isChanged = JSON.stringify(wanted) !== JSON.stringify(needs);
  // What was never asked for need not be.
  const cpu = wanted.cpu || needs.cpu ? quantityProblem(wanted.cpu, "0.5 or 2") : undefined;
  const memory = wanted.memory || needs.memory ? quantityProblem(wanted.memory, "512Mi or 2Gi") : undefined;
  const isWrong = Boolean(cpu ?? memory) || !wanted.image.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isChanged && !isWrong) change.mutate();
  };
  return (
    <form className={styles.needs} onSubmit={submit} aria-label="Image and resources">
      <Field label="Image">{(given) => <Input {...given} spellCheck={false} value={wanted.image} onChange={(event) => setWanted({ ...wanted, image: event.target.value })} />}</Field>
      <Field label="CPU" error={cpu}>{(given) => <Input {...given} placeholder="no limit" value={wanted.cpu} onChange={(event) => setWanted({ ...wanted, cpu: event.target.value })} />}</Field>
      <Field label="Memory" error={memory}>{(given) => <Input {...given} placeholder="no limit" value={wanted.memory} onChange={(event) => setWanted({ ...wanted, memory: event.target.value })} />}</Field>
      {most > 0 && (
        <Field label="GPUs" help={`${most} in this machine`}>
          {(given) => <Input {...given} type="number" min={0} max={most} value={wanted.gpus} onChange={(event) => setWanted({ ...wanted, gpus: Number(event.target.value) })} />}
        </Field>
      )}
      <div className={styles.actions}>
        <Button type="submit" kind={isChanged ? "primary" : "plain"} disabled={!isChanged || isWrong || change.isPending}>
          {isStopped ? "Save changes" : "Save and restart"}
        </Button>
        {isChanged && (
          <Button kind="quiet" onClick={() => setWanted(needs)}>
            Discard
          </Button>
        )}
      </div>
      {change.error && <Trouble error={change.error} />}
    </form>
  );
}
