import { expect, it } from 'vitest'
import { agentCardOf } from '../../../src/agents/a2a/card'
import type { Json } from '../../../src/json'

const place = { url: 'https://gate.example.com/agents/a2a', prefix: '/inner' }
const rewritten = (card: Json) => JSON.stringify(agentCardOf(card, place))

const internal = 'http://agent.internal:9/inner/rpc'
const grpc = { url: 'agent.internal:50051', transport: 'GRPC' }

it('an agent card of A2A 0.3, 1.0 or both names only the gateway’s address (S24)', () => {
  const modern = {
    supportedInterfaces: [
      { url: internal, protocolBinding: 'JSONRPC' },
      { ...grpc, protocolBinding: 'GRPC' },
    ],
  }
  const old = {
    url: internal,
    additionalInterfaces: [{ url: internal, transport: 'JSONRPC' }, grpc],
    preferredTransport: 'GRPC',
  }
  for (const card of [modern, old, { ...modern, ...old }]) {
    const text = rewritten({ ...card, signatures: [{}], security: [{ other: [] }], securitySchemes: { other: {} } })
    expect(text).toContain('https://gate.example.com/agents/a2a/rpc')
    expect(text).not.toMatch(/internal|grpc|signatures|other/i)
  }
})

it.each([
  [
    'another interface of the card',
    [grpc, { url: 'http://agent.internal:9/inner/rpc', transport: 'JSONRPC' }],
    { url: `${place.url}/rpc`, preferredTransport: 'JSONRPC' },
  ],
  ['the route, if the card has gRPC only', [grpc], { url: place.url }],
  ['the route, if the card has no other interface', undefined, { url: place.url }],
])('an agent card of A2A 0.3 that prefers gRPC prefers %s', (_what, additionalInterfaces, expected) => {
  const card = {
    url: 'http://agent.internal:50051/grpc',
    preferredTransport: 'GRPC',
    ...(additionalInterfaces && { additionalInterfaces }),
  }
  const { url, preferredTransport } = agentCardOf(card, place) as Record<string, unknown>
  expect({ url, ...(preferredTransport !== undefined && { preferredTransport }) }).toEqual(expected)
})

it.each([null, 7, undefined])('an agent card whose preferredTransport is %j keeps the path of its url', (value) => {
  const card = { url: internal, additionalInterfaces: [], ...(value !== undefined && { preferredTransport: value }) }
  const rewrittenCard = agentCardOf(card, place)
  expect(rewrittenCard).toMatchObject({ url: `${place.url}/rpc` })
  expect(rewrittenCard).not.toHaveProperty('preferredTransport')
})

it('an agent card declares bearer sign-in in the format of A2A 0.3, 1.0 or both', () => {
  const supportedInterfaces = [{ url: internal, protocolBinding: 'JSONRPC' }]
  const http = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
  const modern = { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } }
  const schemes = (card: Json) => agentCardOf(card, place) as Record<string, unknown>
  expect(schemes({ supportedInterfaces })).toMatchObject({ securitySchemes: { bearer: modern } })
  expect(schemes({ supportedInterfaces })).not.toHaveProperty('security')
  expect(schemes({ url: internal })).toMatchObject({ securitySchemes: { bearer: http }, security: [{ bearer: [] }] })
  expect(schemes({ url: internal })).not.toHaveProperty('securityRequirements')
  expect(schemes({ url: internal, protocolVersion: '0.3', supportedInterfaces })).toMatchObject({
    securitySchemes: { bearer: { ...http, ...modern } },
    security: [{ bearer: [] }],
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
  })
})

it.each(['internal:5005', 'not an address', null, 7, { toString: 1 } as never])(
  'the invalid address %j in an agent card becomes the address of the route',
  (url) => expect(agentCardOf({ url }, place)).toMatchObject({ url: place.url }),
)

it.each([[], 'card', null, { supported_interfaces: [] }])('the invalid agent card %j is refused', (card) => {
  expect(() => agentCardOf(card, place)).toThrow('not a card')
})
