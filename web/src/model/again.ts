// Asks again for a person who waits for something: ever more seldom, only while
// they can see it, and not for ever. Each question is a look that stands in the log.
const FIRST = 8000; // ms
const LONGEST = 60_000; // ms
const MOST = 40; // questions, in a good half hour

export class Again {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private round = 0;
  private pause = FIRST;
  private left = 0;

  /** ask tells whether there is more to wait for; seen, whether anybody looks. */
  constructor(
    private readonly ask: () => Promise<boolean>,
    private readonly seen: () => boolean,
  ) {}

  start(): void {
    this.stop();
    this.pause = FIRST;
    this.left = MOST;
    this.wait(this.round);
  }

  /** Nothing is asked after this, not even by a question that is under way. */
  stop(): void {
    clearTimeout(this.timer);
    this.round++;
  }

  private wait(round: number): void {
    this.timer = setTimeout(async () => {
      if (this.seen()) {
        this.left--;
        this.pause = Math.min(this.pause * 1.5, LONGEST);
        if (!(await this.ask()) || this.left <= 0) return;
      }
      if (round === this.round) this.wait(round);
    }, this.pause);
  }
}
