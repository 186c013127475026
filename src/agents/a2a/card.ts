import { isObject, type Json, type JsonObject } from '../../json'
import type { PublicPlace } from '../adapter'

/**
 * Members of a card that are passed on, as A2A 1.0 and 0.3 write them. Servers and clients may know
 * others, or other spellings.
 */
const CARD = [
  ...['name', 'description', 'version', 'provider', 'iconUrl', 'documentationUrl', 'capabilities'],
  ...['defaultInputModes', 'defaultOutputModes', 'protocolVersion', 'supportsAuthenticatedExtendedCard'],
]
const SKILL = ['id', 'name', 'description', 'tags', 'examples', 'inputModes', 'outputModes']
const INTERFACE = ['protocolBinding', 'protocolVersion', 'transport']
/** Protocol buffers may be written so, too. A card without its interfaces would be none. */
const OTHER_SPELLINGS = ['supported_interfaces', 'additional_interfaces']

/**
 * Builds an agent's card as callers must see it (A2A 1.0 and 0.3, or one card for both), of members
 * that are known: addresses lead to the gateway, and so does the way to sign in. Signatures are
 * left out because they would not hold any more, and so are interfaces that the gateway does not
 * carry.
 *
 * Icons and other links stay as they are.
 *
 * @throws Error where the card is none
 */
export function agentCardOf(card: Json, place: PublicPlace): Json {
  if (!isObject(card) || OTHER_SPELLINGS.some((name) => name in card)) throw new Error('not a card')
  const { url, supportedInterfaces, additionalInterfaces, skills, preferredTransport } = card
  const isNew = Array.isArray(supportedInterfaces)
  const isOld = !isNew || url !== undefined
  return {
    ...only(card, CARD),
    ...(url !== undefined && { url: publicUrl(url, place) }),
    ...(supportedInterfaces !== undefined && { supportedInterfaces: carried(supportedInterfaces, place) }),
    ...(additionalInterfaces !== undefined && { additionalInterfaces: carried(additionalInterfaces, place) }),
    ...(Array.isArray(skills) && { skills: skills.filter(isObject).map((skill) => only(skill, SKILL)) }),
    // A card may be one of 1.0, of 0.3 or of both, and clients of either read their own members.
    securitySchemes: { bearer: { ...(isNew && NEW_SCHEME), ...(isOld && OLD_SCHEME) } },
    ...(isNew && { securityRequirements: [{ schemes: { bearer: { list: [] } } }] }),
    ...(isOld && { security: [{ bearer: [] }] }),
    ...(isCarried(preferredTransport) && { preferredTransport }),
  }
}

const OLD_SCHEME = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }
const NEW_SCHEME = { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } }

const only = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (name in object ? [[name, object[name] as Json]] : [])))

const isCarried = (binding: Json | undefined): binding is string =>
  typeof binding === 'string' && !/grpc/i.test(binding)

const carried = (interfaces: Json, place: PublicPlace): JsonObject[] =>
  (Array.isArray(interfaces) ? interfaces : [])
    .filter(isObject)
    .filter(({ protocolBinding, transport }) => isCarried(protocolBinding ?? transport))
    .map((each) => ({ ...only(each, INTERFACE), url: publicUrl(each.url, place) }))

/**
 * An agent does not know under what name it is reached, so only the path of its own address counts.
 */
function publicUrl(given: Json | undefined, { url, prefix }: PublicPlace): string {
  const at = typeof given === 'string' ? URL.parse(given) : null
  const path = at && /^https?:$/.test(at.protocol) ? at.pathname : prefix
  const below = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
  return url + (below === '/' ? '' : below)
}
