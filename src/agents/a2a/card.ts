import { isObject, type Json, type JsonObject } from '../../json'
import type { PublicPlace } from '../adapter'

/**
 * The members of an agent card that callers receive, as A2A 1.0 and 0.3 spell them. Other members
 * and spellings are left out, even if servers and clients know them.
 */
const CARD = [
  ...['name', 'description', 'version', 'provider', 'iconUrl', 'documentationUrl', 'capabilities'],
  ...['defaultInputModes', 'defaultOutputModes', 'protocolVersion', 'supportsAuthenticatedExtendedCard'],
]
const SKILL = ['id', 'name', 'description', 'tags', 'examples', 'inputModes', 'outputModes']
const INTERFACE = ['protocolBinding', 'protocolVersion', 'transport']
/**
 * Spellings that protocol buffers allow. A card with them is refused, because its interfaces would
 * be lost.
 */
const OTHER_SPELLINGS = ['supported_interfaces', 'additional_interfaces']

/**
 * Builds the agent card for callers from the known members of the agent's own card (A2A 1.0, 0.3 or
 * both). Its addresses and security schemes point to the gateway. Signatures are left out, because
 * they would no longer be valid. Interfaces that the gateway does not support, such as gRPC, are
 * left out too.
 *
 * Icons and other links stay as they are.
 *
 * @throws Error if `card` is not an agent card
 */
export function agentCardOf(card: Json, place: PublicPlace): Json {
  if (!isObject(card) || OTHER_SPELLINGS.some((name) => name in card)) throw new Error('not a card')
  const { url, supportedInterfaces, additionalInterfaces, skills, preferredTransport } = card
  const others = additionalInterfaces !== undefined ? carried(additionalInterfaces, place) : undefined
  // In A2A 0.3, `url` belongs to the preferred transport. If this is gRPC, another interface of the
  // agent takes its place.
  const prefersOther = typeof preferredTransport === 'string' && !isCarried(preferredTransport)
  const main = prefersOther
    ? (others?.[0] ?? { url: place.url })
    : { url: publicUrl(url, place), transport: preferredTransport }
  const isNew = Array.isArray(supportedInterfaces)
  const isOld = !isNew || url !== undefined
  return {
    ...only(card, CARD),
    ...(url !== undefined && { url: main.url }),
    ...(supportedInterfaces !== undefined && { supportedInterfaces: carried(supportedInterfaces, place) }),
    ...(others && { additionalInterfaces: others }),
    ...(Array.isArray(skills) && { skills: skills.filter(isObject).map((skill) => only(skill, SKILL)) }),
    // An agent card may follow A2A 1.0, 0.3 or both. Clients of each version read their own
    // members.
    securitySchemes: { bearer: { ...(isNew && NEW_SCHEME), ...(isOld && OLD_SCHEME) } },
    ...(isNew && { securityRequirements: [{ schemes: { bearer: { list: [] } } }] }),
    ...(isOld && { security: [{ bearer: [] }] }),
    ...(isCarried(main.transport) && { preferredTransport: main.transport }),
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
 * Returns the URL at the gateway for a URL in the agent's card. Only the path of the agent's URL is
 * used, because an agent does not know its public host.
 */
function publicUrl(given: Json | undefined, { url, prefix }: PublicPlace): string {
  const at = typeof given === 'string' ? URL.parse(given) : null
  const path = at && /^https?:$/.test(at.protocol) ? at.pathname : prefix
  const below = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
  return url + (below === '/' ? '' : below)
}
