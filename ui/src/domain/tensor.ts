// Tensors of the open inference protocol, as people write them: what is wrong with a literal, and what it is sent as.

/** What a model says of an input or an output. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  /** Of a dimension that may have any size, -1. */
  readonly shape: readonly number[];
}

/** A tensor as it is sent. */
export interface Tensor extends TensorMetadata {
  readonly data: readonly unknown[];
}

export type ReadTensor = { readonly tensor: Tensor } | { readonly problem: string };

/** Bits of each type of whole numbers. */
const WHOLE = /^(U?)INT(8|16|32|64)$/;

/** The most values that an example has. */
const MOST = 256;

/** `float32, any × 4`. */
export const tensorWords = ({ datatype, shape }: TensorMetadata): string =>
  [datatype, ...(shape.length > 0 ? [shape.map((size) => (size < 0 ? "any" : size)).join(" × ")] : ["one value"])].join(", ");

/** A literal of the right shape and type, with which one can begin; nothing where it would be too long to write. */
export function exampleOf({ datatype, shape }: TensorMetadata): string {
  const sizes = shape.map((size) => (size < 0 ? 1 : size));
  if (sizes.reduce((all, size) => all * size, 1) > MOST) return "[]";
  const value = datatype === "BOOL" ? false : datatype === "BYTES" ? "" : 0;
  const made = sizes.reduceRight<unknown>((inner, size) => Array.from({ length: size }, () => inner), value);
  return JSON.stringify(Array.isArray(made) ? made : [made]);
}

/** Reads a literal: nested as the shape is, or flat. */
export function readTensor(wanted: TensorMetadata, text: string): ReadTensor {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return { problem: "It is no JSON: `[1, 2.5]`, `[\"text\"]`, `[[1, 2], [3, 4]]`" };
  }
  const listed = Array.isArray(value) ? value : [value];
  const data = flat(listed);
  const wrong = data.findIndex((one) => !isOf(wanted.datatype, one));
  if (wrong >= 0) return { problem: `\`${JSON.stringify(data[wrong])}\` is no ${wanted.datatype}` };
  const nested = shapeOf(listed);
  if (nested === undefined) return { problem: "Its rows have different lengths" };
  const shape = nested.length > 1 && wanted.shape.length > 0 ? nested : filled(wanted.shape, data.length);
  if (shape === undefined || !fits(wanted.shape, shape)) {
    return { problem: `It has ${nested.join(" × ")} values, and its shape is ${wanted.shape.map((size) => (size < 0 ? "any" : size)).join(" × ") || "one value"}` };
  }
  return { tensor: { name: wanted.name, datatype: wanted.datatype, shape, data } };
}

const flat = (values: readonly unknown[]): readonly unknown[] => values.flatMap((one) => (Array.isArray(one) ? flat(one) : [one]));

function isOf(datatype: string, value: unknown): boolean {
  if (datatype === "BOOL") return typeof value === "boolean";
  if (datatype === "BYTES") return typeof value === "string";
  if (typeof value !== "number") return false;
  const [, unsigned, bits] = WHOLE.exec(datatype) ?? [];
  if (bits === undefined) return true;
  const most = 2 ** (Number(bits) - (unsigned ? 0 : 1));
  return Number.isInteger(value) && value < most && value >= (unsigned ? 0 : -most);
}

/** The shape of nested lists; none where they are not alike. */
function shapeOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return [];
  const inner = value.map(shapeOf);
  const first = inner[0] ?? [];
  return inner.every((one) => one !== undefined && one.length === first.length && one.every((size, at) => size === first[at])) ? [value.length, ...first] : undefined;
}

/** A shape whose one free dimension is what is left for it. */
function filled(shape: readonly number[], count: number): readonly number[] | undefined {
  const free = shape.filter((size) => size < 0).length;
  const known = shape.filter((size) => size >= 0).reduce((all, size) => all * size, 1);
  if (free === 0) return known === count ? shape : undefined;
  const left = count / known;
  if (!Number.isInteger(left)) return undefined;
  // Of several free ones the first has it all.
  const first = shape.findIndex((size) => size < 0);
  return shape.map((size, at) => (at === first ? left : size < 0 ? 1 : size));
}

const fits = (wanted: readonly number[], given: readonly number[]): boolean =>
  wanted.length === given.length && wanted.every((size, at) => size < 0 || size === given[at]);
