import { RotateCw } from "lucide-react";
import { useMemo } from "react";
import type { ModelServer } from "@/api/types";
import { Beside } from "@/components/Beside";
import { Button } from "@/components/Button";
import { Skeleton, Trouble } from "@/components/Empty";
import { Filters } from "@/components/Filters";
import { filterOf, isFiltered } from "@/domain/modelRequest";
import type { ModelSearch } from "@/domain/modelSearch";
import { Replay } from "../modelReplay/Replay";
import { Forget } from "./Forget";
import { NoRequests } from "./NoRequests";
import { useChange } from "./open";
import { RequestFilters } from "./RequestFilters";
import { RequestPanel } from "./RequestPanel";
import styles from "./Requests.module.css";
import { RequestTable } from "./RequestTable";
import { useRequests } from "./useRequests";

interface Props {
  readonly server: ModelServer;
  readonly search: ModelSearch;
}

/** What a model server was asked and answered; or that it is asked the same again. */
export default function Requests(props: Props) {
  return props.search.replay ? <Replay {...props} /> : <Log {...props} />;
}

const NONE: readonly number[] = [];

function Log({ server, search }: Props) {
  const change = useChange(server);
  const { text, code, revision, slower, request, chosen = NONE } = search;
  const filter = useMemo(() => filterOf({ ...(text && { text }), ...(code && { code }), ...(revision && { revision }), ...(slower && { slower }) }), [text, code, revision, slower]);
  const { list, rows, unkept, hasMore, toNewest, shown, onSight, onType } = useRequests(server, filter);
  const close = () => change({ request: undefined });
  const choose = (number: number, isChosen: boolean) => {
    const next = isChosen ? [...chosen, number] : chosen.filter((one) => one !== number);
    change({ chosen: next.length > 0 ? next : undefined });
  };
  const isEmpty = list.data !== undefined && rows.length === 0;
  return (
    <div className={styles.requests} onInput={onType}>
      <Filters>
        <RequestFilters server={server} search={search} rows={rows} onChange={change} />
        {unkept > 0 && <span className={styles.quiet} title="More than 500 a second of one server are not kept">{`${unkept.toLocaleString("en")} were not kept: too many at once`}</span>}
        <span className={styles.rest}>
          {hasMore && <Button kind="quiet" onClick={toNewest}>Show new ones</Button>}
          {chosen.length > 0 && <Button kind="quiet" onClick={() => change({ chosen: undefined })}>{`Clear ${chosen.length} chosen`}</Button>}
          <Button
            icon={<RotateCw size={14} aria-hidden />}
            disabled={isEmpty && chosen.length === 0}
            onClick={() => change({ replay: chosen.length > 0 ? "chosen" : isFiltered(filter) ? "fitting" : "last", request: undefined }, true)}
          >
            Replay…
          </Button>
          <Forget server={server} isDisabled={isEmpty && !isFiltered(filter)} />
        </span>
      </Filters>
      <div className={styles.body}>
        <Beside panel={request !== undefined && <RequestPanel server={server} number={request} onClose={close} />}>
          {list.error && !list.data ? (
            <Trouble error={list.error} />
          ) : !list.data ? (
            <Skeleton rows={12} />
          ) : isEmpty ? (
            <NoRequests server={server} isFiltered={isFiltered(filter)} />
          ) : (
            <RequestTable
              rows={rows}
              order={`${JSON.stringify(filter)} ${shown}`}
              current={request}
              chosen={chosen}
              onChoose={choose}
              onOpen={({ number }) => change({ request: number }, request === undefined)}
              onSight={onSight}
              onEnd={list.hasNextPage && !list.isFetching ? () => void list.fetchNextPage() : undefined}
            />
          )}
        </Beside>
      </div>
    </div>
  );
}
