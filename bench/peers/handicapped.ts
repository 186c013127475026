/** The gateway, made slower on purpose, so that a run shows which difference it notices. */
import gateway from './sallyport'

/** Put in by the bundler. */
declare const HANDICAP_MICROS: number

/** Workers cannot read a clock while they compute, so turns are counted: about one nanosecond each. */
const TURNS_PER_MICRO = 1000
let last = 1

export default {
  fetch(...args: Parameters<typeof gateway.fetch>) {
    for (let turn = HANDICAP_MICROS * TURNS_PER_MICRO; turn > 0; turn--) last = Math.imul(last ^ turn, 0x9e3779b1)
    return gateway.fetch(...args)
  },
}
