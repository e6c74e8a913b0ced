#include "open-files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* As many descriptors as a VMM may have; a file with a higher one is not found. */
enum { MOST_FDS = 4096 };

struct identity {
    dev_t device;
    ino_t inode;
};

struct open_file {
    char *name; /* NULL: not open */
    struct identity directory, file;
};

static struct open_file files[MOST_FDS];
static int highest = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool identify(int fd, struct identity *found);
static bool same(struct identity a, struct identity b);
static bool is_called(const struct open_file *file, struct identity directory, const char *name);
static void forget(struct open_file *file);

void open_files_add(int fd, int directory, const char *name) {
    struct open_file file;
    if (fd < 0 || fd >= MOST_FDS || !identify(fd, &file.file) || !identify(directory, &file.directory))
        return;
    file.name = strdup(name);
    pthread_mutex_lock(&lock);
    forget(&files[fd]);
    files[fd] = file;
    if (fd > highest)
        highest = fd;
    pthread_mutex_unlock(&lock);
}

void open_files_remove(int fd) {
    if (fd < 0 || fd >= MOST_FDS)
        return;
    pthread_mutex_lock(&lock);
    forget(&files[fd]);
    while (highest >= 0 && !files[highest].name)
        highest--;
    pthread_mutex_unlock(&lock);
}

void open_files_rename(int from_directory, const char *from, int to_directory, const char *to) {
    struct identity old, new;
    if (!identify(from_directory, &old) || !identify(to_directory, &new))
        return;
    pthread_mutex_lock(&lock);
    for (int fd = 0; fd <= highest; fd++) {
        if (!is_called(&files[fd], old, from))
            continue;
        forget(&files[fd]);
        files[fd].name = strdup(to);
        files[fd].directory = new;
    }
    pthread_mutex_unlock(&lock);
}

int open_files_find(int directory, const char *name) {
    int code = errno, found = -1;
    struct identity parent;
    if (!identify(directory, &parent))
        parent = (struct identity){0};
    pthread_mutex_lock(&lock);
    for (int fd = 0; fd <= highest; fd++) {
        struct identity now;
        /* The number is another file's if something closed it without QEMU's close. */
        if (!is_called(&files[fd], parent, name) || !identify(fd, &now) || !same(now, files[fd].file))
            continue;
        if (found >= 0 && !same(files[found].file, now)) {
            found = -1;
            break;
        }
        found = fd;
    }
    if (found >= 0)
        found = fcntl(found, F_DUPFD_CLOEXEC, 0);
    pthread_mutex_unlock(&lock);
    errno = code;
    return found;
}

static bool identify(int fd, struct identity *found) {
    struct stat st;
    int code = errno;
    bool is_there = fstat(fd, &st) == 0;
    errno = code;
    if (is_there)
        *found = (struct identity){.device = st.st_dev, .inode = st.st_ino};
    return is_there;
}

static bool same(struct identity a, struct identity b) { return a.device == b.device && a.inode == b.inode; }

static bool is_called(const struct open_file *file, struct identity directory, const char *name) {
    return file->name && same(file->directory, directory) && strcmp(file->name, name) == 0;
}

static void forget(struct open_file *file) {
    free(file->name);
    file->name = NULL;
}
