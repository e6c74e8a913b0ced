#include "index.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { ALIAS_BYTES = 512 };

static bool is_module(const char *path, size_t length, const char *name);
static bool answers(const char *pattern, const char *wanted);
static void underscores(char *text);
static const char *next_line(const char *line);

const char *module_line(const char *dep, const char *name) {
    for (const char *line = dep; line && *line; line = next_line(line)) {
        size_t length = strcspn(line, ":\n");
        if (line[length] == ':' && is_module(line, length, name))
            return line;
    }
    return NULL;
}

static bool is_module(const char *path, size_t length, const char *name) {
    static const char ending[] = ".ko";
    const size_t ending_length = sizeof ending - 1;
    size_t name_length = strlen(name);
    if (length < name_length + ending_length || memcmp(path + length - ending_length, ending, ending_length) != 0)
        return false;
    const char *file = path + length - ending_length - name_length;
    if (file != path && file[-1] != '/')
        return false;
    for (size_t i = 0; i < name_length; i++)
        if ((file[i] == '-' ? '_' : file[i]) != (name[i] == '-' ? '_' : name[i]))
            return false;
    return true;
}

size_t module_file(const char *line, size_t left, char path[MODULE_PATH_BYTES]) {
    size_t end = left == SIZE_MAX ? strcspn(line, "\n") : left;
    while (end && (line[end - 1] == ' ' || line[end - 1] == ':'))
        end--;
    size_t start = end;
    while (start && line[start - 1] != ' ')
        start--;
    size_t length = end - start < MODULE_PATH_BYTES ? end - start : 0;
    memcpy(path, line + start, length);
    path[length] = 0;
    return start;
}

const char *module_alias(const char *aliases, const char *wanted, char name[MODULE_NAME_BYTES]) {
    for (const char *line = aliases; line && *line; line = next_line(line)) {
        char pattern[ALIAS_BYTES];
        if (sscanf(line, "alias %511s %63s", pattern, name) == 2 && answers(pattern, wanted)) {
            const char *next = next_line(line);
            return next ? next : "";
        }
    }
    return NULL;
}

/* As in modprobe, - and _ are the same. */
static bool answers(const char *pattern, const char *wanted) {
    char a[ALIAS_BYTES], b[ALIAS_BYTES];
    if (strlen(wanted) >= sizeof b)
        return false;
    strcpy(a, pattern);
    strcpy(b, wanted);
    underscores(a);
    underscores(b);
    return fnmatch(a, b, 0) == 0;
}

/* Between brackets a - is part of the pattern. */
static void underscores(char *text) {
    bool in_brackets = false;
    for (; *text; text++) {
        if (*text == '[' || *text == ']')
            in_brackets = *text == '[';
        else if (*text == '-' && !in_brackets)
            *text = '_';
    }
}

static const char *next_line(const char *line) {
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}
