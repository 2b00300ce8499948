import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { artifactPreview } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { Section } from "@/components/Page";
import { measured } from "@/domain/classification";
import type { ComparedArtifacts } from "@/domain/compare";
import { shortType } from "@/domain/artifactType";
import { ArtifactPreview } from "@/features/artifacts/ArtifactPreview";
import { type Curve, RocCurve } from "@/features/artifacts/RocCurve";
import styles from "./Compare.module.css";

/** An output of each run beside those of the others. */
export function Outputs({ row, names }: { readonly row: ComparedArtifacts; readonly names: readonly string[] }) {
  return (
    <Section
      title={
        <>
          {row.key} <span className={styles.note}>{`${shortType(row.type)}${row.task && ` of ${row.task}`}`}</span>
        </>
      }
    >
      <Curves row={row} names={names} />
      <div className={styles.beside}>
        {row.artifacts.map((detail, index) => (
          <div key={index} className={styles.one}>
            <h3 title={names[index]}>
              {detail?.artifact.id ? (
                <Link to="/artifacts/$id" params={{ id: String(detail.artifact.id) }}>
                  {names[index]}
                </Link>
              ) : (
                names[index]
              )}
            </h3>
            {detail?.artifact.id ? <ArtifactPreview id={detail.artifact.id} /> : <p className={styles.note}>This run did not make it.</p>}
          </div>
        ))}
      </div>
    </Section>
  );
}

/** The ROC curves of several runs in one frame. */
function Curves({ row, names }: { readonly row: ComparedArtifacts; readonly names: readonly string[] }) {
  const known = row.artifacts.map((detail, index) => ({ detail, name: names[index] ?? "" })).filter((one): one is { detail: ArtifactDetail; name: string } => one.detail !== undefined);
  const curves = useQueries({
    queries: known.map(({ detail }) => artifactPreview(detail.artifact.id ?? 0)),
    combine: (results) =>
      results.flatMap((result, index): Curve[] => {
        const points = result.data?.type === "metrics" ? measured(result.data.metadata).curve : undefined;
        return points ? [{ name: known[index]?.name ?? "", points }] : [];
      }),
  });
  return curves.length > 1 ? <RocCurve curves={curves} /> : null;
}
