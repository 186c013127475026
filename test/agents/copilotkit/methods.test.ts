import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { copilotkitSingleRoute } from '../../../src/agents/copilotkit/adapter'
import { root } from '../../support/build'
import { ready } from '../../support/packages'

/** The methods of an envelope, which the runtime keeps to itself: they are read from its source. */
const FILE = 'test/agents/node_modules/@copilotkit/runtime/dist/v2/runtime/endpoints/single-route-helpers.mjs'
let methods: readonly string[]

beforeAll(async () => {
  await ready('test/agents')
  const [, names = ''] = /METHOD_NAMES = \[([^\]]*)\]/.exec(await readFile(path.join(root, FILE), 'utf8')) ?? []
  methods = [...names.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '')
}, 300_000)

const operationsOf = (method: string) => {
  const [endpoint] = copilotkitSingleRoute.endpoints
  if (!endpoint) return expect.unreachable()
  const call = { endpoint, params: {}, query: '', headers: new Headers(), body: { method } }
  return copilotkitSingleRoute.operationsOf?.(call, 'own')
}

describe('envelope methods of a CopilotKit runtime', () => {
  it('the gateway knows all envelope methods of a CopilotKit runtime', () => {
    expect(methods.length).toBeGreaterThan(7)
    for (const method of methods.filter((name) => name !== 'resource/request'))
      expect(operationsOf(method), method).toHaveLength(1)
    // This one asks for whatever resource its parameters name.
    expect(() => operationsOf('resource/request')).toThrow(expect.objectContaining({ code: 'body-invalid' }))
    expect(() => operationsOf('agent/other')).toThrow(expect.objectContaining({ code: 'operation-unknown' }))
  })
})
