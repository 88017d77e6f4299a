// The house as the agent tells it, and where in the page one stands. One owner of
// both; pages call act() and get the new state with the answer.
import { asProblem, onSignedOut, type ProblemError } from "../../../src/api/client";
import * as agent from "../api/agent";
import type { State } from "../api/types";
import { allowed, readHash, writeHash, type Place } from "../model/steps";

const QUIET = 4000; // ms between two looks at the state
const BUSY = 1000; // the same while the self-test runs

class House {
  open = $state<boolean | null>(null); // null: not asked yet
  expired = $state(false);
  simulated = $state(false);
  state = $state.raw<State | null>(null);
  problem = $state<ProblemError | null>(null); // of the first look
  lost = $state(false); // the last look got no answer
  place = $state<Place>("pair");
  camera = $state("");
  private turn = 0; // of the newest answer that was asked for; an older look must not undo it

  constructor() {
    onSignedOut(() => {
      this.expired = this.open === true;
      this.open = false;
    });
    addEventListener("hashchange", () => this.follow());
  }

  async load(): Promise<void> {
    this.problem = null;
    try {
      const session = await agent.session();
      this.simulated = session.simulated ?? false;
      this.open = session.open;
      if (session.open) await this.entered();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  async entered(): Promise<void> {
    const state = await agent.state();
    this.state = state;
    this.open = true;
    this.expired = false;
    this.follow();
  }

  /** Does something at the agent; the answer is the new state. */
  async act(asked: Promise<State>): Promise<State> {
    const turn = ++this.turn;
    const state = await asked;
    if (turn === this.turn) this.take(state);
    return state;
  }

  /** Looks again; with turn unchanged, so that a slower look cannot undo an act. */
  async look(): Promise<void> {
    const turn = this.turn;
    try {
      const state = await agent.state();
      this.lost = false;
      if (turn === this.turn) this.take(state);
    } catch (thrown) {
      this.lost = asProblem(thrown).code === "offline";
    }
  }

  pause(): number {
    return this.state?.selftest?.running ? BUSY : QUIET;
  }

  private take(state: State): void {
    this.state = state;
    // Somebody else took a step back (left, forgot a recorder): so does this page.
    const place = allowed(this.place, state.step, this.shared);
    if (place !== this.place) this.go(place);
  }

  get shared(): boolean {
    return this.state?.cameras.some((c) => c.receipt) ?? false;
  }

  /** Goes somewhere, in a way that a reload and the back button know. */
  go(place: Place, camera = ""): void {
    this.place = place;
    this.camera = camera;
    const hash = writeHash(place, camera);
    if (location.hash !== hash) history.pushState(null, "", hash);
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true }); // what was pressed is gone
  }

  /** On to the first step that is not done. */
  next(): void {
    if (this.state) this.go(this.state.step);
  }

  private follow(): void {
    if (!this.state) return;
    const asked = readHash(location.hash);
    this.place = allowed(asked?.place ?? null, this.state.step, this.shared);
    this.camera = asked && asked.place === this.place ? asked.camera : "";
    history.replaceState(null, "", writeHash(this.place, this.camera));
  }
}

export const house = new House();
