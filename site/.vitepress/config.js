import path from 'node:path'
import { defineConfig } from 'vitepress'

/** Anchors as GitHub makes them, because the pages are read there as well. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')

/** A page of the repository, by its title. */
const page = (text, link) => ({ text, link })

export default defineConfig({
  srcDir: 'pages',
  outDir: path.join(import.meta.dirname, 'dist'),
  cacheDir: path.join(import.meta.dirname, 'cache'),
  title: 'Sallyport',
  description: 'Sign-in for the AI agents you already run, without changing their code',
  lang: 'en',
  cleanUrls: true,
  // Pages link to files of the repository as well.
  ignoreDeadLinks: [
    /\/(?:src|test|bench|examples)\//,
    /LICENSE|NOTICE|README/,
    /^https?:\/\/(?:127\.0\.0\.1|localhost)/,
  ],
  markdown: {
    html: false,
    anchor: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // Vue would read `{{` in text as a template.
    config(md) {
      for (const name of ['text', 'code_inline']) {
        const render = md.renderer.rules[name]
        md.renderer.rules[name] = (...given) => render(...given).replaceAll('{{', '&#123;&#123;')
      }
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Start', '/docs/start'), page('Agents', '/docs/agents'), page('Reference', '/docs/configuration')],
    sidebar: [
      {
        text: 'Start',
        items: [
          page('Five minutes', '/docs/start'),
          page('Front ends', '/docs/front-ends'),
          page('Deploy', '/docs/deploy'),
        ],
      },
      {
        text: 'Agents',
        items: [
          page('Overview', '/docs/agents'),
          page('CopilotKit', '/docs/agents/copilotkit'),
          page('LangGraph', '/docs/agents/langgraph'),
          page('AG2', '/docs/agents/ag2'),
          page('Microsoft Agent Framework', '/docs/agents/maf'),
          page('Other AG-UI agents', '/docs/agents/ag-ui'),
          page('MCP servers', '/docs/agents/mcp'),
          page('A2A agents', '/docs/agents/a2a'),
          page('Anything else', '/docs/agents/http'),
        ],
      },
      {
        text: 'Set up',
        items: [
          page('Identity providers', '/docs/identity-providers'),
          page('API keys', '/docs/api-keys'),
          page('Limits and revocation', '/docs/limits'),
          page('Operate', '/docs/operate'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('Configuration', '/docs/configuration'),
          page('Every member of a route', '/docs/route-members'),
          page('Commands', '/docs/commands'),
          page('Errors', '/docs/errors'),
          page('Threads', '/docs/threads'),
          page('Performance', '/docs/performance'),
          page('Comparison', '/docs/comparison'),
        ],
      },
      {
        text: 'Trust',
        items: [
          page('Security', '/docs/security'),
          page('Threats by id', '/SECURITY'),
          page('Architecture', '/src/ARCHITECTURE'),
          page('Contributing', '/CONTRIBUTING'),
          page('Changes', '/CHANGELOG'),
        ],
      },
    ],
  },
})
