// How models write that they want a function called: the notations that chat templates teach. Only data, and how to tell
// from a template which one it is.

export interface ToolNotation {
  /** Whether the template tells the model of tools; else a message must. */
  readonly inTemplate: boolean;
  /** What stands before a call; empty where an answer that is nothing but calls has none. */
  readonly opening: string;
  readonly closing: string;
  /** Whether the calls are one array. */
  readonly isArray: boolean;
  readonly argumentsKey: 'arguments' | 'parameters';
}

/** Of Hermes, Qwen and many others: each call in a pair of tags. */
const TAGGED = { opening: '<tool_call>', closing: '</tool_call>', isArray: false, argumentsKey: 'arguments' } as const;
/** Of Llama 3.1 and later: the answer is the call. */
const BARE = { opening: '', closing: '', isArray: false, argumentsKey: 'parameters' } as const;
/** Of Mistral. */
const LISTED = { opening: '[TOOL_CALLS]', closing: '', isArray: true, argumentsKey: 'arguments' } as const;

export function toolNotationOf(templateSource: string): ToolNotation {
  const inTemplate = /\btools\b/.test(templateSource);
  if (!inTemplate || templateSource.includes('<tool_call>')) return { inTemplate, ...TAGGED };
  if (templateSource.includes('[TOOL_CALLS]')) return { inTemplate, ...LISTED };
  if (/"parameters"|python_tag/.test(templateSource)) return { inTemplate, ...BARE };
  return { inTemplate, ...TAGGED };
}
