// How long to wait before the next attempt: quick at first, never in step with a thousand other viewers.

/** Delays in milliseconds, each ± 20 %; the last one repeats. `again()` starts from the first. */
export class Backoff {
  #delays;
  #attempts = 0;
  #random;

  constructor(delays_ms, random = Math.random) {
    this.#delays = delays_ms;
    this.#random = random;
  }

  get attempts() {
    return this.#attempts;
  }

  /** The next delay; never less than `least_ms`, which a server may have asked for. */
  next(least_ms = 0) {
    const base = this.#delays[Math.min(this.#attempts, this.#delays.length - 1)];
    this.#attempts += 1;
    return Math.max(least_ms, base * (0.8 + 0.4 * this.#random()));
  }

  again() {
    this.#attempts = 0;
  }
}

/** One timer that can be set anew, run at once, or taken back. */
export class Alarm {
  #timer = null;
  #task = null;

  set(task, delay_ms) {
    this.clear();
    this.#task = task;
    this.#timer = setTimeout(() => this.ring(), delay_ms);
  }

  get waiting() {
    return this.#task !== null;
  }

  ring() {
    const task = this.#task;
    this.clear();
    if (task) task();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#task = null;
  }
}
