import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BrainCircuit } from "lucide-react";
import { artifactPreview } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { servedFrom } from "@/domain/servable";

/** Leads to the form of a model server that has this artifact as its model. */
export function ServeThis({ detail, className }: { readonly detail: ArtifactDetail; readonly className: string | undefined }) {
  const preview = useQuery(artifactPreview(detail.artifact.id ?? 0));
  const words = (
    <>
      <BrainCircuit size={14} aria-hidden />
      Serve this
    </>
  );
  // Whether it is a folder decides what is served.
  if (preview.isPending) return <span className={className} aria-disabled>{words}</span>;
  return (
    <Link to="/models/new" search={servedFrom(detail, preview.data?.type === "folder")} className={className}>
      {words}
    </Link>
  );
}
