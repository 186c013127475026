import { isObject, type Json, type JsonObject } from '../../json'
import type { PublicPlace } from '../adapter'

/** What signs a card, where it stands in other spellings, and what would be another way in. */
const DROPPED = ['signatures', 'preferredTransport', 'security', 'securityRequirements', 'securitySchemes']
/** Protocol buffers may be written so, too; nothing that is not understood may pass. */
const OTHER_SPELLINGS = ['supported_interfaces', 'additional_interfaces']

/**
 * An agent's card as callers must see it (A2A 1.0 and 0.3, or one card for both): addresses lead to the gate, the way to sign
 * in is the gate's, signatures are gone because they would not hold any more, and so are interfaces that the gate does not carry.
 *
 * Skills, icons and other links stay as they are.
 *
 * @throws Error where the card is none
 */
export function agentCardOf(card: Json, place: PublicPlace): Json {
  if (!isObject(card) || OTHER_SPELLINGS.some((name) => name in card)) throw new Error('not a card')
  const shown = Object.fromEntries(Object.entries(card).filter(([name]) => !DROPPED.includes(name)))
  const isModern = Array.isArray(shown.supportedInterfaces)
  return {
    ...shown,
    ...('url' in shown && { url: publicUrl(shown.url, place) }),
    ...('supportedInterfaces' in shown && { supportedInterfaces: carried(shown.supportedInterfaces, place) }),
    ...('additionalInterfaces' in shown && { additionalInterfaces: carried(shown.additionalInterfaces, place) }),
    ...(Array.isArray(shown.skills) && { skills: shown.skills.map(withoutSecurity) }),
    ...(isModern
      ? {
          securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } } },
          securityRequirements: [{ schemes: { bearer: { list: [] } } }],
        }
      : {
          securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
          security: [{ bearer: [] }],
        }),
    ...(typeof card.preferredTransport === 'string' &&
      !isGrpc(card.preferredTransport) && { preferredTransport: card.preferredTransport }),
  }
}

const isGrpc = (binding: Json | undefined): boolean => typeof binding === 'string' && /grpc/i.test(binding)

function carried(interfaces: Json | undefined, place: PublicPlace): JsonObject[] {
  return (Array.isArray(interfaces) ? interfaces : [])
    .filter(isObject)
    .filter(({ protocolBinding, transport }) => !isGrpc(protocolBinding ?? transport))
    .map((each) => ({ ...each, url: publicUrl(each.url, place) }))
}

function withoutSecurity(skill: Json): Json {
  if (!isObject(skill)) return skill
  const { security: _, securityRequirements: __, ...rest } = skill
  return rest
}

/** An agent does not know under what name it is reached, so only the path of its own address counts. */
function publicUrl(given: Json | undefined, { url, prefix }: PublicPlace): string {
  const at = typeof given === 'string' ? URL.parse(given) : null
  const path = at && /^https?:$/.test(at.protocol) ? at.pathname : prefix
  const below = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
  return url + (below === '/' ? '' : below)
}
