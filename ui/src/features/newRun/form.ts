// What stands in the form of a run, and what is made of it.

import { Refused } from "@/api/client";
import { type Parameter, readAll, refusedParameter, type Texts } from "@/domain/parameters";
import type { Source, Wanted } from "@/domain/request";
import { type Schedule, scheduleErrors } from "@/domain/schedule";

export interface Form {
  readonly name: string;
  readonly description: string;
  readonly experiment: string;
  readonly root: string;
  readonly cache: boolean;
  readonly texts: Texts;
  readonly recurs: boolean;
  readonly schedule: Schedule;
}

/** What a form begins with. */
export interface Beginning {
  readonly source: Source;
  readonly definition: unknown;
  /** What the pipeline is called. */
  readonly title: string;
  /** What a run, and what begins runs, is called when nobody says otherwise. */
  readonly titles: { readonly run: string; readonly recurring: string };
  readonly parameters: readonly Parameter[];
  readonly form: Form;
}

export type Errors = Readonly<Record<string, string>>;

const ROOTS = /^(minio|s3|gs):\/\/./;

/** The key of a parameter among errors, apart from the other fields. */
export const parameterKey = (name: string): string => `parameter ${name}`;

export function wantedOf({ source, definition, parameters }: Beginning, form: Form): { readonly wanted: Wanted; readonly errors: Errors } {
  const { values, errors: unfit } = readAll(parameters, form.texts);
  const errors: Record<string, string> = Object.fromEntries(Object.entries(unfit).map(([name, error]) => [parameterKey(name), error]));
  if (form.name.trim() === "") errors["name"] = "A name is needed";
  if (form.root.trim() && !ROOTS.test(form.root.trim())) errors["root"] = "It begins with minio://, s3:// or gs://";
  if (form.recurs) Object.assign(errors, scheduleErrors(form.schedule));
  const { name, description, experiment, root, cache } = form;
  return { wanted: { source, definition, name, description, experiment, root, cache, values, ...(form.recurs && { schedule: form.schedule }) }, errors };
}

/** At which field a refusal belongs; at none where it names none. */
export function refusalAt(error: Error, parameters: readonly Parameter[], form: Form): Errors {
  if (!(error instanceof Refused)) return {};
  const parameter = refusedParameter(parameters, error.message);
  if (parameter) return { [parameterKey(parameter)]: error.message };
  if (form.recurs && /cron/i.test(error.message)) return { cron: error.message.replace(/^.*?Error: /, "") };
  if (form.recurs && /interval/i.test(error.message)) return { every: error.message };
  if (/pipeline.?root/i.test(error.message)) return { root: error.message };
  if (/experiment/i.test(error.message)) return { experiment: error.message };
  return {};
}
