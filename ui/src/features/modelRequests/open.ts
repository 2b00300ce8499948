import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Named } from "@/api/modelRequests";
import type { ModelSearch } from "@/domain/modelSearch";

/** What is changed of the address; what is nothing is taken away. */
export type Change = { readonly [Key in keyof ModelSearch]?: ModelSearch[Key] | undefined };

export type ChangeSearch = (change: Change, isStep?: boolean) => void;

/** Changes what the tab shows. A step is one that the browser can go back from. */
export function useChange({ namespace, name }: Named): ChangeSearch {
  const navigate = useNavigate();
  return useCallback(
    (change, isStep = false) =>
      void navigate({
        to: "/models/$namespace/$name",
        params: { namespace, name },
        search: (before) => Object.fromEntries(Object.entries({ ...before, ...change, tab: "requests" }).filter(([, value]) => value !== undefined && value !== "")) as ModelSearch,
        replace: !isStep,
      }),
    [navigate, namespace, name],
  );
}
