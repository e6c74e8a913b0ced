/* The kernel's small text files: /proc, /sys, cgroups. */
#ifndef BOXLITE_GUEST_TEXT_FILE_H
#define BOXLITE_GUEST_TEXT_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The file's beginning as a string; 0, or -1 with errno. */
int read_text(const char *path, char *text, size_t size);
int read_text_at(int directory, const char *name, char *text, size_t size);
/* The number after `key` where that is a line's first word, colon or not; 0 when there is none. */
uint64_t text_number(const char *text, const char *key);

#endif
