import { Template } from '@huggingface/jinja';
import { ConfigError, DataError } from '../errors.ts';
import type { Message } from '../types.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What a chat template may see besides the messages. */
export interface ChatTemplateOptions {
  /** Whether the header that opens an assistant turn is appended, for sampling. Default false. */
  readonly addGenerationPrompt?: boolean;
  /** Whether the text ends with the last message's content, left open for the policy to go on. Default false. */
  readonly continueFinalMessage?: boolean;
  /** Tool descriptions (JSON schema), as `transformers` takes them. */
  readonly tools?: readonly object[];
  /** Further variables, such as `enable_thinking`. */
  readonly templateKwargs?: Readonly<Record<string, unknown>>;
}

/**
 * A ChatML template: every turn between `<|im_start|>role` and `<|im_end|>`, assistant turns marked with `generation`
 * so that training can mask them. For models made from scratch whose end-of-sequence token is `<|im_end|>`.
 */
export const chatmlTemplate = `{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.role == 'assistant' %}
{%- generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}
{%- else %}
{{- message.content + '<|im_end|>' }}
{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- endif %}
`;

const parsed = new Map<string, Template>();

function parse(source: string, where: string): Template {
  const known = parsed.get(source);
  if (known) return known;
  try {
    const template = new Template(source);
    parsed.set(source, template);
    return template;
  } catch (cause) {
    throw new ConfigError(`${where}: chat template does not parse: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The tokenizer's chat template, or an error that says how to get one. */
export function requireChatTemplate(tokenizer: Tokenizer): string {
  if (tokenizer.chatTemplate !== undefined) return tokenizer.chatTemplate;
  throw new ConfigError(
    `${tokenizer.source}: conversational rows need a chat template and this tokenizer has none; put one in ` +
      'chat_template.jinja beside tokenizer.json, pass chatTemplate, or use rows of plain text',
  );
}

/** Renders one template source; `where` names the tokenizer in errors. */
export function renderTemplate(
  source: string,
  tokenizer: Tokenizer,
  messages: readonly Message[],
  { addGenerationPrompt = false, tools, templateKwargs }: ChatTemplateOptions,
): string {
  const template = parse(source, tokenizer.source);
  try {
    return template.render({
      ...tokenizer.specialTokens,
      ...templateKwargs,
      messages,
      tools: tools ?? null,
      add_generation_prompt: addGenerationPrompt,
    });
  } catch (cause) {
    throw new DataError(
      `${tokenizer.source}: chat template refuses a conversation with roles ` +
        `[${messages.map(({ role }) => role).join(', ')}]: ${(cause as Error).message}`,
      { cause },
    );
  }
}

// A noncharacter, then a space: a template that trims the content is known by the missing space.
const OPEN_END = '\uFDD2 ';

/** Renders with a mark at the end of the last message and cuts there, as `transformers` does. */
function renderOpenEnded(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: ChatTemplateOptions,
): string {
  const last = messages.at(-1);
  if (last === undefined) throw new DataError('applyChatTemplate: no message to continue');
  const marked = [...messages.slice(0, -1), { ...last, content: last.content + OPEN_END }];
  const text = renderTemplate(requireChatTemplate(tokenizer), tokenizer, marked, options);
  const end = text.lastIndexOf(OPEN_END.trim());
  if (end === -1) {
    throw new DataError(
      `${tokenizer.source}: chat template leaves out the last message's content, so it cannot be continued`,
    );
  }
  const before = text.slice(0, end);
  return text.startsWith(OPEN_END, end) ? before : before.trimEnd();
}

/**
 * Renders a conversation as the tokenizer's chat template says, equal to `transformers`' `apply_chat_template` with
 * `tokenize=False`. Encode the result without special tokens: templates write theirs.
 */
export function applyChatTemplate(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: ChatTemplateOptions = {},
): string {
  if (options.continueFinalMessage) return renderOpenEnded(tokenizer, messages, options);
  return renderTemplate(requireChatTemplate(tokenizer), tokenizer, messages, options);
}
