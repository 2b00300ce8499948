import { ChevronDown, ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { contentUrl } from "@/api/queries";
import type { ArtifactFiles } from "@/api/types";
import { bytes } from "@/domain/size";
import { Cut } from "./Cut";
import styles from "./Preview.module.css";

interface Props {
  readonly id: number;
  readonly listing: ArtifactFiles;
  readonly file?: string | undefined;
  readonly onFile?: ((path: string | undefined) => void) | undefined;
  readonly show: (path: string) => ReactNode;
}

/** The files of an artifact that is a folder; each opens in place. */
export function Folder({ id, listing, file, onFile, show }: Props) {
  const [own, setOwn] = useState<string>();
  const open = onFile ? file : own;
  const toggle = onFile ?? setOwn;
  if (listing.files.length === 0) return <p className={styles.note}>The folder is empty.</p>;
  return (
    <>
      <ul className={styles.files}>
        {listing.files.map(({ path, size_bytes }) => {
          const isOpen = path === open;
          return (
            <li key={path}>
              <div className={styles.file}>
                <button type="button" aria-expanded={isOpen} onClick={() => toggle(isOpen ? undefined : path)}>
                  {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
                  <span title={path}>{path}</span>
                </button>
                <span className={styles.size}>{bytes(size_bytes)}</span>
                <a href={contentUrl(id, path, true)} aria-label={`Download ${path}`}>
                  Download
                </a>
              </div>
              {isOpen && <div className={styles.inside}>{show(path)}</div>}
            </li>
          );
        })}
      </ul>
      {listing.truncated && <Cut />}
    </>
  );
}
