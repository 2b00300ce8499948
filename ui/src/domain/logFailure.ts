// Which line of a log tells why a step failed.

import { plain } from "./logAnsi";

const TELLS = /(^|[^A-Za-z])(error|exception|fatal|panic(ked)?|failed|cannot|denied|killed|not found|no such)/i;
/** The further back, the less it is about the end. */
export const LOOKED_AT = 400;

/** The line's index; the last line when none tells. `read` answers a line's text. */
export function failingLine(count: number, read: (index: number) => string, message = ""): number | undefined {
  if (count === 0) return undefined;
  const first = Math.max(0, count - LOOKED_AT);
  const said = message.replace(/^exited with code \d+:?\s*/, "").trim();
  const search = (matches: (text: string) => boolean) => {
    for (let index = count - 1; index >= first; index -= 1) if (matches(plain(read(index)))) return index;
    return undefined;
  };
  return (
    (said.length > 3 ? search((text) => text.includes(said)) : undefined) ??
    (said.length > 20 ? search((text) => text.trim().length > 8 && said.includes(text.trim())) : undefined) ??
    search((text) => TELLS.test(text)) ??
    search((text) => text.trim() !== "") ??
    count - 1
  );
}
