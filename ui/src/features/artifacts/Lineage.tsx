import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { artifactLineage } from "@/api/queries";
import { Skeleton, Trouble } from "@/components/Empty";
import styles from "./Lineage.module.css";
import { again } from "@/components/again";

const Drawing = lazy(again(() => import("./LineageDrawing")));

/** What an artifact was made from, and what was made from it, through all runs. */
export function Lineage({ id }: { readonly id: number }) {
  const { data, error } = useQuery(artifactLineage(id));
  if (error && !data) return <Trouble error={error} />;
  return (
    <>
      <div className={styles.drawing}>
        <Suspense fallback={<Skeleton rows={8} />}>{data ? <Drawing key={id} graph={data} /> : <Skeleton rows={8} />}</Suspense>
      </div>
      {data?.truncated && <p className={styles.note}>There is more than a graph can show; open an artifact at its edge to go on from there.</p>}
    </>
  );
}
