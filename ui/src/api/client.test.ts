import { afterEach, expect, it, vi } from "vitest";
import { get, type Refused } from "./client";

afterEach(() => vi.unstubAllGlobals());

const refusedWith = async (body: unknown): Promise<Refused> => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status: 400 })));
  return get("/x").then(
    () => Promise.reject(new Error("it was not refused")),
    (refused: Refused) => refused,
  );
};

it.each([
  ["the workbench's own", { code: "not_found", message: "there is no run", hint: "look" }, { message: "there is no run", hint: "look", code: "not_found" }],
  ["KFP's, with what is meant inside", { code: 3, message: "a: b: c", details: [{ message: "c" }] }, { message: "c", hint: undefined, code: "400" }],
  ["Kubernetes'", { kind: "Status", message: "no", reason: "Forbidden" }, { message: "no", code: "Forbidden" }],
  ["of an upload", { error_message: "Failed", error_details: "Failed\nno pipeline; compile it" }, { message: "no pipeline", hint: "compile it" }],
])("reads a refusal, %s", async (_, body, expected) => expect(await refusedWith(body)).toMatchObject(expected));

it("reads where an upload is wrong", async () => {
  const { diagnostics } = await refusedWith({ error_message: "x", error_details: "x\nline 2, column 1: no `dag`; add one\nline 3, column 5: unknown" });
  expect(diagnostics).toEqual([
    { severity: "error", code: "", message: "no `dag`", help: "add one", span: { line: 2, column: 1 } },
    { severity: "error", code: "", message: "unknown", help: null, span: { line: 3, column: 5 } },
  ]);
});
