import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { artifacts, run as runQuery } from "@/api/queries";
import type { ArtifactDetail } from "@/api/types";
import { Chip, Filters, FilterText } from "@/components/Filters";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Select } from "@/components/Field";
import { Page } from "@/components/Page";
import { Badge } from "@/components/Status";
import { type Column, Table } from "@/components/Table";
import { Ago } from "@/components/Time";
import type { ArtifactsSearch } from "@/domain/artifactSearch";
import { ARTIFACT_TYPES, shortType } from "@/domain/artifactType";
import { bytes } from "@/domain/size";

const COLUMNS: readonly Column<ArtifactDetail>[] = [
  { key: "name", title: "Name", width: "minmax(140px, 1fr)", cell: ({ artifact }) => <span title={artifact.name}>{artifact.name}</span> },
  { key: "type", title: "Type", width: "minmax(90px, 150px)", cell: ({ artifact }) => <Badge tone="wait">{shortType(artifact.schema_title)}</Badge> },
  { key: "step", title: "Made by", width: "minmax(110px, 1fr)", wide: true, cell: (detail) => <Maker detail={detail} /> },
  { key: "uri", title: "URI", width: "minmax(160px, 2fr)", wide: true, cell: ({ artifact }) => <code title={artifact.uri}>{artifact.uri}</code> },
  { key: "size", title: "Size", width: "84px", align: "right", wide: true, cell: (detail) => (typeof detail.size_bytes === "number" ? bytes(detail.size_bytes) : detail.discarded_at ? "deleted" : "") },
  { key: "created", title: "Made", width: "92px", align: "right", cell: (detail) => <Ago at={detail.created_at} /> },
];

function Maker({ detail }: { readonly detail: ArtifactDetail }) {
  const maker = detail.producers[0];
  if (!maker) return null;
  return (
    <Link to="/runs/$id" params={{ id: maker.run_id }} search={{ task: maker.task }} title={`${maker.task} of run ${maker.run_id}`}>
      {maker.task}
    </Link>
  );
}

export function Artifacts() {
  const search = useSearch({ from: "/artifacts" });
  const navigate = useNavigate({ from: "/artifacts" });
  const list = useInfiniteQuery({ ...artifacts({ text: search.text, type: search.type, run: search.run }), placeholderData: (before) => before });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.artifacts) ?? [], [list.data]);
  const change = (part: Partial<Record<keyof ArtifactsSearch, string | undefined>>) =>
    void navigate({ search: (before) => Object.fromEntries(Object.entries({ ...before, ...part }).filter(([, value]) => value)), replace: true });
  const isFiltered = Boolean(search.text || search.type || search.run);
  return (
    <Page
      title="Artifacts"
      answer={list.data && `${rows.length}${list.hasNextPage ? " and more" : ""} ${isFiltered ? "that fit" : "that steps left"}, newest first`}
      fills
    >
      <Filters>
        <FilterText label="Filter artifacts by name or URI" value={search.text} onChange={(text) => change({ text })} />
        <Select aria-label="Type" value={search.type ?? ""} onChange={(event) => change({ type: event.target.value || undefined })}>
          <option value="">All types</option>
          {ARTIFACT_TYPES.map((type) => (
            <option key={type} value={type}>
              {shortType(type)}
            </option>
          ))}
        </Select>
        {search.run && <RunChip run={search.run} onRemove={() => change({ run: undefined })} />}
      </Filters>
      {list.error && !list.data ? (
        <Trouble error={list.error} />
      ) : list.isPending ? (
        <Skeleton rows={12} />
      ) : rows.length === 0 ? (
        <Empty title={isFiltered ? "No artifact fits" : "No artifacts yet"}>
          {isFiltered ? "Take a filter away to see more." : "Whatever a step writes to an output such as Output[Model] or Output[Metrics] is kept and shown here."}
        </Empty>
      ) : (
        <Table
          label="Artifacts"
          columns={COLUMNS}
          rows={rows}
          rowKey={(detail) => String(detail.artifact.id)}
          order={`${search.text} ${search.type} ${search.run}`}
          onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}
          onOpen={({ artifact }) => void navigate({ to: "/artifacts/$id", params: { id: String(artifact.id) } })}
        />
      )}
    </Page>
  );
}

function RunChip({ run, onRemove }: { readonly run: string; readonly onRemove: () => void }) {
  const { data } = useQuery(runQuery(run));
  return (
    <Chip label="Run" onRemove={onRemove}>
      {data?.display_name ?? run}
    </Chip>
  );
}
