// Values travel as base64 arrays beside the geometry and become feature state.
import type { ValueGroup, Values } from "./contract.ts";

/** A code that is not drawn at all. */
export const NOT_SHOWN = 255;
const TRANSPARENT = "rgba(0,0,0,0)";

/** What the style reads: a colour, and whether the hatch lies on it. */
export interface Paint {
  c: string;
  h: number;
}

export interface DecodedGroup {
  source: string;
  ids: Int32Array;
  codes: Uint8Array;
  numbers?: Float32Array;
  counts?: Int32Array;
}

function bytes(base64: string): Uint8Array {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** Ids are sorted and sent as differences, which compress well. */
export function decodeIds(base64: string): Int32Array {
  const ids = new Int32Array(bytes(base64).buffer);
  for (let i = 1; i < ids.length; i++) ids[i]! += ids[i - 1]!;
  return ids;
}

export function decodeGroup(group: ValueGroup): DecodedGroup {
  const ids = decodeIds(group.ids);
  const codes = bytes(group.codes);
  if (codes.length !== ids.length) {
    throw new Error(`values of ${group.source}: ${ids.length} ids but ${codes.length} codes`);
  }
  return {
    source: group.source,
    ids,
    codes,
    ...(group.numbers ? { numbers: new Float32Array(bytes(group.numbers).buffer) } : {}),
    ...(group.counts ? { counts: new Int32Array(bytes(group.counts).buffer) } : {}),
  };
}

/** The paint of each code; codes share one object, so that a comparison is by identity. */
export function paints(values: Pick<Values, "colors" | "hatched">): Paint[] {
  const hatched = new Set(values.hatched);
  const table = Array.from({ length: 256 }, () => ({ c: TRANSPARENT, h: 0 }));
  values.colors.forEach((c, code) => {
    if (code !== NOT_SHOWN) table[code] = { c, h: hatched.has(code) ? 1 : 0 };
  });
  return table;
}

/** What each feature of a source wears now. */
export type Worn = Map<number, Paint>;

/** Tell `set` each feature whose paint changes, `clear` each that has none any more; return what is worn now. */
export function dress(
  group: DecodedGroup,
  table: Paint[],
  worn: Worn,
  set: (id: number, paint: Paint) => void,
  clear: (id: number) => void,
): Worn {
  const now: Worn = new Map();
  const { ids, codes } = group;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    const paint = table[codes[i]!]!;
    const before = worn.get(id);
    if (!before || before.c !== paint.c || before.h !== paint.h) set(id, paint);
    now.set(id, paint);
  }
  if (worn.size) for (const id of worn.keys()) if (!now.has(id)) clear(id);
  return now;
}

/** Values by feature for the tooltip: the index is built when somebody first points at the layer. */
export class ValueTable {
  readonly values: Values;
  readonly groups: Map<string, DecodedGroup>;
  private readonly index = new Map<string, Map<number, number>>();

  constructor(values: Values) {
    this.values = values;
    this.groups = new Map(values.groups.map((group) => [group.source, decodeGroup(group)]));
  }

  /** "82.4 % (n = 51)", the too-few text, or null where there is nothing to say. */
  text(source: string, id: number): string | null {
    const group = this.groups.get(source);
    if (!group) return null;
    let places = this.index.get(source);
    if (!places) {
      places = new Map(Array.from(group.ids, (key, i) => [key, i]));
      this.index.set(source, places);
    }
    const i = places.get(id);
    if (i === undefined) return null;
    return valueText(this.values, group.codes[i]!, group.numbers?.[i], group.counts?.[i]);
  }
}

export function valueText(values: Values, code: number, number?: number, count?: number): string | null {
  const n = count === undefined || count < 0 ? "" : ` (n = ${count.toLocaleString("en-US")})`;
  if (values.hatched?.includes(code) && values.too_few) return values.too_few + n;
  if (number === undefined || Number.isNaN(number)) return null;
  const digits = values.decimals ?? 0;
  const figure = number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const unit = values.unit ? (/^[%‰°]/.test(values.unit) ? values.unit : ` ${values.unit}`) : "";
  return figure + unit + n;
}
