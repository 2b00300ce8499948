import { useQuery } from "@tanstack/react-query";
import { artifactPreview, contentUrl } from "@/api/queries";
import { Skeleton, Trouble } from "@/components/Empty";
import { Markdown } from "@/components/Markdown";
import { bytes } from "@/domain/size";
import { Cut } from "./Cut";
import { Folder } from "./Folder";
import { Frame } from "./Frame";
import { Measures } from "./Measures";
import styles from "./Preview.module.css";
import { TablePreview } from "./TablePreview";
import { TextPreview } from "./TextPreview";

interface Props {
  readonly id: number;
  /** A file in an artifact that is a folder. */
  readonly path?: string;
  /** A folder's file that is open, and how to open another, where the address is to know it. */
  readonly file?: string | undefined;
  readonly onFile?: ((path: string | undefined) => void) | undefined;
}

/** What there is to see of an artifact, whatever it is. */
export function ArtifactPreview({ id, path = "", file, onFile }: Props) {
  const { data, error } = useQuery(artifactPreview(id, path));
  if (error && !data) return <Trouble error={error} />;
  if (!data) return <Skeleton rows={5} />;
  switch (data.type) {
    case "metrics":
      return <Measures metadata={data.metadata} />;
    case "table":
      return <TablePreview columns={data.columns} rows={data.rows} isCut={data.truncated} />;
    case "text":
      return <TextPreview text={data.text} mediaType={data.media_type} isCut={data.truncated} />;
    case "markdown":
      return (
        <>
          <Markdown text={data.text} />
          {data.truncated && <Cut />}
        </>
      );
    case "html":
      return <Frame url={data.url} title={path || `Page of artifact ${id}`} />;
    case "image":
      return <img className={styles.image} src={data.url} alt={path || `Artifact ${id}`} {...(data.width && { width: data.width })} {...(data.height && { height: data.height })} />;
    case "folder":
      return <Folder id={id} listing={data.listing} file={file} onFile={onFile} show={(inside) => <ArtifactPreview id={id} path={inside} />} />;
    case "binary":
      return (
        <p className={styles.note}>
          {bytes(data.size_bytes)} of <code>{data.media_type}</code>, which cannot be shown. <a href={contentUrl(id, path, true)}>Download</a>
        </p>
      );
  }
}
