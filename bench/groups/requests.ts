import type { Case } from '../cases.ts'
import { runCases } from '../cases.ts'
import type { Exchange } from '../exchange.ts'
import type { Options } from '../options.ts'
import type { Running } from '../process.ts'
import { type Binding, exchanges, startSallyport, usualRoutes } from '../sallyport.ts'
import { checkExchange, checkSubject, insist } from '../self-check.ts'
import { requestHead, requestRow, type Section } from '../table.ts'
import { type Shape, shareOf, usualRequests } from '../usual-requests.ts'
import { startFloor } from '../workers.ts'
import type { World } from '../world.ts'

/**
 * The requests that are sent to the floor, a Worker that only forwards. `floorShape` picks the one
 * with the same body and answer.
 */
const shapes: readonly Shape[] = ['http', 'mcp', 'ag-ui 2 KB', 'ag-ui 20 KB', 'ag-ui 1 MB']
const floorShape = (shape: Shape): Shape =>
  shape.startsWith('langgraph') ? 'http' : shape === 'copilotkit' ? 'ag-ui 2 KB' : shape

/**
 * Measures the cost of Sallyport against a Worker that only forwards, by kind of agent, by token,
 * and by whether assertions are bound to requests.
 */
export async function measureRequests(world: World, options: Options): Promise<Section> {
  const floor = await startFloor(world)
  const request = await startSallyport(world, 'Sallyport', usualRoutes(world, 'request'))
  const none = await startSallyport(world, 'Sallyport, unbound', usualRoutes(world, 'none'))
  const subjects = [floor, request, none]
  try {
    await check(world, [request, none])
    const cases = await casesOf(world, { floor, request, none })
    const figures = await runCases(cases, { ...options, keys: world.tokens, isPaced: true })
    return {
      id: 'requests',
      title: 'The cost of a request',
      notes: [
        'Known token: the same one each time. New token: one that the gateway has never seen, each time.',
        '`bind: request` signs for each request (the default); `bind: none` lets one signature serve a person for a while.',
        'langgraph: something that is no thread; a thread whose owner was asked for within 30 s; one that has to be asked for.',
        'The floor of each row is a worker that passes on the same request and the same answer.',
      ],
      head: requestHead,
      rows: figures.map(requestRow),
      figures,
    }
  } finally {
    for (const subject of subjects) await subject.stop()
  }
}

async function check(world: World, gates: readonly Running[]): Promise<void> {
  const token = await world.tokens.sign()
  for (const gate of gates) {
    for (const exchange of Object.values(exchanges)) {
      insist(await checkSubject(world, gate, exchange))
      insist(await checkExchange(gate, exchange, token))
    }
  }
}

async function casesOf(world: World, subjects: Record<'floor' | Binding, Running>): Promise<Case[]> {
  const bare = (name: 'origin' | 'floor', shape: Shape): Case => ({
    id: `${name} ${shape}`,
    title: `${name === 'origin' ? 'origin alone' : 'floor: bare workerd'}, ${shape === 'http' ? 'GET' : `POST as ${shape}`}`,
    subject: name === 'origin' ? world.origin : subjects.floor,
    exchange: exchanges[shape] satisfies Exchange,
    tokens: { use: 'none' },
    origin: `origin ${shape}`,
    ...(name === 'floor' && { floor: `floor ${shape}` }),
    ...shareOf(shape),
  })
  return [
    ...shapes.map((shape) => bare('origin', shape)),
    ...shapes.map((shape) => bare('floor', shape)),
    ...(await usualRequests(world)).map(
      ({ shape, bind, title, ...rest }): Case => ({
        ...rest,
        id: title,
        title: `Sallyport, ${title}`,
        subject: subjects[bind],
        exchange: exchanges[shape],
        floor: `floor ${floorShape(shape)}`,
        origin: `origin ${floorShape(shape)}`,
      }),
    ),
  ]
}
