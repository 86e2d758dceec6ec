import assert from "node:assert/strict";
import { test } from "node:test";
import type { Values } from "../src/contract.ts";
import { decodeGroup, decodeIds, dress, NOT_SHOWN, type Paint, paints, ValueTable, valueText } from "../src/values.ts";

const base64 = (array: Int32Array | Uint8Array | Float32Array) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

const group = (ids: number[], codes: number[]) =>
  decodeGroup({
    source: "compound:420102",
    ids: base64(Int32Array.from(ids.map((id, i) => id - (ids[i - 1] ?? 0)))),
    codes: base64(Uint8Array.from(codes)),
  });

const never = (id: number) => assert.fail(`${id} was cleared`);

const values: Values = {
  layer: "compound",
  groups: [],
  colors: ["#111111", "#222222", "#cccccc"],
  hatched: [2],
  label: "满意率",
  unit: "%",
  decimals: 1,
  too_few: "评价不足 10 条",
};

test("ids come back from their differences", () => {
  assert.deepEqual([...decodeIds(base64(Int32Array.of(3, 4, 93)))], [3, 7, 100]);
  assert.equal(decodeIds("").length, 0);
});

test("as many codes as ids, or a sentence that says which source is wrong", () => {
  assert.throws(() => group([1, 2], [0]), /values of compound:420102: 2 ids but 1 codes/);
});

test("only features whose paint changes are set, and those left out are cleared", () => {
  const table = paints(values);
  const first = dress(group([1, 2, 3], [0, 1, 2]), table, new Map(), () => undefined, never);
  const set: [number, Paint][] = [];
  const cleared: number[] = [];
  dress(
    group([1, 2], [0, 2]),
    table,
    first,
    (id, paint) => set.push([id, paint]),
    (id) => cleared.push(id),
  );
  assert.deepEqual(set, [[2, { c: "#cccccc", h: 1 }]]);
  assert.deepEqual(cleared, [3]);
});

test("the same code with another colour is a change", () => {
  const first = dress(group([1], [0]), paints(values), new Map(), () => undefined, never);
  const set: number[] = [];
  dress(group([1], [0]), paints({ colors: ["#999999"] }), first, (id) => set.push(id), never);
  assert.deepEqual(set, [1]);
});

test("a code that is not shown, or has no colour, is transparent", () => {
  const table = paints(values);
  assert.equal(table[NOT_SHOWN]!.c, "rgba(0,0,0,0)");
  assert.equal(table[7]!.c, "rgba(0,0,0,0)");
});

test("a value is written with its unit and n; too few hides the number", () => {
  assert.equal(valueText(values, 0, 82.44, 1051), "82.4% (n = 1,051)");
  assert.equal(valueText({ ...values, unit: "件" }, 0, 1234.5), "1,234.5 件");
  assert.equal(valueText(values, 2, 66.6, 3), "评价不足 10 条 (n = 3)");
  assert.equal(valueText(values, 0, Number.NaN, 3), null);
  assert.equal(valueText(values, 0, 5, -1), "5.0%");
});

test("the table knows a feature's text by source and id", () => {
  const encoded = {
    source: "compound:420102",
    ids: base64(Int32Array.of(4, 5)),
    codes: base64(Uint8Array.of(0, 1)),
    numbers: base64(Float32Array.of(10, 20)),
  };
  const table = new ValueTable({ ...values, groups: [encoded] });
  assert.equal(table.text("compound:420102", 9), "20.0%");
  assert.equal(table.text("compound:420102", 8), null);
  assert.equal(table.text("compound:420103", 9), null);
});
