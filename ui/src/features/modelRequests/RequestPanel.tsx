import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { modelRequest } from "@/api/modelRequests";
import type { ModelRequestDetail, ModelServer } from "@/api/types";
import { CopyAs } from "@/components/CopyAs";
import { Skeleton, Trouble } from "@/components/Empty";
import { Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { Status } from "@/components/Status";
import { milliseconds } from "@/domain/modelLoad";
import { jsonBody, requestCopies, shownCode } from "@/domain/modelRequest";
import { fullTime } from "@/domain/time";
import { fillPlayground } from "./fillPlayground";
import { Message } from "./Message";
import styles from "./Requests.module.css";

interface Props {
  readonly server: ModelServer;
  readonly number: number;
  readonly onClose: () => void;
}

/** A request with both bodies. */
export function RequestPanel({ server, number, onClose }: Props) {
  const { data, error } = useQuery(modelRequest(server, number));
  return (
    <Panel title={`Request ${number}`} about={String(number)} onClose={onClose}>
      {data ? <Whole server={server} detail={data} /> : error ? <Trouble error={error} /> : <Skeleton rows={10} />}
    </Panel>
  );
}

function Whole({ server, detail }: { readonly server: ModelServer; readonly detail: ModelRequestDetail }) {
  const { namespace, name } = server;
  return (
    <div className={styles.whole}>
      <Status shown={shownCode(detail.code)} />
      <div className={styles.line}>
        {jsonBody(detail.sent) !== undefined && (
          <Link to="/models/$namespace/$name" params={{ namespace, name }} search={{ tab: "playground" }} onClick={() => fillPlayground(server, detail)}>
            Send it in the playground
          </Link>
        )}
        <CopyAs texts={requestCopies(server, detail, location.origin)} />
      </div>
      <Facts
        facts={[
          ["When", <time key="at" dateTime={detail.at}>{fullTime(detail.at)}</time>],
          ["Took", milliseconds(detail.took_ms)],
          ["Path", <code key="path" className={styles.wraps}>{`${detail.method} ${detail.path}`}</code>],
          ["Revision", detail.revision && <code key="revision" className={styles.wraps}>{detail.revision}</code>],
          ["Id", <code key="id" className={styles.wraps}>{detail.id}</code>],
        ]}
      />
      <Message title="Sent" message={detail.sent} size={detail.request_size} />
      <Message title="Answered" message={detail.received} size={detail.answer_size} />
    </div>
  );
}
