// DynamoDB's expressions: placeholders for names and values, and the comparisons that the table's conditions
// are made of.
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Item } from "./record.js";

/** Expression parts as they are put together, and the names and values that they speak of. */
export class Expression {
  readonly names: Record<string, string> = {};
  readonly values: Item = {};

  /** The placeholder of an attribute's name. Every name gets one: `until` is a reserved word. */
  name(attribute: string, placeholder = `#${attribute}`): string {
    this.names[placeholder] = attribute;
    return placeholder;
  }

  value(placeholder: string, value: Item[string]): string {
    this.values[placeholder] = value;
    return placeholder;
  }

  /** True while an attribute is exactly what was read, or absent as it was then. */
  asRead(attribute: string, item: Item): string {
    const value = item[attribute];
    if (value === undefined) return `attribute_not_exists(${this.name(attribute)})`;
    return `${this.name(attribute)} = ${this.value(`:read_${attribute}`, value)}`;
  }

  /**
   * True while 0.0.19, which stamps its map with the time of each write, has not written it since it was
   * read.
   */
  mapClockAsRead(sess: AttributeValue): string {
    const clock = `${this.name("sess")}.${this.name("updated")}`;
    const read = sess.M?.updated;
    if (read === undefined) return `attribute_not_exists(${clock})`;
    return `${clock} = ${this.value(":read_clock", read)}`;
  }

  /** `SET` for each of these attributes. */
  set(item: Item): string[] {
    return Object.entries(item).map(
      ([name, value]) => `${this.name(name)} = ${this.value(`:${name}`, value)}`,
    );
  }

  /** The names and values of all that was said, as a command takes them. */
  spoken(): {
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues: Item | undefined;
  } {
    const isSilent = Object.keys(this.values).length === 0;
    return {
      ExpressionAttributeNames: this.names,
      ExpressionAttributeValues: isSilent ? undefined : this.values,
    };
  }
}
