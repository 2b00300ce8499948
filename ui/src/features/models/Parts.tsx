import { Link } from "@tanstack/react-router";
import type { ModelServer, ServerPart, ServerPod } from "@/api/types";
import { Card, Section } from "@/components/Page";
import { Status } from "@/components/Status";
import { Ago } from "@/components/Time";
import { revisionShare } from "@/domain/modelServer";
import type { Shown } from "@/domain/state";
import styles from "./Models.module.css";

/** The parts of a server with their pods, and what each has been. */
export const Parts = ({ server }: { readonly server: ModelServer }) => server.parts.map((part) => <Part key={part.name} server={server} part={part} />);

function Part({ server, part }: { readonly server: ModelServer; readonly part: ServerPart }) {
  const { ready, wanted } = part.replicas;
  return (
    <Section title={part.name[0]?.toUpperCase() + part.name.slice(1)} actions={<span className={styles.quiet}>{`${ready} of ${wanted} ${wanted === 1 ? "pod answers" : "pods answer"}`}</span>}>
      <Card>
        {part.pods.length === 0 && <p className={styles.none}>It has no pods now.</p>}
        <ul className={styles.rows} aria-label={`Pods of the ${part.name}`}>
          {part.pods.map((pod) => (
            <Pod key={pod.uid} server={server} pod={pod} />
          ))}
        </ul>
      </Card>
      {part.revisions.length > 0 && <Revisions part={part} />}
    </Section>
  );
}

const shownPod = ({ is_ready, is_ending, containers }: ServerPod): Shown => {
  if (is_ending) return { tone: "warn", icon: "stop", word: "Ending" };
  if (is_ready) return { tone: "ok", icon: "check", word: "Ready" };
  return containers.some(({ trouble }) => trouble) ? { tone: "fail", icon: "cross", word: "Failing" } : { tone: "run", icon: "turn", word: "Starting" };
};

function Pod({ server: { namespace, name }, pod }: { readonly server: ModelServer; readonly pod: ServerPod }) {
  const restarts = pod.containers.reduce((all, one) => all + one.restarts, 0);
  return (
    <li>
      <span className={styles.figure}>
        <Status shown={shownPod(pod)} />
      </span>
      <code className={styles.long} title={pod.reason ?? pod.name}>
        {pod.name}
      </code>
      <span className={styles.quiet}>
        {restarts > 0 && `${restarts} ${restarts === 1 ? "restart" : "restarts"}, `}
        <Ago at={pod.created_at} />
      </span>
      <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "logs", pod: pod.name }} aria-label={`Log of ${pod.name}`}>
        Log
      </Link>
    </li>
  );
}

function Revisions({ part }: { readonly part: ServerPart }) {
  return (
    <details className={styles.revisions} open={part.revisions.length > 1}>
      <summary>{part.revisions.length === 1 ? "1 revision" : `${part.revisions.length} revisions`}</summary>
      <ul className={styles.rows} aria-label={`Revisions of the ${part.name}`}>
        {part.revisions.map((revision) => (
          <li key={revision.name}>
            <span className={styles.figure}>{revisionShare(part, revision)}</span>
            <code className={styles.long} title={revision.name}>
              {revision.name}
            </code>
            <span className={`${styles.quiet} ${styles.image}`} title={revision.image ?? undefined}>
              {revision.image}
            </span>
            <span className={styles.quiet}>
              <Ago at={revision.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
