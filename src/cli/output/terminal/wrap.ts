/**
 * Wraps running text into lines of at most `width` characters. Line breaks inside a paragraph count as
 * blanks; an empty line or one that begins with two blanks is kept as it is.
 */
export function wrapText(text: string, width: number): string[] {
  return paragraphs(text).flatMap((paragraph) => wrapParagraph(paragraph, width));
}

/** Returns paragraphs with their lines joined; an indented line is a paragraph of its own. */
export function paragraphs(text: string): string[] {
  const found: string[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const apart = line === '' || line.startsWith('  ');
    if (open && !apart) found.push(`${found.pop() ?? ''} ${line}`);
    else found.push(line);
    open = !apart;
  }
  return found;
}

/** A word longer than the line stands alone and is not cut, so that it can be copied. */
function wrapParagraph(text: string, width: number): string[] {
  const indent = /^ */.exec(text)?.[0] ?? '';
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/ +/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
