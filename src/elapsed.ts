/**
 * Milliseconds since a moment. One in the future is long past: the clock was ahead when it was
 * noted, and was set right.
 */
export const elapsed = (moment: number, now: number): number => (moment > now ? Number.POSITIVE_INFINITY : now - moment)
