import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { CLAIMS, createAll, NODES, NOTEBOOKS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { Button } from "@/components/Button";
import { CopyAs } from "@/components/CopyAs";
import { Trouble } from "@/components/Empty";
import { Textarea } from "@/components/Field";
import { Prose } from "@/components/Prose";
import { kubectl } from "@/domain/copied";
import { capacityOf } from "@/domain/holders";
import type { Claim, MachineNode, Notebook } from "@/domain/kinds";
import { EMPTY_FORM, type NotebookForm, type Problems, problemsOf } from "@/domain/notebookForm";
import { AdvancedFields } from "./AdvancedFields";
import { MainFields } from "./MainFields";
import styles from "./NewForm.module.css";
import { useNotebookFile } from "./useNotebookFile";

/** A form and, beside it, the file that it makes; either can be written in. */
export function NewForm({ onMade, onCancel }: { readonly onMade: (key: string) => void; readonly onCancel: () => void }) {
  const queries = useQueryClient();
  const file = useNotebookFile(EMPTY_FORM);
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
      <div className={styles.file}>
        <div className={styles.fileHead}>
          <h2>YAML</h2>
          {isMore ? (
            <Button onClick={file.backToFields}>Go back to the fields</Button>
          ) : (
            <CopyAs
              texts={[
                { label: "YAML", text: file.text },
                { label: "kubectl apply", text: `${kubectl("apply -f -", form.namespace)} <<'END'\n${file.text}END` },
              ]}
            />
          )}
        </div>
        <Textarea
          className={styles.text}
          aria-label="YAML"
          aria-describedby="yaml-below"
          aria-invalid={problem !== undefined}
          spellCheck={false}
          value={file.text}
          onChange={(event) => file.write(event.target.value)}
        />
        <div id="yaml-below" className={problem ? styles.problem : styles.below}>
          <Prose text={problem ?? (isMore ? "This says more than the fields can hold. What is written here is what starts." : "What the fields make. Write here, and the fields follow.")} />
        </div>
      </div>
    </form>
  );
}

/** A name that has not been written yet is no mistake. */
function soFar(form: NotebookForm, { name, environment, ...others }: Problems): Problems {
  const hasUnnamed = form.environment.some((pair) => !pair.name);
  return { ...others, ...(form.name && name && { name }), ...(!hasUnnamed && environment && { environment }) };
}
