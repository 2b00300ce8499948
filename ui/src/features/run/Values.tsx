import type { Artifact, Task } from "@/api/types";
import styles from "./Run.module.css";

type Given = Task["inputs"];

/** A value as text: what is long is folded. */
export function Value({ value }: { readonly value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 1);
  if (text === undefined) return null;
  if (text.length <= 160 && !text.includes("\n")) return <code className={styles.value}>{text === "" ? '""' : text}</code>;
  return (
    <details className={styles.folded}>
      <summary>
        <code>{text.slice(0, 80).replaceAll("\n", " ")}…</code>
      </summary>
      <pre>{text}</pre>
    </details>
  );
}

export function ArtifactLink({ artifact }: { readonly artifact: Artifact }) {
  const kind = artifact.schema_title.replace(/^system\./, "") || "Artifact";
  return (
    <span className={styles.artifact}>
      {artifact.id ? (
        <a href={`#/artifacts/${artifact.id}`} title={artifact.uri}>
          {artifact.name || `Artifact ${artifact.id}`}
        </a>
      ) : (
        <span title={artifact.uri}>{artifact.name}</span>
      )}
      <span className={styles.kind}>{kind}</span>
    </span>
  );
}

/** KFP's names of what is handed on between tasks begin with this. */
const short = (name: string): string => name.replace(/^pipelinechannel--/, "");

/** Parameters and artifacts by name. */
export function Values({ given, none }: { readonly given: Given; readonly none: string }) {
  const parameters = Object.entries(given.parameters);
  const artifacts = Object.entries(given.artifacts);
  if (parameters.length + artifacts.length === 0) return <p className={styles.none}>{none}</p>;
  return (
    <dl className={styles.values}>
      {parameters.map(([name, value]) => (
        <div key={`p-${name}`}>
          <dt title={name}>{short(name)}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
      {artifacts.map(([name, all]) => (
        <div key={`a-${name}`}>
          <dt title={name}>{short(name)}</dt>
          <dd>
            {all.map((artifact, index) => (
              <ArtifactLink key={artifact.id ?? index} artifact={artifact} />
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
