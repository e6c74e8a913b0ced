#include "mount-line.h"

#include <stddef.h>
#include <string.h>

enum { ROOT = 3, POINT };

static void unescape(char *text);

int mount_line_parse(char *line, struct mount_line *mount) {
    char *fields[POINT + 1], *rest = line;
    for (size_t i = 0; i <= POINT; i++)
        if (!(fields[i] = strsep(&rest, " ")) || !rest)
            return -1;
    /* Optional fields follow, in any number, and end with a dash. */
    char *dash = strncmp(rest, "- ", 2) == 0 ? rest : strstr(rest, " - ");
    if (!dash)
        return -1;
    char *type = strchr(dash, '-') + 2;
    type[strcspn(type, " \n")] = 0;
    unescape(fields[ROOT]);
    unescape(fields[POINT]);
    *mount = (struct mount_line){.root = fields[ROOT], .point = fields[POINT], .type = type};
    return 0;
}

/* Blanks and backslashes are three octal digits. */
static void unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] && from[2] && from[3]) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = 0;
}
