// JSON of which nothing is known, read without trust.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export const record = (value: Json | undefined): Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : {};

export const array = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

export const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
