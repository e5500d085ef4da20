// Reads a JSON object: the properties that a schema lists, in its order, then others if it allows them. Each key once,
// but for those others, of which a model may repeat one; readers then take the last.

import { byteStringOfText } from '../../text/utf8.ts';
import { DEAD } from './byte-automaton.ts';
import { PLAIN_STRING, SPACE, STRING } from './json-texts.ts';
import { type Call, type Choice, type Machine, NO_CALLS, only, TextMachine, WHITE_SPACE_CHOICE } from './machine.ts';
import { OtherKeys } from './other-keys.ts';
import { TextTrie } from './text-trie.ts';

export interface PropertyRules {
  readonly name: string;
  readonly value: Choice;
  readonly required: boolean;
}

export interface ObjectRules {
  readonly properties: readonly PropertyRules[];
  /** Names that no property may have. */
  readonly excluded: readonly string[];
  /** What properties that are not listed may be; undefined: there may be none. */
  readonly others: Choice | undefined;
}

const afterColon = only(new TextMachine(SPACE));
const anyKey = only(new TextMachine(STRING));

// Phases. A state is a phase, a property's index, and for KEY how much of a key is there.
const START = 0;
const OPEN = 1;
const FIRST_KEY = 2;
const KEY = 3;
const NAMED = 4;
const COLON = 5;
const VALUE = 6;
const AFTER_VALUE = 7;
const COMMA = 8;
const NEXT_KEY = 9;
const OTHER_NAMED = 10;
const OTHER_COLON = 11;
const OTHER_VALUE = 12;
const BEFORE_END = 13;
const END = 14;
const PHASES = 16;

export class ObjectMachine implements Machine {
  readonly start = START;
  private readonly properties: readonly PropertyRules[];
  private readonly others: Choice | undefined;
  private readonly keys: TextTrie;
  private readonly otherKey: Choice;
  /** For each index the first required property from it on; as many as there are properties if none is. */
  private readonly required: number[];

  constructor({ properties, excluded, others }: ObjectRules) {
    const names = [...properties.map(({ name }) => name), ...excluded];
    this.properties = properties;
    this.others = others;
    this.keys = new TextTrie(names.map((name) => byteStringOfText(JSON.stringify(name))));
    this.otherKey = names.length === 0 ? anyKey : only(new TextMachine(new OtherKeys(PLAIN_STRING, this.keys)));
    this.required = [properties.length];
    for (let i = properties.length - 1; i >= 0; i--) {
      this.required.unshift(properties[i]!.required ? i : this.required[0]!);
    }
  }

  step(state: number, byte: number): number {
    const index = this.indexOf(state);
    switch (state % PHASES) {
      case START:
        return byte === 0x7b ? OPEN : DEAD; // {
      case FIRST_KEY:
        if (byte === 0x7d) return this.mayClose(0) ? END : DEAD; // }
        return this.readKey(0, this.keys.start, byte);
      case NEXT_KEY:
        return this.readKey(index, this.keys.start, byte);
      case KEY:
        return this.readKey(index, Math.floor(state / (PHASES * this.positions)), byte);
      case NAMED:
        return byte === 0x3a ? this.state(COLON, index) : DEAD; // :
      case OTHER_NAMED:
        return byte === 0x3a ? OTHER_COLON : DEAD;
      case AFTER_VALUE:
        return byte === 0x2c && this.mayContinue(index) ? this.state(COMMA, index) : DEAD; // ,
      case BEFORE_END:
        return byte === 0x7d ? END : DEAD;
      default:
        return DEAD;
    }
  }

  reads(state: number): boolean {
    const index = this.indexOf(state);
    switch (state % PHASES) {
      case FIRST_KEY:
        return index < this.properties.length || this.mayClose(index);
      case NEXT_KEY:
        return index < this.properties.length;
      case AFTER_VALUE:
        return this.mayContinue(index);
      case START:
      case KEY:
      case NAMED:
      case OTHER_NAMED:
      case BEFORE_END:
        return true;
      default:
        return false;
    }
  }

  calls(state: number): readonly Call[] {
    const index = this.indexOf(state);
    switch (state % PHASES) {
      case OPEN:
        return [{ to: WHITE_SPACE_CHOICE, next: FIRST_KEY }];
      case COMMA:
        return [{ to: WHITE_SPACE_CHOICE, next: this.state(NEXT_KEY, index) }];
      case FIRST_KEY:
      case NEXT_KEY:
        return this.others && this.mayClose(index) ? [{ to: this.otherKey, next: OTHER_NAMED }] : NO_CALLS;
      case COLON:
        return [{ to: afterColon, next: this.state(VALUE, index) }];
      case VALUE:
        return [{ to: this.properties[index]!.value, next: this.state(AFTER_VALUE, index + 1) }];
      case OTHER_COLON:
        return [{ to: afterColon, next: OTHER_VALUE }];
      case OTHER_VALUE:
        return [{ to: this.others!, next: this.state(AFTER_VALUE, this.properties.length) }];
      case AFTER_VALUE:
        return this.mayClose(index) ? [{ to: WHITE_SPACE_CHOICE, next: BEFORE_END }] : NO_CALLS;
      default:
        return NO_CALLS;
    }
  }

  mayEnd(state: number): boolean {
    return state === END;
  }

  /** Before each property, and after the last. */
  private get positions(): number {
    return this.properties.length + 1;
  }

  private state(phase: number, index: number, key = 0): number {
    return phase + PHASES * (index + this.positions * key);
  }

  private indexOf(state: number): number {
    return Math.floor(state / PHASES) % this.positions;
  }

  /** One byte more of the key of a property from `index` on; none that is required may be passed over. */
  private readKey(index: number, key: number, byte: number): number {
    const next = this.keys.next(key, byte);
    const last = Math.min(this.required[index]!, this.properties.length - 1);
    if (next === DEAD || !this.keys.leadsTo(next, index, last)) return DEAD;
    const named = this.keys.endAt(next);
    return named === DEAD ? this.state(KEY, index, next) : this.state(NAMED, named);
  }

  private mayClose(index: number): boolean {
    return this.required[index] === this.properties.length;
  }

  private mayContinue(index: number): boolean {
    return index < this.properties.length || (this.others !== undefined && this.mayClose(index));
  }
}
