// The chat page in Chromium, on a server in a process of its own, as a person would use it.

import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page, Request } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ModelFolder, modelFolder } from '../cli/model-folder.ts';
import { type ServerProcess, startServer } from '../server/server-process.ts';
import { openBrowser } from './chromium.ts';

let browser: Browser;
let server: ServerProcess;
let context: BrowserContext;
/** What the browser complained about: the content policy, a script's error. */
let complaints: string[];

beforeAll(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer()]);
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(10_000);
});
afterEach(() => context.close());

async function open(url = server.url): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(url);
  await composer(page).waitFor();
  return page;
}

const composer = (page: Page): Locator => page.getByRole('textbox', { name: 'Message' });
const answers = (page: Page): Locator => page.getByRole('article', { name: 'Answer' });
const questions = (page: Page): Locator => page.getByRole('article', { name: 'You' });

async function ask(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Waits until the last answer is whole, and returns it. */
async function answer(page: Page): Promise<string> {
  const last = answers(page).last();
  await expect.poll(() => last.getAttribute('aria-busy'), { timeout: 10_000 }).toBe('false');
  return textOf(last);
}

/** With the text of components inside. */
const textOf = (element: Locator): Promise<string> =>
  element.evaluate((root) => {
    const text = (node: DomNode): string => {
      if (node.nodeName === 'STYLE' || node.nodeName === '#comment') return '';
      return node.data ?? [...(node.shadowRoot ?? node).childNodes].map(text).join('');
    };
    return text(root as unknown as DomNode);
  });

interface DomNode {
  readonly nodeName: string;
  readonly data?: string;
  readonly shadowRoot?: DomNode | null;
  readonly childNodes: Iterable<DomNode>;
}

const FOX = 'Tell me a story about a fox and a lantern.';

test('a question, its answer, and how fast it was', async () => {
  const page = await open();
  expect(await page.title()).toBe('Shoal');
  await ask(page, FOX);
  const text = await answer(page);
  expect(text).toMatch(/lantern/);
  expect(text).toMatch(/[\d,]+ tokens\/s/);
  expect(text).toMatch(/first after \d+/);
  expect(await composer(page).inputValue()).toBe('');
  await ask(page, 'Tell me a story about a shy dragon.');
  await expect.poll(() => answers(page).count()).toBe(2);
  expect(await answer(page)).toMatch(/dragon/);
  expect(complaints).toEqual([]);
});

test('a suggestion is a click', async () => {
  const page = await open();
  await page
    .getByRole('button', { name: /Tell me a story about/ })
    .first()
    .click();
  expect((await answer(page)).length).toBeGreaterThan(100);
});

test('write it anew, and edit what was asked', async () => {
  const page = await open();
  await ask(page, FOX);
  const first = await answer(page);
  await page.getByRole('button', { name: 'Write it anew' }).click();
  await expect.poll(() => answer(page)).not.toBe(first);
  expect(await answers(page).count()).toBe(1);
  await questions(page).hover();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.getByRole('form', { name: 'Edit message' });
  await form.getByRole('textbox').fill('Tell me a story about a snail and a star.');
  await form.getByRole('button', { name: 'Send' }).click();
  await expect.poll(() => answer(page)).toMatch(/snail/);
  expect(await questions(page).count()).toBe(1);
});

test('a reload keeps conversations; they can be found, renamed and deleted, and that undone', async () => {
  const page = await open();
  await ask(page, FOX);
  await answer(page);
  const told = (await answers(page).last().locator('p').first().innerText()).slice(0, 30);
  await page.getByRole('button', { name: 'New chat' }).first().click();
  await ask(page, 'Tell me a story about a shy dragon.');
  await expect.poll(() => answer(page)).toMatch(/dragon/);
  await page.reload();
  expect(await answer(page)).toMatch(/dragon/);
  const list = page.getByRole('navigation', { name: 'Chats' });
  await list
    .getByRole('link', { name: /fox/ })
    .or(list.getByRole('button', { name: /^Tell.*fox/ }))
    .first()
    .click();
  await expect.poll(() => textOf(answers(page).last())).toContain(told);

  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('dragon');
  await expect.poll(() => list.getByText(/a fox/).count()).toBe(0);
  await list.getByRole('searchbox').fill('');
  await list.getByRole('button', { name: /^More for .*fox/ }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await list.getByRole('textbox', { name: 'Name of the chat' }).fill('Foxes');
  await page.keyboard.press('Enter');
  await list.getByText('Foxes').waitFor();
  await list.getByRole('button', { name: 'More for Foxes' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect.poll(() => list.getByText('Foxes').count()).toBe(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await list.getByText('Foxes').waitFor();
  expect(complaints).toEqual([]);
});

test('two tabs at once: neither loses what the other wrote', async () => {
  const [one, two] = [await open(), await open()];
  await Promise.all([ask(one, FOX), ask(two, 'Tell me a story about a shy dragon.')]);
  await Promise.all([answer(one), answer(two)]);
  for (const page of [one, two]) {
    const list = page.getByRole('navigation', { name: 'Chats' });
    await list.getByText(/fox/).first().waitFor();
    await list
      .getByText(/dragon/)
      .first()
      .waitFor();
    await page.reload();
    await list.getByText(/fox/).first().waitFor();
    await list
      .getByText(/dragon/)
      .first()
      .waitFor();
  }
});

describe('a slow model', () => {
  let folder: ModelFolder;
  let slow: ServerProcess;
  let args: string[];
  beforeAll(async () => {
    folder = await modelFolder({
      dim: 512,
      heads: 8,
      kvHeads: 4,
      hiddenDim: 1024,
      layers: 12,
      seqLen: 2048,
      weightType: 'f32',
    });
    args = [
      '--model',
      folder.model,
      '--tokenizer',
      folder.tokenizer,
      '--chat-template',
      'chatml',
      '--nthreads',
      '1',
      '--temperature',
      '0',
    ];
    slow = await startServer(args);
  });
  afterAll(async () => {
    await slow[Symbol.asyncDispose]();
    await folder.remove();
  });

  test('stop, by button and by key: what came stays, and the server is free', async () => {
    const page = await open(slow.url);
    for (const stop of [
      () => page.getByRole('button', { name: 'Stop' }).click(),
      () => page.keyboard.press('Escape'),
    ]) {
      const before = await answers(page).count();
      await ask(page, 'go on');
      await expect.poll(() => answers(page).count()).toBe(before + 1);
      await expect.poll(() => textOf(answers(page).last())).toMatch(/\S{3}/);
      await stop();
      expect((await answer(page)).length).toBeGreaterThan(3);
      const health = async () => (await (await fetch(`${slow.url}/health`)).json()) as { running: number };
      await expect.poll(health).toMatchObject({ running: 0 });
    }
  });

  test('the server is killed and started again under the page', async () => {
    const page = await open(slow.url);
    await ask(page, 'go on');
    await expect.poll(() => answers(page).count()).toBe(1);
    await expect.poll(() => textOf(answers(page).last())).toMatch(/\S{3}/);
    slow.running.child.kill('SIGKILL');
    await expect.poll(() => textOf(answers(page).last()), { timeout: 10_000 }).toMatch(/cut off/i);
    await page.getByText('The server cannot be reached').waitFor();
    slow = await startServer(args, { port: slow.port });
    await expect.poll(() => page.getByText('The server cannot be reached').count(), { timeout: 30_000 }).toBe(0);
    await page.getByRole('button', { name: 'Write it anew' }).last().click();
    await expect.poll(() => textOf(answers(page).last())).toMatch(/\S{3}/);
    await page.keyboard.press('Escape');
    await answer(page);
  });
});

describe('what strangers write', () => {
  const ATTACKS = [
    '<script>window.hacked = 1</script>',
    '<img src=x onerror="window.hacked = 1">',
    '<svg onload="window.hacked = 1"><a xlink:href="javascript:window.hacked=1">x</a></svg>',
    '[a link](javascript:window.hacked=1)',
    '<iframe srcdoc="<script>parent.hacked = 1</script>"></iframe>',
    '<form action="https://example.org"><button>Send</button></form>',
    '![picture](https://example.org/track.png)',
    '<style>body { display: none }</style>',
    '```html\n<script>window.hacked = 1</script>\n```',
  ];

  test('is never run, in questions and in answers, and loads nothing', async () => {
    const outside: string[] = [];
    await context.route(/^(?!http:\/\/127\.0\.0\.1)/, (route) => {
      outside.push(route.request().url());
      return route.abort();
    });
    const page = await open();
    await page.route('**/v1/chat/completions', (route) => {
      const chunks = [
        { role: 'assistant', content: '' },
        ...ATTACKS.flatMap((content) => [
          { content: `${content.slice(0, 9)}` },
          { content: `${content.slice(9)}\n\n` },
        ]),
      ];
      const lines = chunks.map(
        (delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`,
      );
      const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
      return route.fulfill({ contentType: 'text/event-stream', body: lines.join('') + end });
    });
    await ask(page, ATTACKS.join('\n'));
    await answer(page);
    await page.reload();
    await answer(page);
    const addresses = await answers(page)
      .getByRole('link')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
    expect(addresses.filter((address) => !address.startsWith('https://example.org'))).toEqual([]);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(outside).toEqual([]);
    expect(await textOf(questions(page))).toContain(ATTACKS[0]);
    expect(await composer(page).isVisible()).toBe(true);
  });
});

test('a key that the server wants is asked for once', async () => {
  await using strict = await startServer(['--api-key', 'open-sesame']);
  const page = await open(strict.url);
  await ask(page, FOX);
  await page.getByLabel('API key').fill('open-sesame');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => answers(page).count()).toBe(1);
  expect(await answer(page)).toMatch(/lantern/);
  await page.reload();
  await answer(page);
  await ask(page, 'And a dragon?');
  await expect.poll(() => answers(page).count()).toBe(2);
  expect((await answer(page)).length).toBeGreaterThan(50);
});

test.each([
  ['desktop', 1280, 800],
  ['phone', 390, 844],
] as const)('no serious problem for those who cannot see or click, %s', async (size, width, height) => {
  await context.close();
  for (const colorScheme of ['light', 'dark'] as const) {
    context = await browser.newContext({ viewport: { width, height }, colorScheme, hasTouch: size === 'phone' });
    const page = await open();
    const check = async (): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    };
    await check();
    await ask(page, FOX);
    await answer(page);
    await check();
    await page.getByRole('button', { name: 'Settings of this chat' }).click();
    await page.getByRole('dialog').waitFor();
    await check();
    if (colorScheme === 'light') await context.close();
  }
});

test('the first load is small, and complains about nothing', async () => {
  const page = await context.newPage();
  const requests: Request[] = [];
  page.on('requestfinished', (request) => requests.push(request));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(server.url, { waitUntil: 'networkidle' });
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  const bytes = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(250_000);
  expect(complaints).toEqual([]);
});
