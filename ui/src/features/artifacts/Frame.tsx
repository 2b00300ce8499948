import { useState } from "react";
import { Button } from "@/components/Button";
import styles from "./Preview.module.css";

/** A page that a step wrote. It is shown where its scripts reach neither these pages nor the network; at first they do not run at all. */
export function Frame({ url, title }: { readonly url: string; readonly title: string }) {
  const [runsScripts, setRunsScripts] = useState(false);
  return (
    <div>
      <iframe key={String(runsScripts)} className={styles.frame} src={url} title={title} sandbox={runsScripts ? "allow-scripts" : ""} referrerPolicy="no-referrer" />
      <p className={styles.note}>
        {runsScripts ? "Scripts of the page run, shut off from everything else." : "Scripts of the page do not run."}{" "}
        {!runsScripts && (
          <Button kind="quiet" onClick={() => setRunsScripts(true)}>
            Run its scripts
          </Button>
        )}
      </p>
    </div>
  );
}
