import type { People } from './people.ts'

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>
  :root { --page: #f4f5f7; --card: #fff; --text: #16181d; --quiet: #5b6270; --line: #d9dce3; --accent: #2f5bd7 }
  @media (prefers-color-scheme: dark) {
    :root { --page: #111318; --card: #1a1d24; --text: #e8eaf0; --quiet: #9aa2b1; --line: #333846; --accent: #8aa8ff }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px;
    background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
  main { width: 100%; max-width: 400px; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
    padding: 28px }
  h1 { margin: 0; font-size: 22px }
  p { margin: 4px 0 20px; color: var(--quiet) }
  .people { display: grid; gap: 8px }
  button { font: inherit; color: inherit; cursor: pointer; border-radius: 8px; border: 1px solid var(--line);
    background: transparent; padding: 10px 14px; width: 100%; text-align: left }
  button:hover, button:focus-visible { border-color: var(--accent); outline: none }
  button small { display: block; color: var(--quiet) }
  .or { display: flex; gap: 12px; align-items: center; color: var(--quiet); font-size: 14px; margin: 20px 0 12px }
  .or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line) }
  label { display: block; font-size: 14px; color: var(--quiet) }
  input { font: inherit; color: inherit; background: transparent; width: 100%; margin: 2px 0 12px; padding: 8px 12px;
    border: 1px solid var(--line); border-radius: 8px }
  .submit { background: var(--accent); border-color: var(--accent); color: var(--card); text-align: center }
  .error { color: #c2331f; font-size: 14px }
  @media (prefers-color-scheme: dark) { .error { color: #ff9483 } }
</style>
<main>${body}</main>
</html>`

export function loginPage(action: string, people: People, error = ''): string {
  const choices = people.all.map(({ sub, name = sub, email = '', roles = [] }) => {
    const username = escapeHtml(sub)
    return `
    <form method="post" action="${action}">
      <input type="hidden" name="username" value="${username}">
      <input type="hidden" name="password" value="${username}">
      <button data-testid="sign-in-${username}">${escapeHtml(name)}<small>${escapeHtml([email, roles.join(', ')].filter(Boolean).join(' · '))}</small></button>
    </form>`
  })
  return page(
    'Sign in',
    `<h1>Sign in</h1>
    <p>Local identity provider, for development only.</p>
    <div class="people">${choices.join('')}</div>
    <div class="or">or type it</div>
    <form method="post" action="${action}" data-testid="sign-in-form">
      ${error && `<p class="error" role="alert">${escapeHtml(error)}</p>`}
      <label>Username <input name="username" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button class="submit">Sign in</button>
    </form>`,
  )
}

export function errorPage(error: string, description = ''): string {
  return page('Sign-in failed', `<h1>Sign-in failed</h1><p>${escapeHtml(error)}</p>${escapeHtml(description)}`)
}
