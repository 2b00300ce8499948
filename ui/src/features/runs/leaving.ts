// Runs that are being deleted together have one key between them, so that one undo brings all of them back.

const BEGINNING = "runs ";

export const leavingKey = (ids: readonly string[]): string => BEGINNING + ids.join(" ");

export const leavingRuns = (keys: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...keys].filter((key) => key.startsWith(BEGINNING)).flatMap((key) => key.slice(BEGINNING.length).split(" ")));
