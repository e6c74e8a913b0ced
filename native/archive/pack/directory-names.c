#include "directory-names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_bytes(const void *a, const void *b);

int directory_names_read(int directory, struct directory_names *names, struct err *err) {
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = again < 0 ? NULL : fdopendir(again);
    if (!stream) {
        if (again >= 0)
            close(again);
        return err_errno(err, "can't read a directory");
    }
    int failed = 0;
    for (struct dirent *entry; !failed && (errno = 0, entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (names->count == names->size) {
            size_t size = names->size ? names->size * 2 : 32;
            char **grown = reallocarray(names->names, size, sizeof *grown);
            if (!grown) {
                failed = err_set(err, ENOMEM, "no memory for a directory's names");
                break;
            }
            names->names = grown;
            names->size = size;
        }
        names->names[names->count] = strdup(entry->d_name);
        if (!names->names[names->count])
            failed = err_set(err, ENOMEM, "no memory for a directory's names");
        else
            names->count++;
    }
    if (!failed && errno)
        failed = err_errno(err, "can't read a directory");
    closedir(stream);
    if (names->count)
        qsort(names->names, names->count, sizeof *names->names, by_bytes);
    return failed;
}

void directory_names_free(struct directory_names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }
