/** The gateway, slowed down on purpose, so that a run shows which difference it notices. */
import gateway from './sallyport'

/** CPU time to waste on each request, in microseconds. The bundler sets it. */
declare const HANDICAP_MICROS: number

/**
 * Loop turns for each microsecond. A Worker cannot read a clock while it computes, so it counts
 * turns.
 */
const TURNS_PER_MICRO = 700
let last = 1

export default {
  fetch(...args: Parameters<typeof gateway.fetch>) {
    let value = last
    for (let turn = HANDICAP_MICROS * TURNS_PER_MICRO; turn > 0; turn--) value = Math.imul(value ^ turn, 0x9e3779b1)
    last = value
    return gateway.fetch(...args)
  },
}
