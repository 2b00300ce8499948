import { useCallback, useState } from "react";

/** What was written somewhere stays there while one looks elsewhere, for as long as the window is open. */
export function useKept<Value>(key: string, first: Value): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => read(placeOf(key)) ?? first);
  const keep = useCallback(
    (next: Value) => {
      setValue(next);
      keepFor(key, next);
    },
    [key],
  );
  return [value, keep];
}

/** Has it be there when it is next looked at. */
export const keepFor = (key: string, value: unknown): void => sessionStorage.setItem(placeOf(key), JSON.stringify(value));

const placeOf = (key: string): string => `coracle.kept ${key}`;

function read<Value>(place: string): Value | undefined {
  const kept = sessionStorage.getItem(place);
  return kept === null ? undefined : (JSON.parse(kept) as Value);
}
