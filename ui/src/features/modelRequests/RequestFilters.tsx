import type { ModelRequest, ModelServer } from "@/api/types";
import { Select } from "@/components/Field";
import { FilterText } from "@/components/Filters";
import { milliseconds } from "@/domain/modelLoad";
import { FAILED, knownRevisions, REFUSED } from "@/domain/modelRequest";
import type { ModelSearch } from "@/domain/modelSearch";
import type { ChangeSearch } from "./open";

const CODES = [
  { code: REFUSED, title: "From 400: refused" },
  { code: FAILED, title: "From 500: failed" },
];
const SLOWER = [10, 50, 100, 250, 500, 1000, 5000];

interface Props {
  readonly server: ModelServer;
  readonly search: ModelSearch;
  readonly rows: readonly ModelRequest[];
  readonly onChange: ChangeSearch;
}

export function RequestFilters({ server, search, rows, onChange }: Props) {
  const { text, code, revision, slower } = search;
  const revisions = knownRevisions(server, rows, revision);
  const times = slower === undefined || SLOWER.includes(slower) ? SLOWER : [...SLOWER, slower].toSorted((one, other) => one - other);
  const codes = code === undefined || CODES.some((one) => one.code === code) ? CODES : [...CODES, { code, title: `From ${code}` }];
  return (
    <>
      <FilterText label="Filter requests by path, id or what bodies say" value={text} onChange={(wanted) => onChange({ text: wanted })} />
      <Select aria-label="Answers" value={code ?? ""} onChange={(event) => onChange({ code: Number(event.target.value) || undefined })}>
        <option value="">All answers</option>
        {codes.map((one) => (
          <option key={one.code} value={one.code}>
            {one.title}
          </option>
        ))}
      </Select>
      {revisions.length > 0 && (
        <Select aria-label="Revision" value={revision ?? ""} onChange={(event) => onChange({ revision: event.target.value || undefined })}>
          <option value="">All revisions</option>
          {revisions.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      )}
      <Select aria-label="Slower than" value={slower ?? ""} onChange={(event) => onChange({ slower: Number(event.target.value) || undefined })}>
        <option value="">Fast or slow</option>
        {times.map((one) => (
          <option key={one} value={one}>{`From ${milliseconds(one)}`}</option>
        ))}
      </Select>
    </>
  );
}
