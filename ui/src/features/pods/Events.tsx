import { Status } from "@/components/Status";
import { Ago } from "@/components/Time";
import { eventTime, type KubeEvent } from "@/domain/kinds";
import type { Shown } from "@/domain/state";
import styles from "./Pods.module.css";

/** What happened to it, newest first. */
export function Events({ events }: { readonly events: readonly KubeEvent[] }) {
  if (events.length === 0) return <p className={styles.when}>Nothing has happened for a while; what is older is forgotten.</p>;
  const newestFirst = events
    .map((event, index) => ({ event, index }))
    .toSorted((one, other) => eventTime(other.event).localeCompare(eventTime(one.event)) || other.index - one.index);
  return (
    <ul className={styles.events}>
      {newestFirst.map(({ event }) => (
        <li key={event.metadata.uid ?? event.metadata.name}>
          <Status shown={shownEvent(event)} />
          <span className={styles.when}>
            {event.count && event.count > 1 ? `${event.count} times, ` : ""}
            <Ago at={eventTime(event)} />
          </span>
          <p>{event.message}</p>
        </li>
      ))}
    </ul>
  );
}

const shownEvent = ({ type, reason = "" }: KubeEvent): Shown =>
  type === "Warning" ? { tone: "warn", icon: "warning", word: reason } : { tone: "wait", icon: "check", word: reason };
