import { useQuery } from "@tanstack/react-query";
import { experimentNames, runFields } from "@/api/queries";
import { Select } from "@/components/Field";
import { Chip, Filters, FilterText } from "@/components/Filters";
import { type RunsSearch, STATES } from "@/domain/runTable";
import { ColumnPicker } from "./ColumnPicker";
import styles from "./Runs.module.css";

export type ChangeSearch = (part: { readonly [Name in keyof RunsSearch]?: string | undefined }) => void;

interface Props {
  readonly search: RunsSearch;
  readonly onChange: ChangeSearch;
  readonly columns: readonly string[];
  readonly onColumns: (keys: readonly string[]) => void;
}

/** What is left in the table of runs, and which columns it has. */
export function RunFilters({ search, onChange, columns, onColumns }: Props) {
  const fields = useQuery(runFields());
  const experiments = useQuery(experimentNames());
  const pipelines = withCurrent(fields.data?.pipelines ?? [], search.pipeline);
  const isKnown = experiments.data?.some((experiment) => experiment.experiment_id === search.experiment);
  return (
    <Filters>
      <FilterText label="Filter runs by name, pipeline or id" value={search.text} onChange={(text) => onChange({ text })} />
      <Select aria-label="State" value={search.state ?? ""} onChange={(event) => onChange({ state: event.target.value })}>
        <option value="">Any state</option>
        {STATES.map(({ key, word }) => (
          <option key={key} value={key}>
            {word}
          </option>
        ))}
      </Select>
      <Select aria-label="Pipeline" value={search.pipeline ?? ""} onChange={(event) => onChange({ pipeline: event.target.value })}>
        <option value="">All pipelines</option>
        {pipelines.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      <Select aria-label="Experiment" value={search.experiment ?? ""} onChange={(event) => onChange({ experiment: event.target.value })}>
        <option value="">All experiments</option>
        {experiments.data?.map((experiment) => (
          <option key={experiment.experiment_id} value={experiment.experiment_id}>
            {experiment.display_name}
          </option>
        ))}
        {search.experiment && !isKnown && <option value={search.experiment}>{search.experiment}</option>}
      </Select>
      <Select aria-label="Archived" value={search.archived ?? ""} onChange={(event) => onChange({ archived: event.target.value })}>
        <option value="">Not archived</option>
        <option value="yes">Archived</option>
        <option value="all">Both</option>
      </Select>
      {search.recurring && (
        <Chip label="Recurring run" onRemove={() => onChange({ recurring: undefined })}>
          {search.recurring.slice(0, 8)}
        </Chip>
      )}
      <span className={styles.grow} />
      <ColumnPicker keys={columns} onChange={onColumns} />
    </Filters>
  );
}

const withCurrent = (names: readonly string[], current: string | undefined): readonly string[] => (current === undefined || names.includes(current) ? names : [...names, current]);
