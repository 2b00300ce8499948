import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { CLAIMS, createAll, NODES, NOTEBOOKS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { Button } from "@/components/Button";
import { Trouble } from "@/components/Empty";
import { capacityOf } from "@/domain/holders";
import type { Claim, MachineNode, Notebook } from "@/domain/kinds";
import { EMPTY_FORM, formOf, type NotebookForm, objectsOf, type Problems, problemsOf } from "@/domain/notebookForm";
import { ObjectFile } from "../objectFile/ObjectFile";
import styles from "../objectFile/ObjectFile.module.css";
import { useObjectFile } from "../objectFile/useObjectFile";
import { AdvancedFields } from "./AdvancedFields";
import { MainFields } from "./MainFields";

const WAY = { kind: "Notebook", objectsOf, formOf };

/** A form and, beside it, the file that it makes; either can be written in. */
export function NewForm({ onMade, onCancel }: { readonly onMade: (key: string) => void; readonly onCancel: () => void }) {
  const queries = useQueryClient();
  const file = useObjectFile(EMPTY_FORM, WAY);
  const [wasTried, setWasTried] = useState(false);
  const claims = useQuery(kubeObjects<Claim>(CLAIMS)).data ?? [];
  const notebooks = useQuery(kubeObjects<Notebook>(NOTEBOOKS)).data ?? [];
  const machine = capacityOf(useQuery(kubeObjects<MachineNode>(NODES)).data?.[0]);
  const { form, objects, problem, isMore } = file;
  const named = (list: readonly (Claim | Notebook)[]) => list.filter(({ metadata }) => (metadata.namespace ?? "default") === form.namespace).map(({ metadata }) => metadata.name);
  const problems = problemsOf(form, named(notebooks), named(claims));
  const isWrong = problem !== undefined || (!isMore && Object.keys(problems).length > 0);
  const make = useMutation({
    mutationFn: () => createAll(objects),
    onSuccess: async () => {
      await Promise.all([NOTEBOOKS, CLAIMS].map(({ plural }) => queries.invalidateQueries({ queryKey: [plural] })));
      const made = objects.find(({ kind }) => kind === "Notebook");
      onMade(`${made?.metadata.namespace ?? "default"}/${made?.metadata.name ?? ""}`);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWasTried(true);
    if (!isWrong) make.mutate();
  };
  const shown = isMore ? {} : wasTried ? problems : soFar(form, problems);
  const given = { form, problems: shown, fill: file.fill, claims: named(claims), machine, images: notebooks };
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div>
        <fieldset className={styles.fields} disabled={isMore}>
          <MainFields {...given} />
          <AdvancedFields {...given} />
        </fieldset>
        {make.error && <Trouble error={make.error} />}
        <div className={styles.actions}>
          <Button type="submit" kind="primary" disabled={make.isPending || (wasTried && isWrong)}>
            Start notebook
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </div>
      <ObjectFile file={file} namespace={form.namespace} />
    </form>
  );
}

/** A name that has not been written yet is no mistake. */
function soFar(form: NotebookForm, { name, environment, ...others }: Problems): Problems {
  const hasUnnamed = form.environment.some((pair) => !pair.name);
  return { ...others, ...(form.name && name && { name }), ...(!hasUnnamed && environment && { environment }) };
}
