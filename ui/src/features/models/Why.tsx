import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lastLines } from "@/api/serving";
import type { ModelServer } from "@/api/types";
import { Trouble } from "@/components/Empty";
import { type Told, troubled } from "@/domain/modelServer";
import styles from "./Models.module.css";

/** Why a server does not answer: the reason, what to try, and what its container said last. */
export function Why({ server }: { readonly server: ModelServer }) {
  const told = troubled(server);
  const error = Object.assign(new Error(sentence(server.reason ?? "it does not answer")), { hint: server.hint ? sentence(server.hint) : undefined });
  return (
    <div className={styles.why}>
      <Trouble error={error} />
      {told && <LastLines server={server} told={told} />}
    </div>
  );
}

const sentence = (text: string): string => (text[0]?.toUpperCase() ?? "") + text.slice(1);

function LastLines({ server: { namespace, name }, told: { pod, container } }: { readonly server: ModelServer; readonly told: Told }) {
  const { data, isPending } = useQuery({
    ...lastLines(namespace, pod.name, container.name, container.restarts, container.has_begun),
    // What the try before said stays until there is more to say.
    placeholderData: (before) => before,
  });
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keys */}
      <pre className={styles.tail} role="region" aria-label="Last lines" tabIndex={0}>
        {data?.trimEnd() || (isPending ? "…" : "It wrote nothing.")}
      </pre>
      <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "logs", pod: pod.name, container: container.name }}>
        Whole log
      </Link>
    </>
  );
}
