import { afterEach, beforeEach, expect, it, vi } from "vitest";

const given = globalThis as { coracleDesktop?: (EventTarget & { files: unknown[] }) | undefined };

beforeEach(() => {
  vi.resetModules();
  given.coracleDesktop = Object.assign(new EventTarget(), { files: [] });
});

afterEach(() => {
  given.coracleDesktop = undefined;
});

const hand = (name: string, content: string) => {
  given.coracleDesktop?.files.push({ name, content: btoa(content) });
  given.coracleDesktop?.dispatchEvent(new Event("file"));
};

it("hands a file to the page that takes it, byte for byte", async () => {
  const { takeFiles } = await import("./desktop");
  const taken: File[] = [];
  takeFiles((file) => taken.push(file));
  hand("a.zip", "PK\u0003\u00ff");
  expect(taken.map(({ name }) => name)).toEqual(["a.zip"]);
  expect([...new Uint8Array(await (taken[0] as File).arrayBuffer())]).toEqual([80, 75, 3, 255]);
});

it("leads to the page that takes files, and keeps the file until it is there", async () => {
  hand("early.yaml", "a");
  const { leadToTaker, takeFiles } = await import("./desktop");
  let led = 0;
  leadToTaker(() => (led += 1));
  expect(led).toBe(1);
  const taken: string[] = [];
  const stop = takeFiles((file) => taken.push(file.name));
  expect(taken).toEqual(["early.yaml"]);
  stop();
  hand("late.yaml", "b");
  expect([taken.length, led]).toEqual([1, 2]);
});

it("does nothing in a browser", async () => {
  given.coracleDesktop = undefined;
  const { leadToTaker, takeFiles } = await import("./desktop");
  const never = () => {
    throw new Error("nobody handed anything");
  };
  leadToTaker(never)();
  takeFiles(never)();
});
