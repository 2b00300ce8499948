import { FileUp } from "lucide-react";
import { useRef } from "react";
import { isSource } from "@/domain/definition";
import styles from "./Upload.module.css";

/** Where a file is chosen; one may be dropped anywhere on the page as well. */
export function FileZone({ file, onFile }: { readonly file: File | undefined; readonly onFile: (file: File | undefined) => void }) {
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={chooser}
        type="file"
        hidden
        aria-label="Pipeline file"
        accept=".yaml,.yml,.json,.zip,.gz,.tgz,.py,.ipynb"
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <button type="button" className={styles.zone} onClick={() => chooser.current?.click()}>
        <FileUp size={18} aria-hidden />
        <span className={styles.file} title={file?.name}>
          {file ? file.name : "Choose a file, or drop one anywhere"}
        </span>
        <small>{file ? "Choose another" : "Compiled (YAML, JSON, zip, tar.gz), or a .py with a @dsl.pipeline"}</small>
      </button>
      {file && isSource(file.name) && (
        <p className={styles.about}>
          Your Python runs this file, as <code>coracle run {file.name}</code> does, but alone: what lies beside it is not there. What your <code>kfp</code> makes of it is kept.
        </p>
      )}
    </>
  );
}
