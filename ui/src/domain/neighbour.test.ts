import { expect, it } from "vitest";
import { layout } from "./layout";
import { type Direction, neighbour } from "./neighbour";

// load -> left, right -> end, and beside them a group that is open.
const { boxes } = layout({
  nodes: [{ id: "load" }, { id: "one" }, { id: "two" }, { id: "end" }, { id: "group", level: { nodes: [{ id: "group/a" }, { id: "group/b" }], edges: [{ id: "in", from: "group/a", to: "group/b" }] } }],
  edges: [
    ["load", "one"],
    ["load", "two"],
    ["one", "end"],
    ["two", "end"],
    ["end", "group"],
  ].map(([from = "", to = ""]) => ({ id: `${from} ${to}`, from, to })),
});
const [upper = "", lower = ""] = ["one", "two"].toSorted((a, b) => (boxes.get(a)?.y ?? 0) - (boxes.get(b)?.y ?? 0));

it.each<[string, Direction, string | undefined]>([
  [upper, "ArrowDown", lower],
  [lower, "ArrowUp", upper],
  [upper, "ArrowRight", "end"],
  [lower, "ArrowLeft", "load"],
  ["load", "ArrowLeft", undefined],
  ["end", "ArrowRight", "group/a"],
  ["group/a", "ArrowUp", "group"],
  ["group/a", "ArrowRight", "group/b"],
  ["none", "ArrowUp", undefined],
])("from %s by %s one comes to %s", (from, direction, to) => expect(neighbour(boxes, from, direction)).toBe(to));
