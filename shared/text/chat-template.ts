// From messages to the prompt a model was trained on, by the model's own Jinja template or a built-in one. Gives text; the
// marks in it become tokens when it is encoded with `special: true`.

import { Template } from '@huggingface/jinja';
import type { TokenId } from '../units.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { BUILT_IN_TEMPLATES, type BuiltInTemplate } from './built-in-templates.ts';
import {
  ChatTemplateRenderError,
  ChatTemplateSyntaxError,
  NoChatTemplateError,
  UnknownChatTemplateError,
} from './text-errors.ts';
import { decodeUtf8 } from './utf8.ts';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  /** What else a template may look at: `tool_calls`, `reasoning_content`, `name`. */
  readonly [field: string]: unknown;
}

export interface RenderOptions {
  /** End with the beginning of an answer. Default true. */
  readonly addGenerationPrompt?: boolean;
  /** Function descriptions in OpenAI's form. */
  readonly tools?: readonly unknown[];
  /** Further variables of the template, such as Qwen's `enable_thinking`. */
  readonly [variable: string]: unknown;
}

export interface ChatTemplate {
  /** In Jinja. */
  readonly source: string;
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

/** What a template writes for `bos_token` and `eos_token`; empty where the model has none. */
export interface TemplateTokens {
  readonly bosToken: string;
  readonly eosToken: string;
}

export function createChatTemplate(source: string, { bosToken, eosToken }: TemplateTokens): ChatTemplate {
  const template = parse(source);
  return {
    source,
    render(messages, { addGenerationPrompt = true, tools, ...extra } = {}) {
      const variables = {
        ...extra,
        messages,
        bos_token: bosToken,
        eos_token: eosToken,
        add_generation_prompt: addGenerationPrompt,
        // Templates ask `if tools`; without any, the variable stays undefined, which is false.
        ...(tools !== undefined && tools.length > 0 ? { tools } : {}),
      };
      try {
        return template.render(variables);
      } catch (cause) {
        throw new ChatTemplateRenderError(cause);
      }
    },
  };
}

function parse(source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    throw new ChatTemplateSyntaxError(cause);
  }
}

/** The built-in template of that name (dllama's `--chat-template`), or else the tokenizer's own. */
export function chooseChatTemplate(vocabulary: Vocabulary, name?: string): ChatTemplate {
  const known = Object.keys(BUILT_IN_TEMPLATES);
  if (name !== undefined && !known.includes(name)) throw new UnknownChatTemplateError(name, known);
  const source = name === undefined ? vocabulary.chatTemplate : BUILT_IN_TEMPLATES[name as BuiltInTemplate];
  if (source === undefined || source === '') throw new NoChatTemplateError(known);
  const textOf = (id: TokenId | undefined): string => decodeUtf8(vocabulary.pieces[id ?? -1] ?? new Uint8Array());
  return createChatTemplate(source, { bosToken: textOf(vocabulary.bosId), eosToken: textOf(vocabulary.eosIds[0]) });
}
