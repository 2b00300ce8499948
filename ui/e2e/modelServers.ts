// Small model servers, and how they are made without a form.

import type { Workbench } from "./harness";

/** Answers by both protocols with what its model says: the sums of rows, or the model's own words. */
const SERVER = `
import http.server, json, os
PATH = "/mnt/models/model.txt"
MODEL = open(PATH).read().strip() if os.path.exists(PATH) else os.environ.get("MODEL", "")
TENSOR = {"name": "rows", "datatype": "FP32", "shape": [-1, 2]}
class Handler(http.server.BaseHTTPRequestHandler):
    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path.startswith("/v2/models/") and not os.environ.get("PLAIN"):
            self.say(200, {"name": self.path.split("/")[-1], "platform": "python", "inputs": [TENSOR], "outputs": []})
        else:
            self.say(404, {"error": "there is no " + self.path})
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        print("asked", self.path, flush=True)
        if self.path.endswith("/infer"):
            [rows] = asked["inputs"]
            width = rows["shape"][1]
            sums = [sum(rows["data"][at:at + width]) for at in range(0, len(rows["data"]), width)]
            self.say(200, {"model_name": MODEL, "outputs": [{"name": "sums", "datatype": "FP32", "shape": [len(sums)], "data": sums}]})
        elif "instances" in asked:
            self.say(200, {"predictions": [[MODEL, instance] for instance in asked["instances"]]})
        else:
            self.say(400, {"error": "it needs instances"})
    def log_message(self, *words): pass
print("serves", MODEL, flush=True)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
`;

export const container = (environment: Readonly<Record<string, string>> = {}, script = SERVER) => ({
  name: "kserve-container",
  image: "python:3.11",
  command: ["python3", "-c", script],
  env: Object.entries(environment).map(([name, value]) => ({ name, value })),
  ports: [{ containerPort: 8080 }],
  resources: { requests: { cpu: "10m", memory: "20Mi" }, limits: { cpu: "100m", memory: "100Mi" } },
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
});

/** What serves models of the format `words`. */
export const runtime = {
  apiVersion: "serving.kserve.io/v1alpha1",
  kind: "ServingRuntime",
  metadata: { name: "says", namespace: "default" },
  spec: { supportedModelFormats: [{ name: "words", version: "1", autoSelect: true }], protocolVersions: ["v1", "v2"], containers: [container()] },
};

export const service = (name: string, predictor: object) => ({
  apiVersion: "serving.kserve.io/v1beta1",
  kind: "InferenceService",
  metadata: { name, namespace: "default" },
  spec: { predictor: { terminationGracePeriodSeconds: 0, ...predictor } },
});

const PLURAL: Readonly<Record<string, string>> = { InferenceService: "inferenceservices", ServingRuntime: "servingruntimes" };

interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

/** As `kubectl apply --server-side` does it. */
export async function apply(workbench: Workbench, object: Applied): Promise<void> {
  const address = `${workbench.pages}/apis/${object.apiVersion}/namespaces/default/${PLURAL[object.kind]}/${object.metadata.name}?fieldManager=test&force=true`;
  const answer = await fetch(address, { method: "PATCH", headers: { "content-type": "application/apply-patch+yaml" }, body: JSON.stringify(object) });
  if (!answer.ok) throw new Error(await answer.text());
}
