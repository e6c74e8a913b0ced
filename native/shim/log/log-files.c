#include "log-files.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST "output.log"
#define BEFORE_NUMBER "output."
#define AFTER_NUMBER ".log"

enum { NAME_BYTES = 40, OPEN_FLAGS = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW };

static void name_of(uint64_t number, char to[NAME_BYTES]);
static bool number_of(const char *name, uint64_t *number);

int log_files_open(uint64_t *number, int *fd, struct err *err) {
    DIR *directory = opendir(".");
    if (!directory)
        return err_errno(err, "look for " FIRST);
    *number = 0;
    uint64_t each;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (number_of(entry->d_name, &each) && each > *number)
            *number = each;
    closedir(directory);
    char name[NAME_BYTES];
    name_of(*number, name);
    *fd = open(name, OPEN_FLAGS, 0600);
    return *fd < 0 ? err_errno(err, "open %s", name) : 0;
}

int log_files_begin(uint64_t number) {
    char name[NAME_BYTES];
    name_of(number, name);
    return open(name, OPEN_FLAGS | O_EXCL, 0600);
}

void log_files_remove(uint64_t number) {
    char name[NAME_BYTES];
    name_of(number, name);
    unlink(name);
}

void log_files_remove_before(uint64_t first) {
    DIR *directory = opendir(".");
    if (!directory)
        return;
    uint64_t each;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (number_of(entry->d_name, &each) && each < first)
            unlink(entry->d_name);
    closedir(directory);
}

static void name_of(uint64_t number, char to[NAME_BYTES]) {
    if (number == 0)
        snprintf(to, NAME_BYTES, FIRST);
    else
        snprintf(to, NAME_BYTES, BEFORE_NUMBER "%" PRIu64 AFTER_NUMBER, number);
}

/* Accepts only what name_of makes. */
static bool number_of(const char *name, uint64_t *number) {
    char again[NAME_BYTES];
    bool is_numbered = strncmp(name, BEFORE_NUMBER, strlen(BEFORE_NUMBER)) == 0;
    *number = is_numbered ? strtoull(name + strlen(BEFORE_NUMBER), NULL, 10) : 0;
    name_of(*number, again);
    return strcmp(name, again) == 0;
}
