// The state of one case's workspace and what it asks of the hub. The panes only
// show it and call back.
import { asProblem, type ProblemError } from "../api/client";
import * as hub from "../api/hub";
import type { AuditRecord, Camera, CameraAnswer, Case, Position, Requested, Road, SearchRequest, SearchResult, Stretch } from "../api/types";
import { Again } from "../model/again";
import { points, slice, type Point } from "../model/geo";
import { askAt, stateOf } from "../model/offer";
import { coming, playable, standing, type Standing } from "../model/span";
import { HOUR, ms, rfc3339 } from "../model/time";
import { neighbour } from "../model/timeline";
import { readLook, writeLook } from "../model/url";
import { route } from "./route.svelte";

export type Window = { from: number; to: number };

/** Footage that was asked for from a home; owner: its household was asked first. */
type Request = Window & { acknowledged: boolean; owner: boolean };

export class Work {
  case = $state.raw<Case | null>(null);
  roads = $state.raw<Road[]>([]);
  sketch = $state(false);
  cameras = $state.raw<Camera[]>([]);
  loaded = $state(false);

  stretch = $state.raw<Stretch | null>(null);
  window = $state.raw<Window>({ from: 0, to: 0 });
  result = $state.raw<SearchResult | null>(null);
  asOf = $state(0);
  searching = $state(false);
  snapping = $state(false);

  camera = $state<string | null>(null);
  at = $state<number | null>(null);

  problem = $state.raw<ProblemError | null>(null);
  log = $state.raw<AuditRecord[] | null>(null);
  logProblem = $state.raw<ProblemError | null>(null);

  readonly road = $derived(this.roads.find((r) => r.id === this.stretch?.road));
  readonly line: Point[] = $derived.by(() => {
    if (this.result?.line.length && same(this.result.stretch, this.stretch)) return points(this.result.line);
    return this.road && this.stretch ? slice(this.road, this.stretch.from, this.stretch.to) : [];
  });
  readonly answer = $derived(this.result?.cameras.find((a) => a.camera.id === this.camera));
  readonly chosen = $derived(this.answer?.camera ?? this.cameras.find((c) => c.id === this.camera));
  readonly standings: Map<string, Standing> = $derived(
    new Map(this.cameras.map((c) => [c.id, standing(this.result?.cameras.find((a) => a.camera.id === c.id))])),
  );

  private requests = $state.raw(new Map<string, Request>());
  /** What was asked of the chosen home, and how much of it has come. */
  readonly asked = $derived.by(() => {
    const r = this.camera ? this.requests.get(this.camera) : undefined;
    if (!r || !this.answer || !this.result || r.from < ms(this.result.from) || r.to > ms(this.result.to)) return null;
    return { ...r, here: playable(this.answer.spans, r.from, r.to) };
  });

  private running: AbortController | null = null;
  private readonly again = new Again(() => this.lookAgain(), () => document.visibilityState === "visible");
  private left = false;

  constructor(
    readonly id: string,
    private readonly now: () => number = Date.now,
  ) {
    const look = readLook(route.query);
    this.stretch = look.stretch;
    this.window = look.window ?? { from: this.now() - HOUR, to: this.now() };
    this.camera = look.camera;
    this.at = look.at;
  }

  async load(): Promise<void> {
    this.problem = null;
    try {
      const [one, roads, cameras] = await Promise.all([hub.getCase(this.id), hub.roads(), hub.cameras()]);
      this.case = one;
      this.roads = roads.roads;
      this.sketch = roads.sketch;
      this.cameras = cameras;
      this.loaded = true;
    } catch (thrown) {
      this.problem = asProblem(thrown);
      return;
    }
    // A shared link holds a whole question: answer it.
    if (this.stretch && !this.case.closed && readLook(route.query).window) await this.search();
  }

  /** Two clicked points, snapped by the hub to one road. */
  async pick(a: Position, b: Position): Promise<void> {
    this.problem = null;
    this.snapping = true;
    try {
      this.stretch = (await hub.stretch(a, b)).stretch;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    } finally {
      this.snapping = false;
    }
  }

