// What a model server was asked: how it is filtered, what is said of it, and how it is asked again.

import type { ModelMessage, ModelRequest, ModelRequestDetail, ModelServer } from "@/api/types";
import type { Copyable } from "./copied";
import { curlCall, pythonCall, quoted } from "./modelCall";
import type { ModelSearch } from "./modelSearch";
import type { Shown } from "./state";

/** From which status on an answer is a refusal. */
export const REFUSED = 400;
/** From which status on something has failed. */
export const FAILED = 500;

/** As `GET …/requests` takes it. */
export type RequestFilter = Readonly<Record<"search" | "revision", string | undefined> & Record<"min_code" | "min_ms", number | undefined>>;

export const filterOf = ({ text, revision, code, slower }: ModelSearch): RequestFilter => ({ search: text, revision, min_code: code, min_ms: slower });

export const isFiltered = (filter: RequestFilter): boolean => Object.values(filter).some((value) => value !== undefined);

const WORDS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad request",
  404: "Not found",
  408: "Too slow",
  413: "Too large",
  422: "Unprocessable",
  429: "Too many",
  499: "Client left",
  500: "Server error",
  502: "Bad gateway",
  503: "Unavailable",
  504: "Timed out",
};

/** `200 OK`, with the tone of what it means. */
export function shownCode(code: number): Shown {
  const word = WORDS[code] ? `${code} ${WORDS[code]}` : String(code);
  if (code >= FAILED) return { tone: "fail", icon: "cross", word };
  return code >= REFUSED ? { tone: "warn", icon: "warning", word } : { tone: "ok", icon: "check", word };
}

/** The revisions that may be filtered by: those that there are, and those in sight. */
export function knownRevisions(server: ModelServer, requests: readonly ModelRequest[], wanted?: string): readonly string[] {
  const names = [...(server.parts.length > 0 ? [presentRevision(server)] : []), ...(isSplit(server) ? [canaryRevision(server)] : []), ...requests.map(({ revision }) => revision), wanted ?? ""];
  return [...new Set(names)].filter(Boolean).toSorted();
}

/** Whether there is a new revision that answers: without a share it has no pods. */
export const isSplit = ({ canary_percent }: ModelServer): boolean => typeof canary_percent === "number" && canary_percent > 0;

/** What a revision is called in the log. */
export const presentRevision = ({ name }: ModelServer): string => `${name}-predictor`;
export const canaryRevision = ({ name }: ModelServer): string => `${name}-predictor-canary`;

/** The longest body that is kept, in bytes. */
const LONGEST = 256 * 1024;

/** Why there is no body to show; nothing where there is one. */
export function missingWords({ text, base64 }: ModelMessage, size: number): string | undefined {
  if (typeof text === "string" || typeof base64 === "string") return undefined;
  if (size > LONGEST) return "It is longer than 256 KiB, and was not kept.";
  return "It was not kept: bodies are left out by the annotation `coracle.serving/request-log: heads`, of gRPC, and of what broke off.";
}

/** The name of the model that a path asks. */
export function modelOf(path: string): string | undefined {
  const [, name] = /^\/v[12]\/models\/([^/:?]+)/.exec(path) ?? [];
  return name === undefined ? undefined : decodeURIComponent(name);
}

/** The body, where it is JSON. */
export function jsonBody({ text }: ModelMessage): unknown {
  try {
    return typeof text === "string" ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

const of = (namespace: string): string => (namespace === "default" ? "" : ` -n ${namespace}`);

export const requestCommand = ({ namespace, name }: Pick<ModelServer, "namespace" | "name">, number: number): string => `coracle requests ${name} ${number}${of(namespace)}`;

/** The request as it is made elsewhere. */
export function requestCopies(server: ModelServer, detail: ModelRequestDetail, origin: string): readonly Copyable[] {
  const url = origin + server.path + detail.path;
  const body = jsonBody(detail.sent);
  const { text } = detail.sent;
  const type = detail.sent.headers.find(({ name }) => name === "content-type")?.value ?? "application/octet-stream";
  return [
    { label: "command", text: requestCommand(server, detail.number) },
    ...(body !== undefined
      ? [
          { label: "curl", text: curlCall({ url, body }) },
          { label: "Python", text: pythonCall({ url, body }) },
        ]
      : typeof text === "string"
        ? [{ label: "curl", text: `curl --fail-with-body ${quoted(url)} \\\n  -H ${quoted(`content-type: ${type}`)} \\\n  --data-binary ${quoted(text)}` }]
        : []),
    { label: "id", text: detail.id },
  ];
}
