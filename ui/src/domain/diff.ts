// What differs between two texts, line by line (Myers' algorithm).

export interface DiffLine {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
  /** Line numbers from 1 in the old and in the new text. */
  readonly before?: number;
  readonly after?: number;
}

/** Lines that differ, with some around them; `skipped` equal ones stand before it. */
export interface Hunk {
  readonly skipped: number;
  readonly lines: readonly DiffLine[];
}

/** More differences than this are not sought out one by one: the middle is replaced as a whole. */
const MOST = 4000;

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, young] = [split(before), split(after)];
  let head = 0;
  while (head < old.length && head < young.length && old[head] === young[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < young.length - head && old[old.length - 1 - tail] === young[young.length - 1 - tail]) tail += 1;
  const kinds = [
    ...Array<DiffLine["kind"]>(head).fill("same"),
    ...middle(old.slice(head, old.length - tail), young.slice(head, young.length - tail)),
    ...Array<DiffLine["kind"]>(tail).fill("same"),
  ];
  let [atOld, atNew] = [0, 0];
  return kinds.map((kind) => {
    const text = (kind === "added" ? young[atNew] : old[atOld]) ?? "";
    const line: DiffLine = { kind, text, ...(kind !== "added" && { before: atOld + 1 }), ...(kind !== "removed" && { after: atNew + 1 }) };
    if (kind !== "added") atOld += 1;
    if (kind !== "removed") atNew += 1;
    return line;
  });
}

function split(text: string): readonly string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function middle(old: readonly string[], young: readonly string[]): readonly DiffLine["kind"][] {
  const most = old.length + young.length;
  const reached = new Map<number, number>([[1, 0]]);
  const steps: ReadonlyMap<number, number>[] = [];
  for (let depth = 0; depth <= Math.min(most, MOST); depth += 1) {
    steps.push(new Map(reached));
    for (let diagonal = -depth; diagonal <= depth; diagonal += 2) {
      let x = goesDown(reached, diagonal, depth) ? (reached.get(diagonal + 1) ?? 0) : (reached.get(diagonal - 1) ?? 0) + 1;
      while (x < old.length && x - diagonal < young.length && old[x] === young[x - diagonal]) x += 1;
      reached.set(diagonal, x);
      if (x >= old.length && x - diagonal >= young.length) return walkBack(steps, old.length, young.length);
    }
  }
  return [...old.map(() => "removed" as const), ...young.map(() => "added" as const)];
}

const goesDown = (reached: ReadonlyMap<number, number>, diagonal: number, depth: number): boolean =>
  diagonal === -depth || (diagonal !== depth && (reached.get(diagonal - 1) ?? -1) < (reached.get(diagonal + 1) ?? -1));

function walkBack(steps: readonly ReadonlyMap<number, number>[], width: number, height: number): readonly DiffLine["kind"][] {
  const kinds: DiffLine["kind"][] = [];
  let [x, y] = [width, height];
  for (let depth = steps.length - 1; depth >= 0; depth -= 1) {
    const reached = steps[depth] ?? new Map<number, number>();
    const diagonal = x - y;
    const from = goesDown(reached, diagonal, depth) ? diagonal + 1 : diagonal - 1;
    const startX = reached.get(from) ?? 0;
    const startY = startX - from;
    while (x > startX && y > startY) {
      kinds.push("same");
      x -= 1;
      y -= 1;
    }
    if (depth > 0) kinds.push(x === startX ? "added" : "removed");
    [x, y] = [startX, startY];
  }
  return kinds.toReversed();
}

/** The parts that differ, each with `around` equal lines at both ends. */
export function hunks(lines: readonly DiffLine[], around = 3): readonly Hunk[] {
  const found: { skipped: number; lines: DiffLine[] }[] = [];
  let last = -1;
  lines.forEach((line, index) => {
    if (line.kind === "same") return;
    const [from, to] = [Math.max(last + 1, index - around), Math.min(lines.length - 1, index + around)];
    const open = found.at(-1);
    if (open && from === last + 1) open.lines.push(...lines.slice(from, to + 1));
    else found.push({ skipped: from - last - 1, lines: lines.slice(from, to + 1) });
    last = Math.max(last, to);
  });
  return found;
}

/** How many lines were added and removed. */
export function counts(lines: readonly DiffLine[]): { readonly added: number; readonly removed: number } {
  return { added: lines.filter((line) => line.kind === "added").length, removed: lines.filter((line) => line.kind === "removed").length };
}
