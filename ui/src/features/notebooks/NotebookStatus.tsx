import { useQuery } from "@tanstack/react-query";
import { health } from "@/api/queries";
import { Status } from "@/components/Status";
import { useNow } from "@/components/Time";
import { idleWords } from "@/domain/idle";
import { LAST_ACTIVITY, shownNotebook } from "@/domain/notebook";
import type { NotebookRow } from "./useNotebooks";

/** How a notebook is, and why; of one that is ready, when it is stopped if nobody uses it. */
export function NotebookStatus({ row: { notebook, state } }: { readonly row: NotebookRow }) {
  const limit = useQuery(health()).data?.notebook_idle_seconds;
  const isCounted = state.phase === "ready" && Boolean(limit);
  const now = useNow(isCounted);
  const idle = isCounted ? idleWords(notebook.metadata.annotations?.[LAST_ACTIVITY], limit, now) : undefined;
  return <Status shown={shownNotebook(state.phase)} reason={state.reason ?? idle} />;
}
