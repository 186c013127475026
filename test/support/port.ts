import { isFreePort } from '../../src/cli/free-port.ts'

/**
 * Below the ports that systems give to outgoing connections (from 32,768 on Linux): one of those
 * may be taken by any of them in the moment after it was found free. Above those of `npm start`.
 */
const FIRST = 12_000
const LAST = 32_000

/** A free port on the loopback interface. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFreePort(port)) return port
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}
