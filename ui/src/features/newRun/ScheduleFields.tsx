import { Checkbox, Field, Input, Select } from "@/components/Field";
import { useNow } from "@/components/Time";
import { nextTimes, type Schedule, triggerInWords, triggerOf } from "@/domain/schedule";
import { fullTime, relativeTime } from "@/domain/time";
import type { Errors } from "./form";
import styles from "./Form.module.css";

interface Props {
  readonly schedule: Schedule;
  readonly errors: Errors;
  readonly onChange: (schedule: Schedule) => void;
  /** Whether another server begins the runs, whatever becomes of this machine; it is told no first and no last time. */
  readonly isElsewhere?: boolean;
}

const USUAL = [
  ["0 0 * * * *", "Every hour"],
  ["0 0 3 * * *", "Every night at 03:00 UTC"],
  ["0 0 6 * * 1-5", "Weekdays at 06:00 UTC"],
  ["0 0 0 * * 0", "Sundays at midnight UTC"],
  ["0 0 0 1 * *", "The first of each month"],
] as const;

/** When runs begin by themselves, and what happens when they cannot. */
export function ScheduleFields({ schedule, errors, onChange, isElsewhere = false }: Props) {
  const set = (change: Partial<Schedule>) => onChange({ ...schedule, ...change });
  return (
    <>
      <Field label="Trigger">
        {(given) => (
          <Select {...given} value={schedule.kind} onChange={(event) => set({ kind: event.target.value as Schedule["kind"] })}>
            <option value="cron">At times of the clock (cron)</option>
            <option value="interval">So long after each other (interval)</option>
          </Select>
        )}
      </Field>
      {schedule.kind === "cron" ? (
        <>
          <Field label="Usual times">
            {(given) => (
              <Select {...given} value={USUAL.some(([cron]) => cron === schedule.cron) ? schedule.cron : ""} onChange={(event) => event.target.value && set({ cron: event.target.value })}>
                <option value="">As written below</option>
                {USUAL.map(([cron, words]) => (
                  <option key={cron} value={cron}>
                    {words}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Cron expression" help="Second, minute, hour, day of the month, month, weekday; in UTC, Sunday is 0" error={errors["cron"]}>
            {(given) => <Input {...given} className={styles.value ?? ""} value={schedule.cron} onChange={(event) => set({ cron: event.target.value })} />}
          </Field>
        </>
      ) : (
        <div className={styles.pair}>
          <Field label="Every" error={errors["every"]}>
            {(given) => <Input {...given} inputMode="decimal" value={schedule.every} onChange={(event) => set({ every: event.target.value })} />}
          </Field>
          <Field label="Unit">
            {(given) => (
              <Select {...given} value={schedule.unit} onChange={(event) => set({ unit: event.target.value as Schedule["unit"] })}>
                <option>minutes</option>
                <option>hours</option>
                <option>days</option>
              </Select>
            )}
          </Field>
        </div>
      )}
      <Times schedule={schedule} isWrong={Boolean(errors["cron"] ?? errors["every"] ?? errors["end"])} />
      {!isElsewhere && (
        <div className={styles.pair}>
          <Field label="Starts" help="At once where it is empty">
            {(given) => <Input {...given} type="datetime-local" value={schedule.start} onChange={(event) => set({ start: event.target.value })} />}
          </Field>
          <Field label="Ends" help="Never where it is empty" error={errors["end"]}>
            {(given) => <Input {...given} type="datetime-local" value={schedule.end} onChange={(event) => set({ end: event.target.value })} />}
          </Field>
        </div>
      )}
      <Field label="Runs at once" help="A time that comes while so many are open waits for one of them to end" error={errors["concurrency"]}>
        {(given) => <Input {...given} type="number" min={1} max={10} value={schedule.concurrency} onChange={(event) => set({ concurrency: event.target.value })} />}
      </Field>
      <Checkbox label="Catch up on times that were missed" checked={schedule.catchUp} onChange={(event) => set({ catchUp: event.target.checked })} />
      {!isElsewhere && (
        <p className={styles.muted}>
          Nothing begins while this machine sleeps or the workbench is stopped. Afterwards{" "}
          {schedule.catchUp ? "each time that was missed is run, one after another." : "the newest of the times that were missed is run, and the others are passed over."}
        </p>
      )}
    </>
  );
}

function Times({ schedule, isWrong }: { readonly schedule: Schedule; readonly isWrong: boolean }) {
  const now = useNow(true);
  const minute = Math.floor(now / 1000) * 1000;
  const trigger = isWrong ? undefined : triggerOf(schedule);
  const times = trigger ? nextTimes(trigger, minute) : [];
  return (
    <div className={styles.times} role="status" aria-live="off" aria-label="Next times">
      <strong>{trigger ? triggerInWords(trigger) : "Not a time yet"}</strong>
      <ol>
        {Array.from({ length: 5 }, (_, index) => {
          const at = times[index];
          const iso = at === undefined ? undefined : new Date(at).toISOString();
          return (
            <li key={index}>
              {iso ? (
                <>
                  <time dateTime={iso}>{fullTime(iso)}</time>
                  <span className={styles.muted}>{relativeTime(iso, now)}</span>
                </>
              ) : (
                <span className={styles.muted}>{index === 0 && !isWrong ? "Never" : "–"}</span>
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
