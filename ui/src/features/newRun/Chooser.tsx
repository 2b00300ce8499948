import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useLayoutEffect, useRef } from "react";
import { pipelines, versions } from "@/api/pipelines";
import { Field, Select } from "@/components/Field";
import styles from "./Form.module.css";
import { LATEST } from "./useBeginning";

/** Whether a pipeline was just chosen: the form that comes for it has the focus where it was. */
let wasChosen = false;

/** Of which pipeline, and of which version of it. */
export function Chooser({ pipeline, version }: { readonly pipeline: string; readonly version: string | undefined }) {
  const navigate = useNavigate({ from: "/new-run" });
  const search = useSearch({ from: "/new-run" });
  const known = useQuery(pipelines()).data ?? [];
  const field = useRef<HTMLSelectElement>(null);
  useLayoutEffect(() => {
    if (wasChosen) field.current?.focus();
    wasChosen = false;
  }, []);
  const choose = (chosen: string) => {
    wasChosen = true;
    void navigate({ search: { pipeline: chosen, schedule: search.schedule, experiment: search.experiment }, replace: true });
  };
  const its = useQuery(versions(pipeline)).data ?? [];
  return (
    <fieldset className={styles.part} aria-label="Pipeline">
      <div className={styles.pair}>
        <Field label="Pipeline">
          {(given) => (
            <Select {...given} ref={field} value={pipeline} onChange={(event) => choose(event.target.value)}>
              {pipeline === "" && <option value="">Choose</option>}
              {known.map((one) => (
                <option key={one.pipeline_id} value={one.pipeline_id}>
                  {one.display_name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Version">
          {(given) => (
            <Select
              {...given}
              disabled={its.length === 0}
              value={version ?? its[0]?.pipeline_version_id ?? ""}
              onChange={(event) => void navigate({ search: { ...search, pipeline, version: event.target.value }, replace: true })}
            >
              <option value={LATEST}>The newest, whenever it runs</option>
              {its.map((one) => (
                <option key={one.pipeline_version_id} value={one.pipeline_version_id}>
                  {one.display_name}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </fieldset>
  );
}
