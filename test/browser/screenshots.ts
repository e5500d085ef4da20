// Pictures of the chat page for docs/images/, to be looked at: phone and desktop, light and dark.
//
// usage: npm run screenshots

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { startServer } from '../server/server-process.ts';
import { openBrowser } from './chromium.ts';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

mkdirSync(FOLDER, { recursive: true });
await using server = await startServer(['--lan', '--lan-port', '0']);
const browser = await openBrowser();
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ viewport, colorScheme, hasTouch: size === 'phone' });
    const page = await context.newPage();
    const shoot = async (name: string): Promise<void> => {
      await page.waitForTimeout(400); // whatever moves comes to rest
      await page.screenshot({ path: `${FOLDER}${name}-${size}-${colorScheme}.png` });
    };
    await page.goto(server.url);
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    await shoot('empty');
    await ask(page, 'Tell me a story about a shy dragon.');
    await page.getByRole('button', { name: 'New chat' }).first().click();
    await ask(page, 'Tell me a story about a fox and a lantern.');
    await shoot('chat');
    await page.getByRole('button', { name: 'Settings of this chat' }).click();
    await shoot('settings');
    await page.keyboard.press('Escape');
    if (size === 'phone') {
      await page.getByRole('button', { name: 'Chats', exact: true }).click();
      await shoot('chats');
    }
    await page.getByRole('button', { name: 'Open on a phone' }).click();
    await shoot('share');
    await context.close();
  }
}
await browser.close();

async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
  await page
    .getByText(/tokens\/s/)
    .first()
    .waitFor();
}
