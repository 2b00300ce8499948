import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { modelRequest } from "@/api/modelRequests";
import type { ModelServer, ReplayedRequest } from "@/api/types";
import { Skeleton, Trouble } from "@/components/Empty";
import { Scrolls } from "@/components/Scrolls";
import { type DiffLine, diffLines } from "@/domain/diff";
import { prettyJson } from "@/domain/prettyJson";
import { answerNow } from "@/domain/replay";
import { Place } from "./Place";
import styles from "./Replay.module.css";

interface Props {
  readonly server: ModelServer;
  readonly replayed: ReplayedRequest;
}

/** Where two answers differ, and all of both. */
export function Answers({ server, replayed }: Props) {
  const { namespace, name } = server;
  const { request, differences, difference_count } = replayed;
  const { data, error } = useQuery(modelRequest(server, request.number));
  return (
    <div className={styles.answers}>
      {differences.length > 0 && (
        <Scrolls label={`Where the answers to request ${request.number} differ`} className={styles.places}>
          <table>
            <thead>
              <tr>
                <th scope="col">Place</th>
                <th scope="col">Before</th>
                <th scope="col">Now</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ path, before, after }) => (
                <tr key={path}>
                  <th scope="row">
                    <Place path={path} />
                  </th>
                  <td className={styles.before}>{before ?? "nothing"}</td>
                  <td className={styles.after}>{after ?? "nothing"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
      {difference_count > differences.length && <p className={styles.hint}>{`and at ${difference_count - differences.length} more places`}</p>}
      {data ? <Sides before={data.received.text ?? ""} replayed={replayed} /> : error ? <Trouble error={error} /> : <Skeleton rows={6} />}
      <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "requests", request: request.number }}>
        {`Request ${request.number} with its body`}
      </Link>
    </div>
  );
}

function Sides({ before, replayed }: { readonly before: string; readonly replayed: ReplayedRequest }) {
  const now = useMemo(() => answerNow(before, replayed), [before, replayed]);
  const old = prettyJson(before, "application/json");
  const lines = useMemo(() => diffLines(old, now ?? old), [old, now]);
  return (
    <div className={styles.sides}>
      <Side title="Answer before" lines={lines.filter(({ kind }) => kind !== "added")} />
      {now === undefined ? (
        <section>
          <h3>Answer now</h3>
          <p className={styles.hint}>More of it is other than is told: the places above are the first of them.</p>
        </section>
      ) : (
        <Side title="Answer now" about="as far as it is compared: ids, versions and what is near enough are as before" lines={lines.filter(({ kind }) => kind !== "removed")} />
      )}
    </div>
  );
}

const Side = ({ title, about, lines }: { readonly title: string; readonly about?: string; readonly lines: readonly DiffLine[] }) => (
  <section>
    <h3>
      {title} {about && <span className={styles.about}>{about}</span>}
    </h3>
    <Scrolls label={title} className={styles.side}>
      {lines.length === 0 && <div>There was no body.</div>}
      {lines.map((line) => (
        <div key={`${line.before} ${line.after}`} className={styles[line.kind]}>
          {line.text || " "}
        </div>
      ))}
    </Scrolls>
  </section>
);
