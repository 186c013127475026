/**
 * Returns the milliseconds since a moment, or infinity if the moment is in the future. In that case
 * the clock was ahead when the moment was noted, and has been corrected.
 */
export const elapsed = (moment: number, now: number): number => (moment > now ? Number.POSITIVE_INFINITY : now - moment)
