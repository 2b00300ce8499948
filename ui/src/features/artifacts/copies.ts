// What an artifact can be taken along as.

import { contentUrl } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import type { Copyable } from "@/components/CopyAs";

export function copies(detail: ArtifactDetail): readonly Copyable[] {
  const { id, uri, name } = detail.artifact;
  const url = window.location.origin + contentUrl(id ?? 0);
  const run = detail.producers[0]?.run_id;
  return [
    { label: "URI", text: uri },
    ...(detail.path ? [{ label: "Path", text: detail.path }] : []),
    ...(run ? [{ label: "Command", text: `coracle artifacts ${run.slice(0, 8)}` }] : []),
    { label: "curl", text: `curl --fail --output ${quoted(name)} '${url}'` },
    { label: "Python", text: `from urllib.request import urlopen\n\ndata = urlopen("${url}").read()\n` },
  ];
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
