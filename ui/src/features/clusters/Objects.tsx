import type { ListedDeployment, StandingObject } from "@/api/clusters";
import { Button } from "@/components/Button";
import { Prose } from "@/components/Prose";
import { Status } from "@/components/Status";
import { objectName, shownStanding, workloadOf } from "@/domain/deployment";
import styles from "./Clusters.module.css";

interface Props {
  readonly context: string;
  /** Where objects are that name no namespace of their own. */
  readonly namespace: string;
  readonly objects: ListedDeployment["objects"];
  /** How they stand, once that is known. */
  readonly standing: readonly StandingObject[] | undefined;
  readonly followed: string | undefined;
  readonly onFollow: (workload: string | undefined) => void;
}

const keyOf = ({ api_version: version, kind, name, namespace }: ListedDeployment["objects"][number]): string => [version, kind, namespace, name].join(" ");

/** What was sent to a cluster, as it stands there; a workload can be followed. */
export const Objects = ({ context, namespace, objects, standing, followed, onFollow }: Props) => (
  <ul className={styles.list} aria-label={`Objects in ${context}`}>
    {objects.map((object) => {
      const followable = workloadOf(object);
      const place = followable && `${object.namespace ?? namespace}/${followable}`;
      const found = standing?.find((one) => keyOf(one.object) === keyOf(object));
      const [shown, reason] = found ? shownStanding(found.standing) : [];
      return (
        <li key={keyOf(object)}>
          <span className={styles.object}>
            <strong>{objectName(object)}</strong>
            {place && <Button onClick={() => onFollow(place === followed ? undefined : place)}>{place === followed ? "Close its log" : "Follow"}</Button>}
          </span>
          {shown && <Status shown={shown} />}
          <span className={styles.about}>
            {reason && <Prose text={`${reason}. `} />}
            {object.api_version}
            {object.namespace ? ` in ${object.namespace}` : ", in no namespace"}
          </span>
        </li>
      );
    })}
  </ul>
);
