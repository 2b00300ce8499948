import { useState } from "react";
import { columnsOf, columnsText } from "@/domain/runTable";

const KEY = "coracle.run-columns";

/** The columns that the address says, or those that were chosen last in this browser. */
export function useColumns(said: string | undefined, onChange: (columns: string) => void): readonly [readonly string[], (keys: readonly string[]) => void] {
  const [remembered, setRemembered] = useState(() => localStorage.getItem(KEY) ?? undefined);
  const choose = (keys: readonly string[]) => {
    const text = columnsText(keys);
    localStorage.setItem(KEY, text);
    setRemembered(text);
    onChange(text);
  };
  return [columnsOf(said ?? remembered), choose];
}
