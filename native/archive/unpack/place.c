#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "../path/within.h"

enum {
    MAX_LINKS = 40,
    /* Far above PATH_MAX, which a name may exceed, yet too little to make directories by the million. */
    MAX_NAME_BYTES = 64 << 10,
    MAX_COMPONENTS = 4096,
};

#define NOT_COPIED "it is not in what is copied"

static int in_parent(struct place *place, const char *within, char *path, const char *destination, bool slash,
                     bool directory, struct err *err);
static int follow_last(char *path, size_t size, const char *destination, struct err *err);
static int set(struct place *place, const char *from, const char *to, struct err *err);
static const char *special_kind(mode_t mode);

int place_find(struct place *place, const char *within, const char *destination, const char *name, const char *from,
               bool directory, struct err *err) {
    struct stat st;
    char path[PATH_MAX];
    *place = (struct place){.root = -1};
    size_t length = strlen(destination);
    if (length == 0 || length >= sizeof path)
        return err_set(err, ENAMETOOLONG, "%s: %s", shown(destination), strerror(ENAMETOOLONG));
    memcpy(path, destination, length + 1);
    bool slash = path[length - 1] == '/' || (length > 1 && strcmp(path + length - 2, "/.") == 0);
    if (length > 1 && slash && path[length - 1] == '.')
        path[--length] = 0;
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;

    bool contents = strcmp(name, ".") == 0;
    place->root = within_open(within, path, O_RDONLY | O_DIRECTORY);
    if (place->root >= 0)
        return set(place, from, contents ? "" : name, err);
    if (errno != ENOTDIR && errno != ENOENT)
        return err_errno(err, "can't open %s", shown(destination));
    bool there = within_stat(within, path, true, &st) == 0;
    if (there && directory)
        return err_set(err, OUTCOME(BL_COPY_DIRECTORY_TO_FILE), "%s", shown(destination));
    if (there && slash)
        return err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s", shown(destination));
    /* Root could easily replace the host's /dev/null with a file. */
    if (there && !S_ISREG(st.st_mode))
        return err_set(err, OUTCOME(BL_COPY_NOT_A_FILE), "got a %s", special_kind(st.st_mode));
    if (!within && follow_last(path, sizeof path, destination, err))
        return -1;
    if (in_parent(place, within, path, destination, slash && !there, directory, err))
        return -1;
    return set(place, from, place->to, err);
}

int place_directory(struct place *place, const char *within, const char *destination, struct err *err) {
    *place = (struct place){.root = within_open(within, destination, O_RDONLY | O_DIRECTORY)};
    if (place->root < 0)
        return errno == ENOENT    ? err_set(err, OUTCOME(BL_COPY_NO_PARENT), "%s", shown(destination))
               : errno == ENOTDIR ? err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s", shown(destination))
                                  : err_errno(err, "can't open %s", shown(destination));
    return set(place, "", "", err);
}

void place_free(struct place *place) {
    if (place->root >= 0)
        close(place->root);
    free(place->from);
    free(place->to);
    *place = (struct place){.root = -1};
}

char *place_name(const struct place *place, const char *entry, struct err *err) {
    if (strlen(entry) > MAX_NAME_BYTES) {
        outcome_malformed(err, entry, "its name is longer than 65536 bytes");
        return NULL;
    }
    char *name = malloc(strlen(place->to) + strlen(entry) + 2);
    if (!name) {
        err_set(err, ENOMEM, "no memory for a name");
        return NULL;
    }
    size_t used = strlen(place->to);
    memcpy(name, place->to, used);
    const char *rule = NULL;
    unsigned components = 0;
    bool first = *place->from != 0;
    for (const char *at = entry; *at && !rule;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.') {
            rule = "its name leads out of the destination";
        } else if (length && first) {
            if (strlen(place->from) != length || memcmp(at, place->from, length) != 0)
                rule = NOT_COPIED;
            first = false;
        } else if (length && !(length == 1 && at[0] == '.')) {
            if (++components > MAX_COMPONENTS)
                rule = "its name leads through more than 4096 directories";
            if (used)
                name[used++] = '/';
            memcpy(name + used, at, length);
            used += length;
        }
        at += length + (at[length] == '/');
    }
    name[used] = 0;
    if (first && !rule)
        rule = NOT_COPIED;
    if (!rule)
        return name;
    free(name);
    outcome_malformed(err, entry, rule);
    return NULL;
}

/* What is not there yet, or a file to be replaced: its directory, and its name as `to`. */
static int in_parent(struct place *place, const char *within, char *path, const char *destination, bool slash,
                     bool directory, struct err *err) {
    if (slash && !directory)
        return err_set(err, OUTCOME(BL_COPY_NO_DIRECTORY), "%s", shown(destination));
    char *last = strrchr(path, '/');
    place->to = strdup(last ? last + 1 : path);
    if (!place->to)
        return err_set(err, ENOMEM, "no memory for a name");
    if (!*place->to || strcmp(place->to, ".") == 0 || strcmp(place->to, "..") == 0)
        return err_set(err, OUTCOME(BL_COPY_NO_PARENT), "%s", shown(destination));
    const char *parent = last == path ? "/" : last ? path : ".";
    if (last)
        *last = 0;
    place->root = within_open(within, parent, O_RDONLY | O_DIRECTORY);
    if (place->root >= 0)
        return 0;
    return errno == ENOENT    ? err_set(err, OUTCOME(BL_COPY_NO_PARENT), "%s", shown(parent))
           : errno == ENOTDIR ? err_set(err, OUTCOME(BL_COPY_NOT_DIRECTORY), "%s", shown(parent))
                              : err_errno(err, "can't open %s", shown(parent));
}

/* A link there stands for what it leads to, also when that is not there yet. */
static int follow_last(char *path, size_t size, const char *destination, struct err *err) {
    char target[PATH_MAX];
    for (int links = 0; links < MAX_LINKS; links++) {
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            return 0;
        target[length] = 0;
        char *last = strrchr(path, '/');
        size_t directory = target[0] == '/' || !last ? 0 : (size_t)(last + 1 - path);
        if (directory + (size_t)length >= size)
            break;
        memcpy(path + directory, target, (size_t)length + 1);
    }
    return err_set(err, ELOOP, "%s: %s", shown(destination), strerror(ELOOP));
}

static int set(struct place *place, const char *from, const char *to, struct err *err) {
    place->from = strdup(from);
    char *copy = strdup(to);
    free(place->to);
    place->to = copy;
    return place->from && place->to ? 0 : err_set(err, ENOMEM, "no memory for a name");
}

static const char *special_kind(mode_t mode) { return S_ISFIFO(mode) ? "FIFO" : S_ISSOCK(mode) ? "socket" : "device"; }
