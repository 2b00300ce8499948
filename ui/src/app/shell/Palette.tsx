import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Dialog } from "radix-ui";
import { useEffect, useMemo, useState } from "react";
import { runs } from "@/api/queries";
import { modelServers } from "@/api/serving";
import { matches } from "@/domain/search";
import { setTheme } from "../theme";
import styles from "./Palette.module.css";
import { PAGES } from "./pages";

interface Entry {
  readonly key: string;
  readonly title: string;
  readonly kind: string;
  readonly run: () => void;
}

const SHOWN = 12;

/** Everything that can be gone to or done, by typing a part of its name. */
export function Palette({ isOpen, onOpen }: { readonly isOpen: boolean; readonly onOpen: (isOpen: boolean) => void }) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        onOpen(true);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onOpen]);
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.overlay} />
        <Dialog.Content className={styles.palette} aria-describedby={undefined}>
          <Dialog.Title className={styles.title}>Search or jump to</Dialog.Title>
          <Choices onDone={() => onOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Choices({ onDone }: { readonly onDone: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const recent = useQuery(runs(100)).data?.runs;
  const servers = useQuery(modelServers()).data;
  const entries = useMemo<readonly Entry[]>(
    () => [
      ...PAGES.map((page) => ({ key: page.to, title: page.title, kind: "Page", run: () => void navigate({ to: page.to }) })),
      ...(recent ?? []).map((run) => ({
        key: run.run_id,
        title: `${run.display_name} · ${run.run_id.slice(0, 8)}`,
        kind: "Run",
        run: () => void navigate({ to: "/runs/$id", params: { id: run.run_id } }),
      })),
      ...(servers ?? []).map(({ namespace, name }) => ({
        key: `model ${namespace}/${name}`,
        title: namespace === "default" ? name : `${namespace}/${name}`,
        kind: "Model server",
        run: () => void navigate({ to: "/models/$namespace/$name", params: { namespace, name } }),
      })),
      ...(["light", "dark", "system"] as const).map((theme) => ({
        key: theme,
        title: theme === "system" ? "Theme of the system" : `Use the ${theme} theme`,
        kind: "Action",
        run: () => setTheme(theme),
      })),
    ],
    [navigate, recent, servers],
  );
  const found = entries.filter((entry) => matches(entry.title, text)).slice(0, SHOWN);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onDone();
    entry.run();
  };
  return (
    <>
      <input
        className={styles.input}
        placeholder="A page, a run, an action"
        aria-label="Search"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={found[at] ? `palette-${at}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") choose(found[at]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="palette-list" role="listbox" className={styles.list} aria-label="Found">
        {found.map((entry, index) => (
          <div
            key={entry.key}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            className={styles.entry}
            onPointerMove={() => setAt(index)}
            onPointerDown={() => choose(entry)}
          >
            <span>{entry.title}</span>
            <span className={styles.kind}>{entry.kind}</span>
          </div>
        ))}
        {found.length === 0 && <div className={styles.none}>Nothing has this name</div>}
      </div>
    </>
  );
}
