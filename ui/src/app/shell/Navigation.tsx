import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { NOTEBOOKS } from "@/api/kube";
import { kubeObjects, runs } from "@/api/queries";
import { modelServers } from "@/api/serving";
import type { Notebook } from "@/domain/kinds";
import { answers } from "@/domain/modelServer";
import styles from "./Navigation.module.css";
import { PAGES } from "./pages";

/** Links to every page, with how many runs are under way. */
export function Navigation() {
  const open = useQuery(runs(100, "PENDING,RUNNING,CANCELING")).data?.runs.length ?? 0;
  const ready = useQuery(kubeObjects<Notebook>(NOTEBOOKS)).data?.filter(({ status }) => status?.readyReplicas).length ?? 0;
  const answering = useQuery(modelServers()).data?.filter(answers).length ?? 0;
  return (
    <ul className={styles.list}>
      {PAGES.map(({ to, title, icon: Drawn, group }, index) => (
        <li key={to} className={group !== PAGES[index - 1]?.group && index > 0 ? styles.begins : ""}>
          <Link to={to} className={styles.link} activeProps={{ className: `${styles.link} ${styles.active}` }} activeOptions={{ exact: to === "/" }}>
            <Drawn size={15} aria-hidden />
            <span>{title}</span>
            {to === "/runs" && open > 0 && (
              <span className={styles.count} title={`${open} under way`}>
                {open}
              </span>
            )}
            {to === "/models" && answering > 0 && (
              <span className={styles.count} title={`${answering} answering`}>
                {answering}
              </span>
            )}
            {to === "/notebooks" && ready > 0 && (
              <span className={styles.count} title={`${ready} ready`}>
                {ready}
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  );
}
