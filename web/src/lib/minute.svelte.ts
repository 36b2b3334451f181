// A clock that ticks twice a minute, so that "3 minutes ago" stays true.
class Minute {
  now = $state(Date.now());
  constructor() {
    setInterval(() => (this.now = Date.now()), 30_000);
  }
}
export const minute = new Minute();
