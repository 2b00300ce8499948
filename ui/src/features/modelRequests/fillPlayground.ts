import type { ModelRequestDetail, ModelServer } from "@/api/types";
import { keepFor } from "@/components/useKept";
import { modelOf } from "@/domain/modelRequest";
import { prettyJson } from "@/domain/prettyJson";

/** Has the playground begin with a request, by its JSON body. */
export function fillPlayground(server: ModelServer, { path, sent }: ModelRequestDetail): void {
  const model = modelOf(path) ?? server.name;
  keepFor(`${server.path} model`, model);
  keepFor(`${server.path} kind`, "json");
  keepFor(`${server.path} ${model} path`, path);
  keepFor(`${server.path} ${model} body`, prettyJson(sent.text ?? "", "application/json"));
}
