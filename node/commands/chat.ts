// `shoal chat`: a conversation in the terminal, line by line until it ends. What a line does is the session's business.

import { Conversation } from '../../shared/api/conversation.ts';
import { chooseChatTemplate } from '../../shared/text/chat-template.ts';
import { chatLines, nextMessage } from './chat-lines.ts';
import { ChatSession } from './chat-session.ts';
import type { Arguments, Surroundings } from './command.ts';
import { openModelFiles } from './model-files.ts';
import { startModel } from './open-model.ts';

export async function chat({ options }: Arguments, surroundings: Surroundings): Promise<number> {
  await using files = await openModelFiles('chat', options, surroundings);
  const template = chooseChatTemplate(files.vocabulary, options['chat-template']);
  const conversation = new Conversation(files.tokenizer, template, files.header.seqLen, options.system);
  await using model = await startModel(files, options, surroundings);
  using lines = chatLines(surroundings);
  const session = new ChatSession(conversation, files, model, options, surroundings);
  session.greet();
  let interrupts = 0;
  for (;;) {
    const message = await nextMessage(lines, '> ');
    if (message === 'end') return 0;
    if (message === 'interrupt') {
      if (++interrupts === 2) return 0;
      session.remark('Ctrl-C once more, Ctrl-D or /exit leaves.');
      continue;
    }
    interrupts = 0;
    if (message === 'discarded') continue;
    const text = message.text.trim();
    if (text === '/exit') return 0;
    if (text.startsWith('/')) session.obey(text);
    else if (text !== '') await session.answer(text);
  }
}
