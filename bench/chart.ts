export interface Bar {
  readonly label: string
  readonly value: number
  readonly least: number
  readonly most: number
  readonly isOurs: boolean
}

export interface Panel {
  readonly title: string
  readonly digits: number
  readonly bars: readonly Bar[]
}

const WIDTH = 880
const LABELS = 300
const FIGURES = 90
const ROW = 24
const HEAD = 46
const GAP = 26
const MARGIN = 20

/**
 * Colours that are readable on white and on black. The colour scheme of the page picks the text
 * colour.
 */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px }
.small { font-size: 12px; fill: #59636e }
.bar { fill: #8c959f } .ours { fill: #0969da } .range { stroke: #1f2328; stroke-width: 1 }
.back { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .bar { fill: #656c76 } .ours { fill: #4493f8 }
  .range { stroke: #e6edf3 } .back { fill: #0d1117 }
}`

/** Draws horizontal bars that show their ranges, one panel below the other. */
export function chart(panels: readonly Panel[], footer: string): string {
  const shown = panels.filter(({ bars }) => bars.length > 0)
  let top = MARGIN
  const parts = shown.map((panel) => {
    const part = drawn(panel, top)
    top += HEAD + panel.bars.length * ROW + GAP
    return part
  })
  const height = top + MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(shown.map(({ title }) => title).join('; '))}">
<style>${STYLE}</style>
<rect class="back" width="${WIDTH}" height="${height}" rx="8"/>
${parts.join('\n')}
<text class="small" x="${MARGIN}" y="${top}">${escaped(footer)}</text>
</svg>
`
}

function drawn({ title, digits, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map((bar) => bar.most), Number.MIN_VALUE)
  const scale = (value: number) => (Math.max(0, value) / most) * (WIDTH - LABELS - FIGURES - 2 * MARGIN)
  const left = MARGIN + LABELS
  const rows = bars.map(({ label, value, least, most: highest, isOurs }, index) => {
    const y = top + HEAD + index * ROW
    const middle = y + 7
    const end = left + scale(highest)
    return [
      `<text x="${left - 10}" y="${y + 11}" text-anchor="end">${escaped(label)}</text>`,
      `<rect class="bar${isOurs ? ' ours' : ''}" x="${left}" y="${y}" width="${rounded(scale(value))}" height="14" rx="2"/>`,
      `<line class="range" x1="${rounded(left + scale(least))}" x2="${rounded(end)}" y1="${middle}" y2="${middle}"/>`,
      `<text class="small" x="${rounded(end + 8)}" y="${y + 11}">${value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })}</text>`,
    ].join('')
  })
  return `<text class="title" x="${MARGIN}" y="${top + 22}">${escaped(title)}</text>\n${rows.join('\n')}`
}

const rounded = (value: number): string => value.toFixed(1)
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
