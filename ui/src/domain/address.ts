// What addresses of the pages about pipelines say beside where they lead: all of it may be left out.

type Given = Readonly<Record<string, unknown>>;

/** A word of an address, as text; the router reads `?q=7` as a number. */
const word = (given: Given, name: string): string | undefined => {
  const value = given[name];
  return typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;
};

const flag = (given: Given, name: string): true | undefined => (given[name] === true ? true : undefined);

/** Any of it may be left out. */
type Loose<Search> = { readonly [Name in keyof Search]?: Search[Name] | undefined };
const loose = <Search extends object>(search: Search): Loose<Search> => search;

const oneOf = <Word extends string>(given: Given, name: string, words: readonly Word[]): Word | undefined => words.find((known) => known === given[name]);

export const pipelinesSearch = (given: Given) => loose({ q: word(given, "q"), upload: flag(given, "upload") });

export const pipelineSearch = (given: Given) => loose({
  version: word(given, "version"),
  tab: oneOf(given, "tab", ["definition", "versions", "changes"]),
  /** The version that another is compared with. */
  base: word(given, "base"),
  task: word(given, "task"),
  /** The group that is shown alone, and those that are open in place, between commas. */
  at: word(given, "at"),
  open: word(given, "open"),
  edit: flag(given, "edit"),
  upload: flag(given, "upload"),
});

export const newRunSearch = (given: Given) => loose({
  pipeline: word(given, "pipeline"),
  version: word(given, "version"),
  clone: word(given, "clone"),
  recurring: word(given, "recurring"),
  experiment: word(given, "experiment"),
  schedule: flag(given, "schedule"),
});

export const recurringSearch = (given: Given) => loose({ q: word(given, "q"), id: word(given, "id") });

export const experimentsSearch = (given: Given) => loose({ q: word(given, "q"), archived: flag(given, "archived"), create: flag(given, "create") });

export const experimentSearch = (given: Given) => loose({ tab: oneOf(given, "tab", ["runs", "recurring"]) });
