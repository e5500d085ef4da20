// From messages to what a model reads: by its template, with the tools that it may call.

import type { ChatMessage } from '../../text/chat-template.ts';
import { NoChatTemplateError } from '../../text/text-errors.ts';
import type { TokenId } from '../../units.ts';
import { type ChatRequest, type RequestMessage, type RequestTool, textOf } from './requests.ts';
import type { AnswerFormat, ServedModel } from './served-model.ts';
import type { ToolNotation } from './tool-notation.ts';

export interface ChatPrompt {
  readonly ids: readonly TokenId[];
  /** The tools that it may call; none: calls are not looked for. */
  readonly tools: readonly RequestTool[];
  /** What the answer begins with already, where a call was asked for. */
  readonly begun: string;
  readonly format: AnswerFormat | undefined;
}

/** Throws a NoChatTemplateError, or a ChatTemplateRenderError where the template refuses the messages. */
export function chatPrompt(model: ServedModel, request: ChatRequest): ChatPrompt {
  const { template, tools: notation, tokenizer } = model;
  if (!template) throw new NoChatTemplateError([]);
  const { tool_choice: choice = 'auto', tools: given = [], chat_template_kwargs: extra = {} } = request;
  const tools = choice === 'none' ? [] : given;
  let messages = request.messages.map((message) => templateMessage(message, notation));
  if (tools.length > 0 && !notation.inTemplate) messages = withToolsTold(messages, tools, notation);
  const text = template.render(messages, {
    ...extra,
    ...(notation.inTemplate && tools.length > 0 ? { tools } : {}),
  });
  const callable =
    typeof choice === 'object' ? tools.filter((tool) => tool.function.name === choice.function.name) : tools;
  const mustCall = typeof choice === 'object' || choice === 'required';
  const begun = mustCall ? `${notation.opening}${notation.isArray ? '[' : ''}` : '';
  return {
    ids: tokenizer.encode(text + begun),
    tools: callable,
    begun,
    format: mustCall ? { type: 'schema', schema: callSchema(callable, notation) } : formatOf(request),
  };
}

function formatOf({ response_format: format }: ChatRequest): AnswerFormat | undefined {
  if (format?.type === 'json_object') return { type: 'json' };
  if (format?.type === 'json_schema') return { type: 'schema', schema: format.json_schema.schema };
  return undefined;
}

/** Templates want texts, arguments as objects, and no role that OpenAI has given another name. */
function templateMessage(message: RequestMessage, { inTemplate, opening, closing }: ToolNotation): ChatMessage {
  const { role, name, tool_calls: calls, tool_call_id: id, reasoning_content: reasoning } = message;
  const content = textOf(message.content);
  const functions = calls?.map((call) => ({ name: call.function.name, arguments: objectOf(call.function.arguments) }));
  if (!inTemplate) {
    const written = functions?.map((call) => `${opening}${JSON.stringify(call)}${closing}`) ?? [];
    if (role === 'tool' || role === 'function') {
      return { role: 'user', content: `<tool_response>\n${content}\n</tool_response>` };
    }
    return { role: plainRole(role), content: [content, ...written].filter((part) => part !== '').join('\n') };
  }
  return {
    role: plainRole(role),
    content,
    ...(name === undefined ? {} : { name }),
    ...(id === undefined ? {} : { tool_call_id: id }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(functions && functions.length > 0
      ? { tool_calls: functions.map((call, i) => ({ id: calls![i]!.id, type: 'function', function: call })) }
      : {}),
  };
}

const plainRole = (role: RequestMessage['role']): string =>
  role === 'developer' ? 'system' : role === 'function' ? 'tool' : role;

/** Arguments travel as a text of JSON; what is none stays a text. */
function objectOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withToolsTold(
  messages: readonly ChatMessage[],
  tools: readonly RequestTool[],
  { opening, closing }: ToolNotation,
): ChatMessage[] {
  const told = [
    'You can call functions. Each line describes one:',
    ...tools.map((tool) => JSON.stringify(tool.function)),
    `To call one, answer with nothing but ${opening}{"name": its name, "arguments": an object}${closing}.`,
  ].join('\n');
  const [first, ...rest] = messages;
  if (first?.role === 'system') return [{ ...first, content: `${first.content}\n\n${told}` }, ...rest];
  return [{ role: 'system', content: told }, ...messages];
}

/** One call of one of the tools. */
function callSchema(tools: readonly RequestTool[], { argumentsKey }: ToolNotation): unknown {
  const calls = tools.map((tool) => ({
    type: 'object',
    properties: {
      name: { const: tool.function.name },
      [argumentsKey]: tool.function.parameters ?? { type: 'object', properties: {} },
    },
    required: ['name', argumentsKey],
    additionalProperties: false,
  }));
  return calls.length === 1 ? calls[0] : { anyOf: calls };
}