  async search(): Promise<void> {
    if (!this.stretch) return;
    const { from, to } = this.window;
    this.problem = null;
    this.searching = true;
    const result = await this.ask({ stretch: this.stretch, from: rfc3339(from), to: rfc3339(to) });
    if (!result) return;
    this.stretch = result.stretch;
    this.keepChoice(result);
    this.note();
  }

  /** One question at a time: a newer one ends the one before, which then gives null. */
  private async ask(question: SearchRequest): Promise<SearchResult | null> {
    this.running?.abort();
    const running = (this.running = new AbortController());
    try {
      const result = await hub.search(this.id, question, running.signal);
      if (running.signal.aborted) return null;
      this.result = result;
      this.asOf = this.now();
      return result;
    } catch (thrown) {
      if (!running.signal.aborted) this.problem = asProblem(thrown);
      return null;
    } finally {
      if (this.running === running) this.searching = false;
    }
  }

  /** After a new search the chosen home and time stay when they are still in it. */
  private keepChoice(result: SearchResult): void {
    if (!result.cameras.some((a) => a.camera.id === this.camera)) this.camera = null;
    const [from, to] = [ms(result.from), ms(result.to)];
    if (this.at !== null && (this.at < from || this.at > to)) this.at = null;
  }

  choose(camera: string, at: number | null = this.at): void {
    this.camera = camera;
    this.at = at;
    this.note();
  }

  /** The next (1) or previous (−1) home along the road, at the same time. */
  step(by: 1 | -1): CameraAnswer | null {
    const to = neighbour(this.result?.cameras ?? [], (a) => a.camera.id === this.camera, by);
    if (to) this.choose(to.camera.id);
    return to;
  }

  still = async (at: number, signal: AbortSignal): Promise<{ picture: Blob; taken: number }> => {
    const got = await hub.still(this.id, this.camera!, rfc3339(Math.round(at)), signal);
    return { picture: got.picture, taken: ms(got.taken) };
  };

  request = async (begin: number, end: number): Promise<Requested> => {
    const camera = this.camera!;
    const [from, to] = [Math.round(begin), Math.round(end)]; // as it is asked, so that it is found again
    const got = await hub.requestFootage(this.id, camera, rfc3339(from), rfc3339(to));
    this.requests = new Map(this.requests).set(camera, { from, to, acknowledged: got.acknowledged, owner: got.asked === true });
    if (this.left) return got;
    this.again.start();
    // What was asked of a household stands in the answer, with the time it has.
    if (got.asked) await this.lookAgain();
    return got;
  };

  /**
   * The last question once more, as it was asked, whatever is being chosen for the
   * next one. It tells whether something that was asked for here is on its way.
   */
  private async lookAgain(): Promise<boolean> {
    if (this.searching) return true;
    if (!this.result) return false;
    const { stretch, from, to } = this.result;
    const result = await this.ask({ stretch, from, to });
    if (!result) return this.searching; // somebody searches: their answer will tell
    return result.cameras.some((a) => {
      const r = this.requests.get(a.camera.id);
      return r !== undefined && (r.owner ? this.waits(a, r) : coming(a.spans, r.from, r.to));
    });
  }

  /** Whether a household has still to say something, or what it allowed is on its way. */
  private waits(a: CameraAnswer, r: Request): boolean {
    const ask = askAt(a.asks, r.from, this.now());
    const state = ask && stateOf(ask, this.now());
    return state === "pending" || (state === "granted" && coming(a.spans, r.from, r.to));
  }

  async loadLog(): Promise<void> {
    this.logProblem = null;
    try {
      this.log = await hub.caseLog(this.id);
    } catch (thrown) {
      this.logProblem = asProblem(thrown);
    }
  }

  /** Writes the look into the address. */
  note(): void {
    const { stretch, window, camera, at } = this;
    route.note(writeLook({ stretch, window: stretch ? window : null, camera, at: at === null ? null : Math.round(at) }));
  }

  leave(): void {
    this.left = true;
    this.again.stop();
    this.running?.abort();
  }
}

const same = (a: Stretch | null, b: Stretch | null) =>
  a !== null && b !== null && a.road === b.road && a.from === b.from && a.to === b.to;
