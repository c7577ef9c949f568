// The names of blobs. Azure Storage strips dots at the end of a path's parts, so these are escaped; and with them the sign
// that escapes (Naming and referencing containers, blobs, and metadata: "avoid blob names that end with a dot").

export function nameOfKey(key: string): string {
  return key.replaceAll('%', '%25').replace(/\.(?=\/|$)/g, '%2E');
}

export function keyOfName(name: string): string {
  return name.replaceAll('%2E', '.').replaceAll('%25', '%');
}

/** What the names of all keys with this prefix begin with; names of other keys may too. */
export function nameOfPrefix(prefix: string): string {
  // A dot at the very end may be escaped in some of the names and not in others.
  return nameOfKey(prefix.replace(/\.+$/, ''));
}
