// Who is signed in. When a session ends in the middle of work the page stays
// as it is and only the sign-in is laid over it.
import { asProblem, onSignedOut, type ProblemError } from "../api/client";
import * as hub from "../api/hub";
import type { User } from "../api/types";

class Session {
  user = $state<User | null>(null);
  ready = $state(false);
  expired = $state(false);
  problem = $state<ProblemError | null>(null);

  constructor() {
    onSignedOut(() => {
      if (this.user) this.expired = true;
    });
  }

  async load(): Promise<void> {
    this.problem = null;
    try {
      this.user = await hub.session();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code !== "signed-out") this.problem = problem;
    }
    this.ready = true;
  }

  signedIn(user: User): void {
    // Somebody else's page must not stay behind the sign-in of another.
    const same = this.user?.id === user.id;
    this.user = user;
    this.expired = false;
    if (!same) this.problem = null;
  }

  async signOut(): Promise<void> {
    try {
      await hub.signOut();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code !== "signed-out") {
        this.problem = problem;
        return;
      }
    }
    this.user = null;
    this.expired = false;
  }
}

export const session = new Session();
