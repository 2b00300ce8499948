import { useCallback, useState } from "react";

/** What was written somewhere stays there while one looks elsewhere, for as long as the window is open. */
export function useKept<Value>(key: string, first: Value): readonly [Value, (value: Value) => void] {
  const place = `coracle.kept ${key}`;
  const [value, setValue] = useState<Value>(() => read(place) ?? first);
  const keep = useCallback(
    (next: Value) => {
      setValue(next);
      sessionStorage.setItem(place, JSON.stringify(next));
    },
    [place],
  );
  return [value, keep];
}

function read<Value>(place: string): Value | undefined {
  const kept = sessionStorage.getItem(place);
  return kept === null ? undefined : (JSON.parse(kept) as Value);
}
