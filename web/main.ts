// The page's beginning: makes the parts and gives them to each other. The only place that constructs what others are
// handed.

import { Chat } from './chat/chat.ts';
import { ChatPage } from './chat/chat-page.ts';
import { showTheme } from './chat/theme.ts';
import { followKeyboard } from './components/keyboard.ts';
import { HealthWatch } from './server/health-watch.ts';
import { createServer } from './server/server.ts';
import type { ConversationStore } from './storage/conversation-store.ts';
import { openIndexedStore } from './storage/indexed-store.ts';
import { createMemoryStore } from './storage/memory-store.ts';
import { createPreferences } from './storage/preferences.ts';
import { type Channel, createTabs } from './storage/tabs.ts';

const preferences = createPreferences(
  storage(() => localStorage),
  storage(() => sessionStorage),
);
const server = createServer(() => preferences.key);
const watch = new HealthWatch(() => server.health());
void watch.check();

let keepsNothing = false;
const store: ConversationStore = await openIndexedStore().catch(() => {
  keepsNothing = true;
  return createMemoryStore();
});

const chat = new Chat({
  store,
  server,
  watch,
  tabs: createTabs(channel()),
  preferences,
  nextFrame,
});
if (keepsNothing) chat.say({ text: 'This browser keeps no chats here: they will be gone with this page.' });

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void watch.check();
});
addEventListener('online', () => void watch.check());
followKeyboard();
showTheme(preferences.theme);

await chat.guarded(() => chat.arrive());

const page = new ChatPage();
page.chat = chat;
document.body.replaceChildren(page);
addEventListener('pagehide', () => chat.leave());

/** Browsers may forbid a page to keep anything, and say so only when asked. */
function storage(open: () => Storage): Storage | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function channel(): Channel {
  if (typeof BroadcastChannel === 'function') return new BroadcastChannel('shoal');
  return { postMessage: () => {}, onmessage: null };
}

/** Once a frame; a hidden page has no frames, and goes on without. */
function nextFrame(draw: () => void): void {
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}
