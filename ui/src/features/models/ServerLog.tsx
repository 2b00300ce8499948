import { useNavigate } from "@tanstack/react-router";
import type { ModelServer } from "@/api/types";
import { Empty } from "@/components/Empty";
import { Select } from "@/components/Field";
import type { ModelSearch } from "@/domain/modelSearch";
import { loggedOf } from "@/domain/modelServer";
import { Log } from "../pods/Log";
import styles from "./Models.module.css";

/** What the containers of a server say, one at a time. */
export function ServerLog({ server, search }: { readonly server: ModelServer; readonly search: ModelSearch }) {
  const navigate = useNavigate();
  const { namespace, name, parts } = server;
  const shown = loggedOf(server, search.pod, search.container);
  if (!shown) return <Empty title="It has no pods now">Start it, or ask it if it sleeps, and what it says is here.</Empty>;
  const { pod, container } = shown;
  const show = (to: ModelSearch) => void navigate({ to: "/models/$namespace/$name", params: { namespace, name }, search: { tab: "logs", ...to }, replace: true });
  return (
    <div className={styles.logs}>
      <div className={styles.bar}>
        <Select aria-label="Pod" value={pod.name} onChange={(event) => show({ pod: event.target.value })}>
          {parts.map((part) => (
            <optgroup key={part.name} label={part.name}>
              {part.pods.map((one) => (
                <option key={one.uid}>{one.name}</option>
              ))}
            </optgroup>
          ))}
        </Select>
        <Select aria-label="Container" value={container.name} onChange={(event) => show({ pod: pod.name, container: event.target.value })}>
          {pod.containers.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </Select>
      </div>
      <Log key={`${pod.uid} ${container.name}`} namespace={namespace} pod={pod.name} container={container.name} attempt={container.has_begun ? container.restarts : undefined} />
    </div>
  );
}
