// An invitation that is being shown, and the wait until a box has taken it up.
import { asProblem, type ProblemError } from "../api/client";
import * as hub from "../api/hub";
import type { Device, Household, Invitation } from "../api/types";
import { joinedSince } from "../model/invitation";
import { ms } from "../model/time";

const PAUSE = 3000; // ms between two questions
const LATE = 30_000; // ms for which a box that was in time may still be heard of

export class Inviting {
  invitation = $state.raw<Invitation | null>(null);
  joined = $state.raw<Device | null>(null);
  busy = $state(false);
  problem = $state.raw<ProblemError | null>(null);

  private timer: ReturnType<typeof setTimeout> | undefined;
  private gone = false;

  constructor(
    readonly household: Household,
    private readonly onhouseholds: (all: Household[]) => void,
  ) {
    this.renew();
  }

  /** A new code; the one before stays good until it ends, and is not shown any more. */
  renew = async (): Promise<void> => {
    clearTimeout(this.timer);
    this.busy = true;
    this.problem = null;
    try {
      this.invitation = await hub.invite(this.household.id);
      if (!this.gone) this.wait();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    } finally {
      this.busy = false;
    }
  };

  private wait(): void {
    this.timer = setTimeout(() => this.look(), PAUSE);
  }

  private async look(): Promise<void> {
    if (document.visibilityState === "visible") {
      try {
        const all = await hub.households();
        if (this.gone) return;
        this.onhouseholds(all);
        this.joined = joinedSince(this.household, all.find((h) => h.id === this.household.id));
        this.problem = null;
      } catch (thrown) {
        this.problem = asProblem(thrown);
      }
    }
    const over = this.invitation !== null && Date.now() > ms(this.invitation.expires) + LATE;
    if (!this.gone && !this.joined && !over) this.wait();
  }

  leave(): void {
    this.gone = true;
    clearTimeout(this.timer);
  }
}
