import { useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate, useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { leadToTaker } from "@/api/desktop";
import { type Connection, follow } from "@/api/live";
import { Keys } from "./Keys";
import { Machine } from "./Machine";
import { Navigation } from "./Navigation";
import { Palette } from "./Palette";
import styles from "./Shell.module.css";

/** What stands around every page. */
export function Shell() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [connection, setConnection] = useState<Connection>("connecting");
  // The side sheet of narrow screens is open on the page where it was opened, and no further.
  const [openAt, setOpenAt] = useState<string>();
  const [palette, setPalette] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => follow(queries, setConnection), [queries]);
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
        // What led to this page has gone with the one before.
        if (fromLocation && pathChanged && document.activeElement === document.body) document.getElementById("content")?.focus({ preventScroll: true });
      }),
    [router],
  );
  useEffect(() => leadToTaker(() => void navigate({ to: "/pipelines", search: { upload: true } })), [navigate]);
  const isOpen = openAt === path;

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content" onClick={(event) => (event.preventDefault(), document.getElementById("content")?.focus())}>
        Skip to the page
      </a>
      <header className={styles.bar}>
        <button type="button" className={styles.burger} aria-label="Pages" aria-expanded={isOpen} onClick={() => setOpenAt(isOpen ? undefined : path)}>
          ☰
        </button>
        <span className={styles.brand}>
          <img src="/favicon.svg" alt="" width={20} height={20} />
          Coracle
        </span>
        <button type="button" className={styles.search} onClick={() => setPalette(true)}>
          Search or jump to… <kbd>Ctrl K</kbd>
        </button>
        <Machine connection={connection} />
      </header>
      <nav className={`${styles.side} ${isOpen ? styles.open : ""}`} aria-label="Pages">
        <Navigation />
      </nav>
      <main id="content" tabIndex={-1} className={styles.main}>
        {connection === "lost" && (
          <div className={styles.offline} role="status">
            The workbench does not answer. What you see is from before; this page goes on by itself when it is back.
          </div>
        )}
        <Outlet />
      </main>
      <Palette isOpen={palette} onOpen={setPalette} />
      <Keys />
    </div>
  );
}
