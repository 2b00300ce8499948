// Amounts as Kubernetes writes them: `500m`, `2`, `512Mi`, `1.5G`.

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([A-Za-z]*))$/;

/** The number a quantity stands for; nothing where it is none. */
export function quantity(text: string | number | undefined): number | undefined {
  const found = FORM.exec(String(text ?? "").trim());
  if (!found) return undefined;
  const [, digits = "", exponent, suffix = ""] = found;
  const factor = exponent === undefined ? FACTORS[suffix] : 10 ** Number(exponent);
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** CPU in thousandths of one, as the workbench counts it. */
export const cpuOf = (text: string | number | undefined): number => Math.round((quantity(text) ?? 0) * 1000);

/** Bytes. */
export const bytesOf = (text: string | number | undefined): number => Math.round(quantity(text) ?? 0);

/** Bytes as Kubernetes writes them, in the largest unit that they are whole in. */
export function memoryQuantity(bytes: number): string {
  const unit = ["Gi", "Mi", "Ki"].find((suffix) => bytes > 0 && bytes % (FACTORS[suffix] ?? 1) === 0) ?? "";
  return `${bytes / (FACTORS[unit] ?? 1)}${unit}`;
}

/** Thousandths of a CPU as Kubernetes writes them. */
export const cpuQuantity = (thousandths: number): string => (thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`);

/** What is wrong with a quantity that somebody typed; nothing where it is fine. */
export function quantityProblem(text: string, example: string): string | undefined {
  const value = quantity(text);
  if (value === undefined) return `Write an amount such as ${example}`;
  return value > 0 ? undefined : "It has to be more than nothing";
}
