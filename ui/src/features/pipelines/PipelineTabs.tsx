import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo } from "react";
import type { PipelineVersion } from "@/api/kfp";
import { versionText } from "@/api/pipelines";
import { Button } from "@/components/Button";
import { Empty, Skeleton, Trouble } from "@/components/Empty";
import { Select } from "@/components/Field";
import { Tabs } from "@/components/Tabs";
import type { pipelineSearch } from "@/domain/address";
import { readableText } from "@/domain/definition";
import type { Shown } from "@/features/definition/Definition";
import styles from "./PipelineTabs.module.css";
import { VersionTable } from "./VersionTable";
import { again } from "@/components/again";

const Definition = lazy(again(async () => ({ default: (await import("@/features/definition/Definition")).Definition })));
const Edit = lazy(again(async () => ({ default: (await import("@/features/definition/Edit")).Edit })));
const Changes = lazy(again(async () => ({ default: (await import("@/features/definition/Changes")).Changes })));

interface Props {
  /** The newest first. */
  readonly versions: readonly PipelineVersion[];
  readonly version: PipelineVersion;
  readonly search: ReturnType<typeof pipelineSearch>;
}

/** A version: its definition, its siblings, what it changes. */
export function PipelineTabs({ versions, version, search }: Props) {
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const index = versions.indexOf(version);
  const base = versions.find((one) => one.pipeline_version_id === search.base && one !== version) ?? versions[index + 1] ?? versions[index - 1];
  const tabs = [
    { key: "definition", title: "Definition", content: <Suspended key={version.pipeline_version_id} versions={versions} version={version} search={search} /> },
    { key: "versions", title: `Versions ${versions.length}`, content: <VersionTable versions={versions} current={version.pipeline_version_id} /> },
    {
      key: "changes",
      title: "Changes",
      content: base ? (
        <Suspense fallback={<Skeleton rows={12} />}>
          <Changes versions={versions} base={base} version={version} onBase={(id) => void navigate({ search: (now) => ({ ...now, base: id }), replace: true })} />
        </Suspense>
      ) : (
        <Empty title="This is the only version">What a version changes is seen here once there are two.</Empty>
      ),
    },
  ];
  return (
    <div className={styles.frame}>
      <div className={styles.chooser}>
        <Select
          aria-label="Version"
          value={version.pipeline_version_id}
          title={version.display_name}
          onChange={(event) => void navigate({ search: { tab: search.tab, version: event.target.value } })}
        >
          {versions.map((one) => (
            <option key={one.pipeline_version_id} value={one.pipeline_version_id}>
              {one.display_name}
            </option>
          ))}
        </Select>
        {!search.edit && (
          <Button onClick={() => void navigate({ search: (now) => ({ ...now, tab: undefined, edit: true }) })}>Edit</Button>
        )}
      </div>
      <Tabs
        label="Pipeline"
        tabs={tabs}
        value={search.tab ?? "definition"}
        onChange={(tab) => void navigate({ search: (now) => ({ ...now, tab: tab === "definition" ? undefined : (tab as "versions" | "changes") }), replace: true })}
      />
    </div>
  );
}

function Suspended({ versions, version, search }: Props) {
  const navigate = useNavigate({ from: "/pipelines/$pipeline" });
  const { data: written, error } = useQuery(versionText(version.pipeline_version_id));
  const text = useMemo(() => (written === undefined ? undefined : readableText(written, version.pipeline_spec)), [written, version]);
  const onShow = useCallback(
    ({ open, ...change }: Partial<Shown>) =>
      void navigate({ search: (now) => ({ ...now, ...change, ...(open && { open: open.join(",") || undefined }) }), replace: true }),
    [navigate],
  );
  const open = useMemo(() => search.open?.split(",") ?? [], [search.open]);
  const shown = { task: search.task, at: search.at, open };
  if (error && text === undefined) return <Trouble error={error} />;
  if (text === undefined) return <Skeleton rows={12} />;
  const leave = () => void navigate({ search: (now) => ({ ...now, edit: undefined }) });
  return (
    <Suspense fallback={<Skeleton rows={12} />}>
      {search.edit ? (
        <Edit
          version={version}
          first={text}
          taken={versions.map((one) => one.display_name)}
          onShow={onShow}
          onCancel={leave}
          onSaved={(made) => void navigate({ search: { version: made.pipeline_version_id, tab: "changes", base: version.pipeline_version_id } })}
          {...shown}
        />
      ) : (
        <Definition definition={version.pipeline_spec} text={text} onShow={onShow} {...shown} />
      )}
    </Suspense>
  );
}
