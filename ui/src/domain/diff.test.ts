import { describe, expect, it } from "vitest";
import { counts, diffLines, hunks } from "./diff";

const shown = (before: string, after: string) => diffLines(before, after).map(({ kind, text }) => `${{ same: " ", added: "+", removed: "-" }[kind]}${text}`);

describe("lines", () => {
  it.each([
    ["nothing", "", "", []],
    ["equal", "a\nb\n", "a\nb\n", [" a", " b"]],
    ["added at the end", "a", "a\nb", [" a", "+b"]],
    ["removed at the start", "a\nb", "b", ["-a", " b"]],
    ["replaced", "a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
    ["from nothing", "", "a\nb", ["+a", "+b"]],
    ["moved", "a\nb\nc", "b\nc\na", ["-a", " b", " c", "+a"]],
    ["scattered", "a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", ["-a", "-b", " c", "+b", " a", " b", "-b", " a", "+c"]],
  ])("%s", (_, before, after, expected) => expect(shown(before, after)).toEqual(expected));

  it("keeps both texts whole, whatever they are", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 200; round += 1) {
      const text = () => Array.from({ length: random(30) }, () => String(random(4))).join("\n");
      const [before, after] = [text(), text()];
      const lines = diffLines(before, after);
      const side = (left: string) => lines.filter((line) => line.kind !== left).map((line) => line.text).join("\n");
      expect([side("added"), side("removed")]).toEqual([before, after]);
    }
  });
});

it("shows what differs with its surroundings", () => {
  const before = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const after = before.map((line, index) => (index === 10 || index === 30 ? `${line} changed` : line));
  const lines = diffLines(before.join("\n"), after.join("\n"));
  expect(hunks(lines).map(({ skipped, lines: held }) => [skipped, held.length])).toEqual([
    [7, 8],
    [13, 8],
  ]);
  expect(counts(lines)).toEqual({ added: 2, removed: 2 });
});
