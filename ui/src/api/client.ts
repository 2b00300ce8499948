// The only place that asks the workbench. Everything it refuses becomes a `Refused` with a code, a reason and what to try.

import type { components } from "./schema";

type ErrorBody = components["schemas"]["ErrorBody"];

/** Where each API of the workbench begins. */
export const OWN = "/apis/coracle/v1";
export const KFP = "/apis/v2beta1";

/** What the workbench said instead of doing what was asked. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly hint?: string,
    readonly diagnostics: ErrorBody["diagnostics"] = [],
  ) {
    super(message);
    this.name = "Refused";
  }
}

/** The workbench does not answer at all. */
export class Offline extends Error {
  constructor() {
    super("The workbench does not answer");
    this.name = "Offline";
  }
}

type Query = Record<string, string | number | boolean | null | undefined>;

interface Options {
  readonly query?: Query;
  readonly body?: unknown;
  /** Sent as it is, with its own type. */
  readonly form?: FormData | Blob;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** Asks, and answers the response once it is a success. What deletes goes on when the window closes. */
export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = {};
  if (options.body !== undefined) headers["content-type"] = options.contentType ?? "application/json";
  const body = options.form ?? (options.body === undefined ? null : JSON.stringify(options.body));
  const response = await reach(address(path, options.query), { method, headers, body, signal: options.signal ?? null, keepalive: method === "DELETE" });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Asks, and reads the answer as JSON; nothing where there is none. */
export async function ask<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/**
 * A browser drops every connection when the networks of the machine change, which an engine does whenever it starts
 * something; what only reads is asked again.
 */
async function reach(url: string, request: RequestInit, waits: readonly number[] = request.method === "GET" ? [100, 400] : []): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const [wait, ...later] = waits;
    if (wait === undefined) throw new Offline();
    await new Promise((done) => setTimeout(done, wait));
    return reach(url, request, later);
  }
}

/** Asks a server behind the workbench, whose refusals are answers of its own. */
export const askServer = (method: string, path: string, body: string | undefined, signal: AbortSignal): Promise<Response> =>
  reach(path, { method, signal, ...(body !== undefined && { body, headers: { "content-type": "application/json" } }) });

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  ask<T>("GET", path, { ...(query && { query }), ...(signal && { signal }) });

/** Each of the three APIs refuses in words of its own. */
async function refusal(response: Response): Promise<Refused> {
  const text = await response.text();
  let body: Record<string, unknown> = {};
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) body = read as Record<string, unknown>;
  } catch {
    // Not JSON: the text is all there is.
  }
  const own = body["error"] && typeof body["error"] === "object" ? (body["error"] as Record<string, unknown>) : body;
  const inner = Array.isArray(body["details"]) ? (body["details"][0] as Record<string, unknown> | undefined)?.["message"] : undefined;
  const [why, help] = reasonOf(body["error_details"]);
  const said = inner ?? own["message"] ?? why ?? body["error_message"];
  const message = typeof said === "string" && said ? said : text || response.statusText;
  const code = own["code"] ?? own["reason"];
  const hint = typeof own["hint"] === "string" ? own["hint"] : help;
  const diagnostics = Array.isArray(own["diagnostics"]) ? (own["diagnostics"] as ErrorBody["diagnostics"]) : found(body["error_details"]);
  return new Refused(message, response.status, typeof code === "string" ? code : String(response.status), hint, diagnostics);
}

/** Behind the words of KFP's server stands, in a line of its own, what is wrong with an upload and what to try. */
function reasonOf(details: unknown): readonly [reason?: string, hint?: string] {
  const line = typeof details === "string" ? details.split("\n")[1] : undefined;
  if (!line) return [];
  const [reason = "", ...hints] = line.replace(/^line \d+, column \d+: /, "").split("; ");
  return [reason, hints.join("; ") || undefined] as [string, string?];
}

/** What an upload is refused for, of which each line has a place: `line 2, column 1: what is wrong; what to try`. */
function found(details: unknown): ErrorBody["diagnostics"] {
  if (typeof details !== "string") return [];
  return details.split("\n").flatMap((line) => {
    const [, row, column, message = "", help] = /^line (\d+), column (\d+): (.*?)(?:; (.*))?$/.exec(line) ?? [];
    if (!row || !column) return [];
    return [{ severity: "error" as const, code: "", message, help: help ?? null, span: { line: Number(row), column: Number(column) } }];
  });
}
