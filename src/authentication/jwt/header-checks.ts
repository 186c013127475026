import { type Check, list } from './check'
import { typeFits } from './token-kind'

const MAX_KID_CHARS = 256

/**
 * Checks of the header. Anyone can write a header, so its `jwk`, `jku`, `x5u` and `x5c` are ignored
 * (RFC 8725 section 3.10).
 */
export const headerChecks: readonly Check[] = [
  {
    on: 'alg',
    setting: 'algorithms',
    fault: ({ alg }, { algorithms }) =>
      typeof alg === 'string' && (algorithms as readonly string[]).includes(alg) ? undefined : 'algorithm',
    found: ({ alg }) => alg,
    expected: ({ algorithms }) => list(algorithms),
  },
  {
    // `crit` names extensions that a verifier must know (RFC 7515 section 4.1.11). Members that it
    // does not name are ignored, as section 4 says.
    on: 'crit',
    // `b64` means another way of signing and counts as critical by itself (RFC 7797 section 6).
    // `enc` makes the token a JWE (RFC 7516 section 9).
    fault: (header) => (['crit', 'b64', 'enc'].some((name) => Object.hasOwn(header, name)) ? 'critical' : undefined),
    found: ({ crit, b64, enc }) => ({ crit, b64, enc }),
    expected: () => 'none: the gateway knows no extension',
  },
  {
    on: 'kid',
    fault: ({ kid }) =>
      kid === undefined || (typeof kid === 'string' && kid.length <= MAX_KID_CHARS) ? undefined : 'header',
    found: ({ kid }) => kid,
    expected: () => `a text of at most ${MAX_KID_CHARS} characters, or none`,
  },
  {
    on: 'typ',
    setting: 'tokenType',
    fault: ({ typ }, { tokenType }) => (typeFits(typ, tokenType) ? undefined : 'type'),
    found: ({ typ }) => typ,
    expected: ({ tokenType }) =>
      ({ 'at+jwt': 'at+jwt', 'access-token': 'at+jwt, JWT or none', 'id-token': 'JWT or none' })[tokenType],
  },
]
