import * as v from 'valibot'

/** An operation, or everything below a name. */
export const pattern = v.pipe(
  v.string(),
  v.regex(
    // A name may have any characters except controls, characters that a reader cannot see, and `*`.
    /^(\*|[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*|\/(?!\s)[^*\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}(?<!\s))?)$/u,
    'an operation such as "threads.create" or "tool.call/search", or a pattern such as "threads.*"',
  ),
)
