import assert from "node:assert/strict";
import { test } from "node:test";
import { Knots } from "../src/knots.ts";
import { type Follower, inStep } from "../src/step.ts";

/** A screen of ten pixels a degree, whose north is up. */
const SCREEN = {
  project: ([lng, lat]: [number, number]) => ({ x: lng * 10, y: -lat * 10 }),
  unproject: ([x, y]: [number, number]) => ({ lng: x / 10, lat: -y / 10 }),
};
const KNOTS = new Knots([0, 0, 1, 0, 1, 1, 5, 5], [1, 3]);

test("the nearest handle is taken, and only within reach", () => {
  assert.deepEqual(KNOTS.near({ x: 1, y: 0 }, 12, SCREEN), [1]);
  assert.deepEqual(KNOTS.near({ x: 1, y: 0 }, 8, SCREEN), []);
  assert.deepEqual(KNOTS.at(3), [5, 5]);
});

test("a boundary can be dropped on any vertex, the nearest first; reach is round", () => {
  assert.deepEqual(KNOTS.near({ x: 9, y: -8 }, 10, SCREEN, true), [2, 1]);
  assert.deepEqual(KNOTS.near({ x: 0, y: 0 }, 13, SCREEN, true), [0, 1]);
});

class Camera implements Follower {
  center: [number, number];
  zoom: number;
  private readonly listeners = new Set<() => void>();
  constructor(center: [number, number], zoom: number) {
    this.center = center;
    this.zoom = zoom;
  }
  getCenter() {
    return { lng: this.center[0], lat: this.center[1] };
  }
  getZoom() {
    return this.zoom;
  }
  jumpTo(camera: { center: [number, number]; zoom: number }) {
    Object.assign(this, camera);
    for (const listener of this.listeners) listener();
  }
  on(_type: "move", listener: () => void) {
    this.listeners.add(listener);
  }
  off(_type: "move", listener: () => void) {
    this.listeners.delete(listener);
  }
}

test("maps of a group look at the same place, whichever is moved, until one leaves", () => {
  const [one, other, alone] = [new Camera([1, 2], 3), new Camera([0, 0], 0), new Camera([7, 7], 7)];
  const leave = [inStep(one, "a"), inStep(other, "a"), inStep(alone, "b")];
  assert.deepEqual([other.center, other.zoom], [[1, 2], 3]);
  other.jumpTo({ center: [4, 5], zoom: 6 });
  assert.deepEqual([one.center, one.zoom], [[4, 5], 6]);
  assert.deepEqual(alone.center, [7, 7]);
  leave[1]!();
  one.jumpTo({ center: [8, 8], zoom: 8 });
  assert.deepEqual(other.center, [4, 5]);
  leave[0]!();
  leave[2]!();
});
