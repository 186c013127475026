import type { Options } from './options.ts'
import type { Running } from './process.ts'
import { startHaproxy } from './proxies/haproxy.ts'
import { startSallyport, usualRoutes } from './sallyport.ts'
import { checkSubject, insist } from './self-check.ts'
import { agUiStream, langgraphStream, type Streamer } from './streams.ts'
import { startFloor, startHonoInline, startReader } from './workers.ts'
import type { World } from './world.ts'

export interface Streamers {
  readonly all: readonly Streamer[]
  readonly notes: readonly string[]
  stop(): Promise<void>
}

/**
 * Starts each gateway in a process of its own, so that the memory of each is measured alone.
 * HAProxy is among them only if the proxies were asked for.
 */
export async function startStreamers(world: World, { only }: Pick<Options, 'only'>): Promise<Streamers> {
  const token = await world.tokens.sign()
  const running: Running[] = []
  const notes: string[] = []
  const started = async (start: Promise<Running>): Promise<Running> => {
    const subject = await start
    running.push(subject)
    return subject
  }
  const gateway = (name: string) => started(startSallyport(world, name, usualRoutes(world, 'request')))
  const streamer = (title: string, subject: Running, exchange = langgraphStream): Streamer => ({
    title,
    subject,
    exchange,
    token: subject === floor || subject === reader ? undefined : token,
  })

  const floor = await started(startFloor(world))
  const reader = await started(startReader(world))
  const all = [
    streamer('floor: bare workerd', floor),
    streamer('the same, reading each event', reader),
    streamer('Sallyport, native gear (langgraph)', await gateway('Sallyport langgraph')),
    streamer('Sallyport, reading gear (ag-ui)', await gateway('Sallyport ag-ui'), agUiStream),
    streamer('Hono proxy in workerd, keys inline', await started(startHonoInline(world))),
  ]
  if (only.includes('proxies')) {
    try {
      all.push(streamer('HAProxy, http-no-delay', await started(startHaproxy(world))))
    } catch (thrown) {
      notes.push(`HAProxy was left out: ${(thrown as Error).message.split('\n').join(' ')}`)
    }
  }
  const gates = all.filter((each) => each.token !== undefined)
  for (const { subject, exchange } of gates) insist(await checkSubject(world, subject, exchange))
  return {
    all,
    notes,
    async stop() {
      for (const subject of running) await subject.stop()
    },
  }
}
