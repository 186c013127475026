/**
 * Replaces control characters except line ends, because text from a caller or an agent must not
 * control the terminal.
 */
export const visible = (text: string): string => text.replace(/[^\P{Cc}\n]|\p{Cf}/gu, '?')
