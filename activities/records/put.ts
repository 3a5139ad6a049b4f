/** An empty field is absent: `null` takes the key away. */
export function put<Value>(into: Record<string, Value>, key: string, value: Value | null): void {
  if (value === null) Reflect.deleteProperty(into, key);
  else into[key] = value;
}
