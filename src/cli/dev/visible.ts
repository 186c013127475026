/**
 * Replaces control characters other than line ends: a caller's or an agent's text must not rule the
 * terminal.
 */
export const visible = (text: string): string => text.replace(/[^\P{Cc}\n]|\p{Cf}/gu, '?')
