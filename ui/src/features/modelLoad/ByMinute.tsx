import { useState } from "react";
import type { LoadSecond } from "@/api/types";
import { milliseconds, minutesOf, revisionWords } from "@/domain/modelLoad";
import styles from "./Load.module.css";

/** What the charts show, in figures. */
export function ByMinute({ seconds }: { readonly seconds: readonly LoadSecond[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>By minute</summary>
      {isOpen && <Minutes seconds={seconds} />}
    </details>
  );
}

function Minutes({ seconds }: { readonly seconds: readonly LoadSecond[] }) {
  return (
    <table className={`${styles.table} ${styles.minutes}`} aria-label="Load by minute">
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Revision</th>
          <th scope="col">Requests</th>
          <th scope="col">Failed</th>
          <th scope="col">p50</th>
          <th scope="col">p99</th>
        </tr>
      </thead>
      <tbody>
        {minutesOf(seconds).map(({ at, revision, requests, failed, p50, p99 }) => (
          <tr key={`${at} ${revision}`}>
            <th scope="row">{new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}</th>
            <td title={revision}>{revisionWords(revision, false)}</td>
            <td>{requests.toLocaleString("en")}</td>
            <td className={failed > 0 ? styles.failed : ""}>{failed.toLocaleString("en")}</td>
            <td>{milliseconds(p50 ?? 0)}</td>
            <td>{milliseconds(p99 ?? 0)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
