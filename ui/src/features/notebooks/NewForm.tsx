import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CLAIMS, createAll, NODES, NOTEBOOKS } from "@/api/kube";
import { kubeObjects } from "@/api/queries";
import { capacityOf } from "@/domain/holders";
import type { Claim, MachineNode, Notebook } from "@/domain/kinds";
import { EMPTY_FORM, formOf, type NotebookForm, objectsOf, type Problems, problemsOf } from "@/domain/notebookForm";
import { ObjectForm } from "../objectFile/ObjectForm";
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
  const begin = () => {
    setWasTried(true);
    if (!isWrong) make.mutate();
  };
  const shown = isMore ? {} : wasTried ? problems : soFar(form, problems);
  const given = { form, problems: shown, fill: file.fill, claims: named(claims), machine, images: notebooks };
  return (
    <ObjectForm
      file={file}
      namespace={form.namespace}
      error={make.error}
      begin="Start notebook"
      isBlocked={make.isPending || (wasTried && isWrong)}
      onBegin={begin}
      onCancel={onCancel}
    >
      <MainFields {...given} />
      <AdvancedFields {...given} />
    </ObjectForm>
  );
}

/** A name that has not been written yet is no mistake. */
function soFar(form: NotebookForm, { name, environment, ...others }: Problems): Problems {
  const hasUnnamed = form.environment.some((pair) => !pair.name);
  return { ...others, ...(form.name && name && { name }), ...(!hasUnnamed && environment && { environment }) };
}
