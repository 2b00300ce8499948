import { describe, expect, it } from "vitest";
import type { ModelMessage, ModelRequestDetail, ModelServer } from "@/api/types";
import { filterOf, isFiltered, knownRevisions, missingWords, modelOf, requestCopies, shownCode } from "./modelRequest";
import { modelSearch } from "./modelSearch";

const server = (more: Partial<ModelServer> = {}): ModelServer => ({ namespace: "default", name: "iris", path: "/serving/default/iris", parts: [{}], ...more }) as unknown as ModelServer;
const message = (text: string | null, base64: string | null = null): ModelMessage => ({ headers: [{ name: "content-type", value: "text/plain" }], text, base64 });

describe("a filter", () => {
  it.each([
    ["nothing", {}, {}],
    ["all of it", { text: "5.1", code: "400", revision: "iris-predictor", slower: 10 }, { search: "5.1", min_code: 400, revision: "iris-predictor", min_ms: 10 }],
    ["what looks like JSON", { text: { instances: [] } }, { search: '{"instances":[]}' }],
    ["what is no number", { code: "x", slower: -1 }, {}],
  ])("%s comes from the address", (_, address, expected) => {
    const filter = filterOf(modelSearch({ tab: "requests", ...address }));
    expect(filter).toEqual({ search: undefined, revision: undefined, min_code: undefined, min_ms: undefined, ...expected });
    expect(isFiltered(filter)).toBe(Object.keys(expected).length > 0);
  });

  it("has the requests that are chosen, and how they are sent again", () => {
    expect(modelSearch({ tab: "requests", chosen: [3, "2", 0, "x"], replay: "chosen", last: "5", tolerance: 0.01 })).toEqual({ tab: "requests", chosen: [3, 2], replay: "chosen", last: 5, tolerance: "0.01" });
    expect(modelSearch({ replay: "everything" })).toEqual({});
  });
});

it.each([
  [200, "ok", "200 OK"],
  [404, "warn", "404 Not found"],
  [418, "warn", "418"],
  [503, "fail", "503 Unavailable"],
])("an answer with %i is %s", (code, tone, word) => expect(shownCode(code)).toMatchObject({ tone, word }));

it.each([
  ["with pods", server(), ["iris-predictor", "older"]],
  ["with a canary", server({ canary_percent: 5 }), ["iris-predictor", "iris-predictor-canary", "older"]],
  ["without pods", server({ parts: [] }), ["older"]],
])("revisions of a server %s", (_, given, expected) => expect(knownRevisions(given, [], "older")).toEqual(expected));

it.each([
  ["text", message(""), 0, undefined],
  ["bytes", message(null, "AA=="), 1, undefined],
  ["too long", message(null), 300_000, /256 KiB/],
  ["not wanted", message(null), 10, /heads/],
])("a body that is %s", (_, given, size, expected) => (expected ? expect(missingWords(given, size)).toMatch(expected) : expect(missingWords(given, size)).toBeUndefined()));

it.each([
  ["/v1/models/iris:predict", "iris"],
  ["/v2/models/a%20b/infer?x=1", "a b"],
  ["/v2/models/iris/versions/1/infer", "iris"],
  ["/openai/v1/completions", undefined],
])("%s asks %s", (path, model) => expect(modelOf(path)).toBe(model));

describe("a request elsewhere", () => {
  const detail = (sent: ModelMessage) => ({ number: 7, id: "mine", path: "/v1/models/iris:predict", sent }) as unknown as ModelRequestDetail;
  it.each([
    ["JSON", message('{"instances": [1]}'), ["command", "curl", "Python", "id"]],
    ["a text", message("it's"), ["command", "curl", "id"]],
    ["bytes", message(null, "AA=="), ["command", "id"]],
  ])("with %s", (_, sent, labels) => expect(requestCopies(server(), detail(sent), "http://here").map(({ label }) => label)).toEqual(labels));

  it("is written as it was", () => {
    const [command, curl] = requestCopies(server({ namespace: "team" }), detail(message("it's")), "http://here");
    expect(command?.text).toBe("coracle requests iris 7 -n team");
    expect(curl?.text).toContain("'http://here/serving/default/iris/v1/models/iris:predict'");
    expect(curl?.text).toContain("-H 'content-type: text/plain'");
    expect(curl?.text).toContain(`--data-binary 'it'\\''s'`);
  });
});
