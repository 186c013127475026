import { decodeJwt } from 'jose'
import { Connection } from './connection.ts'
import { type Exchange, pathAt, requestBytes } from './exchange.ts'
import type { Running } from './process.ts'
import { USER } from './tokens.ts'
import type { World } from './world.ts'

export interface Report {
  readonly user: string | null
  readonly authorization: string | null
  /** The first two parts, header and claims, of the assertion or the bearer token. */
  readonly unsigned: string
}

/**
 * Proves that a gateway does what its row in the table claims, before its figures are used. A good
 * token passes and the origin sees its owner. Wrong tokens are refused.
 * @returns faults, in sentences
 */
export async function checkSubject(world: World, subject: Running, exchange: Exchange): Promise<string[]> {
  const { tokens } = world
  const faults: string[] = []
  const good = await tokens.sign()
  const { status, report } = await ask(subject, exchange, good)
  if (status !== 200) faults.push(`${subject.name}: a good token got ${status}`)
  else if (userOf(report) !== USER) faults.push(`${subject.name}: the origin saw ${JSON.stringify(report)}`)
  else if (report && Object.values(report).includes(`Bearer ${good}`) && subject.name.startsWith('Sallyport'))
    faults.push(`${subject.name}: the token reached the origin`)

  const bad = {
    'a forged signature': await tokens.sign({ forged: true }),
    'an expired token': await tokens.sign({ lifetimeSeconds: -3600 }),
    'a token for another audience': await tokens.sign({ audience: 'others' }),
    'no token': undefined,
  }
  for (const [what, token] of Object.entries(bad)) {
    const refused = await ask(subject, exchange, token)
    if (refused.status !== 401 && refused.status !== 403) faults.push(`${subject.name}: ${what} got ${refused.status}`)
  }
  return faults
}

/** Returns the caller that headers or a signed assertion name to the origin. */
function userOf(report: Report | undefined): string | undefined {
  if (report?.user) return report.user
  return report?.unsigned ? decodeJwt(`${report.unsigned}.`).sub : undefined
}

async function ask(subject: Running, exchange: Exchange, token: string | undefined) {
  const { method, body } = exchange
  const response = await fetch(`http://127.0.0.1:${subject.port}${pathAt(exchange, 0)}?check`, {
    method,
    redirect: 'manual',
    headers: {
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  if (response.status !== 200) return { status: response.status, report: undefined }
  try {
    return { status: 200, report: JSON.parse(text) as Report }
  } catch {
    return { status: 200, report: undefined }
  }
}

/** Checks that a gateway answers a measured request as the floor (the simplest gateway) does. */
export async function checkExchange(subject: Running, exchange: Exchange, token: string): Promise<string[]> {
  const connection = new Connection(subject.port)
  const { status } = await connection.send(requestBytes(subject.port, exchange, token))
  connection.close()
  return status === 200 ? [] : [`${subject.name}: ${exchange.method} ${exchange.path} got ${status}`]
}

/** Does nothing if there are no faults. @throws Error with every fault */
export function insist(faults: readonly string[]): void {
  if (faults.length > 0) throw new SelfCheckError(faults.join('\n'))
}

export class SelfCheckError extends Error {}
