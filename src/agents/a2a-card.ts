import { isObject, type Json, type JsonObject, type PublicPlace } from './adapter'

/**
 * An agent's card as callers must see it (A2A 1.0 "agent card", and 0.3): addresses lead to the gate, the way to sign in is the
 * gate's, signatures are gone because they would not hold any more, and so are interfaces that the gate does not carry.
 *
 * Skills, icons and other links stay as they are.
 */
export function agentCardOf(card: Json, place: PublicPlace): Json {
  if (!isObject(card)) return card
  const { signatures: _, ...kept } = card
  const url = (given: Json | undefined) => publicUrl(given, place)
  if (Array.isArray(kept.supportedInterfaces)) {
    return {
      ...kept,
      supportedInterfaces: carried(kept.supportedInterfaces, 'protocolBinding').map((each) => ({
        ...each,
        url: url(each.url),
      })),
      securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } } },
      securityRequirements: [{ schemes: { bearer: { list: [] } } }],
      ...(Array.isArray(kept.skills) && { skills: kept.skills.map((skill) => without(skill, 'securityRequirements')) }),
      // 0.3 readers of a card for both find their own members.
      ...('url' in kept && { url: url(kept.url) }),
    }
  }
  return {
    ...kept,
    url: url(kept.url),
    ...(Array.isArray(kept.additionalInterfaces) && {
      additionalInterfaces: carried(kept.additionalInterfaces, 'transport').map((each) => ({
        ...each,
        url: url(each.url),
      })),
    }),
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    security: [{ bearer: [] }],
    ...(Array.isArray(kept.skills) && { skills: kept.skills.map((skill) => without(skill, 'security')) }),
  }
}

const carried = (interfaces: readonly Json[], binding: string): JsonObject[] =>
  interfaces.filter(isObject).filter((each) => !/grpc/i.test(String(each[binding])))

function without(value: Json, name: string): Json {
  if (!isObject(value)) return value
  const { [name]: _, ...rest } = value
  return rest
}

/** An agent does not know under what name it is reached, so only the path of its own address counts. */
function publicUrl(given: Json | undefined, { url, prefix }: PublicPlace): string {
  const path = URL.parse(String(given))?.pathname ?? prefix
  const below = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
  return url + (below === '/' ? '' : below)
}
