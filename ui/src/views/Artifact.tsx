import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { artifact as artifactQuery, contentUrl, run as runQuery } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { CopyAs } from "@/components/CopyAs";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { shortType } from "@/domain/artifactType";
import { isServable } from "@/domain/servable";
import { bytes } from "@/domain/size";
import { About } from "@/features/artifacts/About";
import { ArtifactPreview } from "@/features/artifacts/ArtifactPreview";
import { copies } from "@/features/artifacts/copies";
import { DeleteArtifact } from "@/features/artifacts/DeleteArtifact";
import { Lineage } from "@/features/artifacts/Lineage";
import { ServeThis } from "@/features/artifacts/ServeThis";
import { Uses } from "@/features/artifacts/Uses";
import styles from "./Artifact.module.css";

export function Artifact() {
  const { id } = useParams({ from: "/artifacts/$id" });
  const { tab = "preview", file } = useSearch({ from: "/artifacts/$id" });
  const navigate = useNavigate({ from: "/artifacts/$id" });
  const number = Number(id);
  const { data, error } = useQuery(artifactQuery(number));
  if (error && !data) {
    return (
      <Page title={`Artifact ${id}`}>
        <Trouble error={error} action={<Link to="/artifacts">All artifacts</Link>} />
      </Page>
    );
  }
  if (!data) {
    return (
      <Page title={`Artifact ${id}`} answer="…">
        <Skeleton rows={10} />
      </Page>
    );
  }
  const openFile = (path: string | undefined) => void navigate({ search: (before) => ({ ...(before.tab && { tab: before.tab }), ...(path && { file: path }) }), replace: true });
  return (
    <Page
      title={data.artifact.name || `Artifact ${id}`}
      answer={<Answer detail={data} />}
      actions={
        <>
          {typeof data.size_bytes === "number" && (
            <a className={styles.download} href={contentUrl(number, "", true)}>
              <Download size={14} aria-hidden />
              Download
            </a>
          )}
          {isServable(data) && <ServeThis detail={data} className={styles.download} />}
          <CopyAs texts={copies(data)} />
          {typeof data.size_bytes === "number" && <DeleteArtifact id={number} name={data.artifact.name || `artifact ${id}`} />}
        </>
      }
    >
      <div className={tab === "lineage" ? "" : styles.split}>
        <div className={styles.main}>
          <Tabs
            label="What of the artifact"
            value={tab}
            onChange={(key) => void navigate({ search: { tab: key as typeof tab } })}
            tabs={[
              { key: "preview", title: "Preview", content: data.discarded_at ? <Discarded /> : <ArtifactPreview id={number} file={file} onFile={openFile} /> },
              { key: "lineage", title: "Lineage", content: <Lineage id={number} /> },
              { key: "uses", title: "Where used", content: <Uses id={number} /> },
            ]}
          />
        </div>
        {tab !== "lineage" && <About detail={data} />}
      </div>
    </Page>
  );
}

const Discarded = () => (
  <Empty title="Its bytes were deleted">What is known of it is beside this, and its lineage stays. Run the step that made it again to have another one.</Empty>
);

function Answer({ detail }: { readonly detail: ArtifactDetail }) {
  const maker = detail.producers[0];
  const run = useQuery({ ...runQuery(maker?.run_id ?? ""), enabled: maker !== undefined });
  const size = typeof detail.size_bytes === "number" ? `, ${bytes(detail.size_bytes)}` : detail.discarded_at ? ", deleted" : "";
  return (
    <>
      {shortType(detail.artifact.schema_title)}
      {size}
      {maker && (
        <>
          {" of "}
          <Link to="/runs/$id" params={{ id: maker.run_id }}>
            {run.data?.display_name ?? maker.run_id.slice(0, 8)}
          </Link>
        </>
      )}
    </>
  );
}
