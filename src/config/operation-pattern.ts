import * as v from 'valibot'

/**
 * The name of an operation, or a pattern for all operations whose names have the same beginning.
 */
export const pattern = v.pipe(
  v.string(),
  v.regex(
    // The part after `/` may have any characters except control characters, invisible characters
    // and `*`.
    /^(\*|[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*|\/(?!\s)[^*\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}(?<!\s))?)$/u,
    'an operation such as "threads.create" or "tool.call/search", or a pattern such as "threads.*"',
  ),
)
