import { useQuery } from "@tanstack/react-query";
import { Download, File, FileSymlink, Folder } from "lucide-react";
import { useState } from "react";
import { address, OWN } from "@/api/client";
import { volumeFiles } from "@/api/queries";
import type { VolumeFile } from "@/api/types";
import { Skeleton, Trouble } from "@/components/Empty";
import { Ago } from "@/components/Time";
import { bytes } from "@/domain/size";
import styles from "./Volumes.module.css";

const ICONS = { folder: Folder, file: File, other: FileSymlink };

/** What is in a volume, folder by folder. A file opens in a tab of its own; a folder can be taken as an archive. */
export function VolumeFiles({ name }: { readonly name: string }) {
  const [path, setPath] = useState<readonly string[]>([]);
  const { data, error } = useQuery(volumeFiles(name, path.join("/")));
  return (
    <section aria-label="Files" className={styles.files}>
      <nav aria-label="Folder" className={styles.crumbs}>
        {[name, ...path].map((part, depth) => (
          <button key={`${depth} ${part}`} type="button" className={styles.crumb} aria-current={depth === path.length} onClick={() => setPath(path.slice(0, depth))}>
            {part}
          </button>
        ))}
        <a className={styles.take} href={contentUrl(name, path, true)} download aria-label={`Download ${path.at(-1) ?? name} as an archive`}>
          <Download size={14} aria-hidden />
        </a>
      </nav>
      {error && !data ? (
        <Trouble error={error} />
      ) : !data ? (
        <Skeleton rows={3} />
      ) : data.files.length === 0 ? (
        <p className={styles.none}>Nothing is in this folder</p>
      ) : (
        <ul className={styles.list}>
          {data.files.map((file) => (
            <Entry key={file.name} volume={name} path={[...path, file.name]} file={file} onOpen={setPath} />
          ))}
        </ul>
      )}
      {data?.truncated && <p className={styles.none}>There is more than can be listed here</p>}
    </section>
  );
}

interface EntryProps {
  readonly volume: string;
  readonly path: readonly string[];
  readonly file: VolumeFile;
  readonly onOpen: (path: readonly string[]) => void;
}

function Entry({ volume, path, file, onOpen }: EntryProps) {
  const Drawn = ICONS[file.kind];
  const title = (
    <>
      <Drawn size={14} aria-hidden />
      <span className={styles.name} title={file.name}>
        {file.name}
      </span>
    </>
  );
  return (
    <li className={styles.file}>
      {file.kind === "folder" ? (
        <button type="button" className={styles.entry} onClick={() => onOpen(path)}>
          {title}
        </button>
      ) : file.kind === "file" ? (
        <a className={styles.entry} href={contentUrl(volume, path)} target="_blank" rel="noreferrer">
          {title}
        </a>
      ) : (
        <span className={styles.entry}>{title}</span>
      )}
      <span className={styles.fact}>{file.kind === "file" && bytes(file.size_bytes)}</span>
      <span className={styles.fact}>
        <Ago at={file.modified_at} />
      </span>
    </li>
  );
}

const contentUrl = (volume: string, path: readonly string[], download = false) =>
  address(`${OWN}/volumes/${encodeURIComponent(volume)}/content`, { path: path.join("/"), ...(download && { download }) });
