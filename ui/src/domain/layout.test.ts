import { describe, expect, it } from "vitest";
import { type Level, layout, NODE } from "./layout";

/** Every node waits for the one at a third of its number. */
const tree = (count: number): Level => ({
  nodes: Array.from({ length: count }, (_, index) => ({ id: `n${index}` })),
  edges: Array.from({ length: count - 1 }, (_, index) => ({ id: `e${index}`, from: `n${Math.floor((index + 1) / 3)}`, to: `n${index + 1}` })),
});

const hasOverlap = (level: Level): boolean => {
  const boxes = [...layout(level).boxes.values()];
  return boxes.some((one, index) =>
    boxes.slice(index + 1).some((two) => one.x < two.x + two.width && two.x < one.x + one.width && one.y < two.y + two.height && two.y < one.y + one.height),
  );
};

describe("a layout", () => {
  it.each([1, 2, 40, 200])("of %i nodes has none upon another, and what waits is to the right", (count) => {
    const level = tree(count);
    expect(hasOverlap(level)).toBe(false);
    const { boxes } = layout(level);
    for (const { from, to } of level.edges) expect(boxes.get(to)?.x).toBeGreaterThanOrEqual((boxes.get(from)?.x ?? 0) + NODE.width);
  });

  const of = (edges: readonly string[]): Level => ({
    nodes: [...new Set(edges.flatMap((edge) => edge.split(">")))].map((id) => ({ id })),
    edges: edges.map((edge) => ({ id: edge, from: edge.split(">")[0] ?? "", to: edge.split(">")[1] ?? "" })),
  });
  const middle = (places: ReturnType<typeof layout>, id: string) => (places.boxes.get(id)?.y ?? Number.NaN) + NODE.height / 2;

  it("has a chain in one line, and what comes together in the middle", () => {
    const places = layout(of(["a>b", "b>c", "c>x", "c>y", "x>z", "y>z"]));
    expect(middle(places, "a")).toBeCloseTo(middle(places, "c"));
    expect(middle(places, "c")).toBeCloseTo((middle(places, "x") + middle(places, "y")) / 2);
    expect(middle(places, "z")).toBeCloseTo(middle(places, "c"));
  });

  it.each([
    ["two that would cross", ["a>d", "b>c", "a>e"]],
    ["three that would cross", ["a>z", "b>y", "c>x", "a>y"]],
  ])("has no crossing where there need be none: %s", (_, edges) => {
    const level = of(edges);
    const places = layout(level);
    const crossing = level.edges.filter((one) =>
      level.edges.some((other) => middle(places, one.from) < middle(places, other.from) && middle(places, one.to) > middle(places, other.to)),
    );
    expect(crossing).toEqual([]);
  });

  it("leads an edge around what it passes, and straight", () => {
    const places = layout(of(["a>b", "b>c", "c>d", "a>d"]));
    const bends = places.bends.get("a>d") ?? [];
    expect(bends).toHaveLength(4);
    expect(new Set(bends.map(({ y }) => Math.round(y))).size).toBe(1);
    for (const id of ["b", "c"]) {
      const box = places.boxes.get(id);
      for (const { y } of bends) expect(y > (box?.y ?? 0) + NODE.height || y < (box?.y ?? 0)).toBe(true);
    }
  });

  it("has what begins late beside what takes it", () => {
    const { boxes } = layout(of(["a>b", "b>c", "settings>c"]));
    expect(boxes.get("settings")?.x).toBe(boxes.get("b")?.x);
  });

  it("has an open group around what is in it", () => {
    const { boxes } = layout({ nodes: [{ id: "g", level: { nodes: [{ id: "g/a" }, { id: "g/b" }], edges: [{ id: "e", from: "g/a", to: "g/b" }] } }, { id: "z" }], edges: [] });
    const group = boxes.get("g");
    for (const id of ["g/a", "g/b"]) {
      const inner = boxes.get(id);
      expect(inner?.x).toBeGreaterThan(group?.x ?? 0);
      expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThan((group?.x ?? 0) + (group?.width ?? 0));
      expect((inner?.y ?? 0) + (inner?.height ?? 0)).toBeLessThan((group?.y ?? 0) + (group?.height ?? 0));
    }
  });

  it("of 5,000 nodes takes no time, and a circle loses nothing", () => {
    const began = performance.now();
    expect(layout(tree(5000)).boxes.size).toBe(5000);
    expect(performance.now() - began).toBeLessThan(1000);
    const circle = tree(100);
    expect(layout({ nodes: circle.nodes, edges: [...circle.edges, { id: "back", from: "n99", to: "n1" }] }).boxes.size).toBe(100);
  });
});
