import { useQuery } from "@tanstack/react-query";
import { Copy, Download } from "lucide-react";
import { runDefinition } from "@/api/queries";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import styles from "./Run.module.css";

/** The definition of a run, as it was written. */
export function Definition({ run, name }: { readonly run: string; readonly name: string }) {
  const definition = useQuery(runDefinition(run));
  const copy = useCopy();
  if (definition.isPending) return <Skeleton rows={14} />;
  if (definition.isError) return <Trouble error={definition.error} />;
  const { data } = definition;
  return (
    <div className={styles.definition}>
      <div className={styles.definitionBar}>
        <Button icon={<Copy size={14} aria-hidden />} onClick={() => copy({ label: "the definition", text: data })}>
          Copy
        </Button>
        <a className={styles.link} href={`data:application/yaml;charset=utf-8,${encodeURIComponent(data)}`} download={`${name}.yaml`}>
          <Download size={14} aria-hidden /> Download
        </a>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <pre tabIndex={0} aria-label="Definition">
        {data}
      </pre>
    </div>
  );
}
