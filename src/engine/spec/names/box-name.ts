/** As people name the box. */
export function boxName({ id, name }: { id: string; name?: string | null | undefined }): string {
  return name ?? id.slice(0, 12);
}
