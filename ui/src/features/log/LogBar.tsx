import { ArrowDownToLine, ChevronDown, ChevronUp, Copy, Download, WrapText } from "lucide-react";
import { useEffect, useRef } from "react";
import { send } from "@/api/client";
import { logAddress } from "@/api/log";
import { Button } from "@/components/Button";
import { useCopy } from "@/components/CopyAs";
import { Input } from "@/components/Field";
import { useToasts } from "@/components/Toasts";
import styles from "./Log.module.css";

interface Props {
  readonly run: string;
  readonly step: string | undefined;
  readonly attempt: number | undefined;
  readonly find: string;
  readonly onFind: (text: string) => void;
  /** `3 of 12`. */
  readonly count: string;
  readonly onStep: (by: 1 | -1) => void;
  readonly wraps: boolean;
  readonly onWraps: (wraps: boolean) => void;
  readonly isFollowing: boolean;
  readonly onFollow: () => void;
}

/** Searching a log, and taking it along. */
export function LogBar({ run, step, attempt, find, onFind, count, onStep, wraps, onWraps, isFollowing, onFollow }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const copy = useCopy();
  const { fail } = useToasts();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || (event.target as HTMLElement).closest("input, textarea, select")) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const copyAll = () =>
    void send("GET", logAddress(run, step, attempt))
      .then((response) => response.text())
      .then((text) => copy({ label: "the log", text }), fail);
  return (
    <div className={styles.bar} role="toolbar" aria-label="Log">
      <div className={styles.find} role="search">
        <Input
          ref={input}
          type="search"
          placeholder="Find (/)"
          aria-label="Find in the log"
          value={find}
          onChange={(event) => onFind(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
            else if (event.key === "Escape" && find) onFind("");
            else return;
            event.preventDefault();
          }}
        />
        <Button kind="quiet" aria-label="One found before" disabled={!find} icon={<ChevronUp size={15} />} onClick={() => onStep(-1)} />
        <Button kind="quiet" aria-label="Next one found" disabled={!find} icon={<ChevronDown size={15} />} onClick={() => onStep(1)} />
        <span className={styles.count} role="status">
          {count}
        </span>
      </div>
      <span className={styles.space} />
      <Button kind="quiet" className={isFollowing ? (styles.on ?? "") : ""} aria-pressed={isFollowing} icon={<ArrowDownToLine size={14} aria-hidden />} onClick={onFollow}>
        Follow
      </Button>
      <Button kind="quiet" className={wraps ? (styles.on ?? "") : ""} aria-pressed={wraps} aria-label="Wrap lines" title="Wrap lines" icon={<WrapText size={15} />} onClick={() => onWraps(!wraps)} />
      <Button kind="quiet" aria-label="Copy the log" title="Copy" icon={<Copy size={14} />} onClick={copyAll} />
      <a className={styles.download} aria-label="Download the log" title="Download" href={logAddress(run, step, attempt)} download={`${(step ?? run).replaceAll("/", ".")}.log`}>
        <Download size={15} aria-hidden />
      </a>
    </div>
  );
}
