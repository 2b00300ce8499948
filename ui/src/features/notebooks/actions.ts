// What can be done with a notebook.

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { NOTEBOOKS, patch, remove } from "@/api/kube";
import { useRemove } from "@/components/Undo";
import { useToasts } from "@/components/Toasts";
import type { Notebook } from "@/domain/kinds";
import { mainContainer, type NotebookNeeds, STOPPED } from "@/domain/notebook";
import { amounts } from "@/domain/notebookForm";
import { keyOf } from "./useNotebooks";

const change = ({ metadata }: Notebook, to: unknown) => patch<Notebook>(NOTEBOOKS, metadata.namespace ?? "default", metadata.name, to);

/** Says `null` to an annotation that is to be taken away. */
const annotate = (notebook: Notebook, value: string | null) => change(notebook, { metadata: { annotations: { [STOPPED]: value } } });

/** What it asks for next. Its pod is made again with it, unless it is stopped. */
export function changeNeeds(notebook: Notebook, needs: NotebookNeeds): Promise<Notebook> {
  const main = mainContainer(notebook);
  const containers = notebook.spec.template.spec.containers.map((container) =>
    container === main ? { ...container, image: needs.image, resources: amounts(needs) } : container,
  );
  return change(notebook, { spec: { template: { spec: { containers } } } });
}

const anew = (queries: QueryClient) => queries.invalidateQueries({ queryKey: [NOTEBOOKS.plural] });

export const removalKey = (key: string): string => `${NOTEBOOKS.plural}/${key}`;

export function useNotebookActions() {
  const queries = useQueryClient();
  const removeLater = useRemove();
  const { fail } = useToasts();
  const act = (work: Promise<unknown>) => void work.then(() => anew(queries)).catch(fail);
  return {
    start: (notebook: Notebook) => act(annotate(notebook, null)),
    stop: (notebook: Notebook) => act(annotate(notebook, new Date().toISOString())),
    drop: (notebook: Notebook) =>
      removeLater(removalKey(keyOf(notebook)), `Deleted notebook ${notebook.metadata.name}; its volumes stay`, async () => {
        await remove(NOTEBOOKS, notebook.metadata.namespace ?? "default", notebook.metadata.name);
        await anew(queries);
      }),
  };
}
