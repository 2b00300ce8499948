// A call of a model, as it is sent and as it is written elsewhere.

import { python } from "./request";
import type { Tensor } from "./tensor";

/** A call with the whole address of what is asked. */
export interface ModelCall {
  readonly url: string;
  readonly body: unknown;
}

export const inferPath = (model: string): string => `/v2/models/${encodeURIComponent(model)}/infer`;

export const predictPath = (model: string): string => `/v1/models/${encodeURIComponent(model)}:predict`;

export const inferBody = (inputs: readonly Tensor[]) => ({ inputs });

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

export const curlCall = ({ url, body }: ModelCall): string =>
  `curl --fail-with-body ${quoted(url)} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`;

export const pythonCall = ({ url, body }: ModelCall): string =>
  [
    "import json",
    "from urllib.request import Request, urlopen",
    "",
    `body = ${python(body)}`,
    `request = Request(${JSON.stringify(url)}, json.dumps(body).encode(), {"content-type": "application/json"})`,
    "print(json.load(urlopen(request)))",
    "",
  ].join("\n");

export const rustCall = ({ url, body }: ModelCall): string =>
  [
    "// cargo add reqwest --features blocking,json && cargo add serde_json",
    "use serde_json::{Value, json};",
    "",
    "fn main() -> Result<(), reqwest::Error> {",
    `    let body = json!(${indented(JSON.stringify(body, null, 4))});`,
    "    let answer: Value = reqwest::blocking::Client::new()",
    `        .post(${JSON.stringify(url)})`,
    "        .json(&body)",
    "        .send()?",
    "        .error_for_status()?",
    "        .json()?;",
    '    println!("{answer:#}");',
    "    Ok(())",
    "}",
    "",
  ].join("\n");

const indented = (text: string): string => text.replaceAll("\n", "\n    ");
