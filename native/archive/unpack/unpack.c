#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../outcome/outcome.h"
#include "../outcome/shown.h"
#include "../outcome/stop.h"
#include "make-entry.h"
#include "metadata.h"
#include "unpacking.h"

enum { PRIVATE_MODE = 0700 };

static int take_all(struct unpacking *to, const char *destination, struct err *err);
static int find_place(struct unpacking *to, const char *destination, const struct tar_item *first, struct err *err);
static int take(struct unpacking *to, struct tar_item *item, struct err *err);
static int make_directory_there(struct unpacking *to, const struct spot *spot, struct tar_item *item, char *name,
                                struct err *err);
static int finish_directories(struct unpacking *to, struct err *err);
static int finish_some(struct unpacking *to, const char *name, struct err *err);
static int finish_directory(struct unpacking *to, const struct later *later, struct err *err);
static int write_back(const struct unpacking *to);

int unpack(int in, const char *destination, const struct unpack_options *options, struct totals *totals,
           struct err *err) {
    struct unpacking to = {.options = options, .totals = totals, .place = {.root = -1}, .parents = {.fd = -1}};
    struct err later_err;
    umask(0);
    to.parents.sync = options->sync;
    int failed = tar_reader_begin(&to.reader, in, !options->foreign, options->attributes, err) ||
                 take_all(&to, destination, err);
    /* Also after a failure, but not after a signal, which ends it at once: until then a directory is its owner's
     * alone. */
    if (!stop_requested() && finish_directories(&to, &later_err) && !failed) {
        *err = later_err;
        failed = -1;
    }
    if (!failed && options->sync && write_back(&to))
        failed = err_errno(err, "can't write back %s", shown(destination));
    if (to.refused_attributes && options->warn)
        options->warn("some extended attributes could not be set");
    later_free(&to.later);
    parents_free(&to.parents);
    place_free(&to.place);
    tar_reader_end(&to.reader);
    return failed ? -1 : 0;
}

static int take_all(struct unpacking *to, const char *destination, struct err *err) {
    struct tar_item item;
    if (to->options->foreign && place_directory(&to->place, to->options->within, destination, err))
        return -1;
    to->parents.root = to->place.root;
    for (;;) {
        int found = tar_next(&to->reader, &item, err);
        if (found < 0)
            return -1;
        if (found == 0)
            return to->place.root >= 0 ? 0 : err_set(err, OUTCOME(BL_COPY_TRUNCATED), "the archive is empty");
        int failed = to->place.root < 0 && find_place(to, destination, &item, err);
        failed = failed || take(to, &item, err);
        tar_item_free(&item);
        if (failed)
            return -1;
    }
}

/* The first entry of our own archives is the source itself, by its last name alone. */
static int find_place(struct unpacking *to, const char *destination, const struct tar_item *first, struct err *err) {
    bool directory = first->kind == TAR_DIRECTORY;
    size_t length = strlen(first->name);
    while (length > 1 && first->name[length - 1] == '/')
        first->name[--length] = 0;
    bool contents = strcmp(first->name, ".") == 0;
    const char *as = to->options->as ? to->options->as : first->name;
    const char *rule = NULL;
    if (length == 0 || strchr(first->name, '/') || strcmp(first->name, "..") == 0)
        rule = "an archive can't begin with this name";
    else if (contents && strcmp(as, ".") != 0)
        rule = "the archive is of what is in a directory, which was not asked for";
    else if (!directory && (contents || strcmp(as, ".") == 0))
        rule = "it is no directory";
    else if (directory && to->options->file)
        rule = "it is a directory, where a file was asked for";
    if (rule)
        return outcome_malformed(err, first->name, rule);
    if (place_find(&to->place, to->options->within, destination, as, first->name, directory, err))
        return -1;
    to->parents.root = to->place.root;
    return 0;
}

static int take(struct unpacking *to, struct tar_item *item, struct err *err) {
    char *name = place_name(&to->place, item->name, err);
    if (!name)
        return -1;
    to->totals->entries++;
    if (!*name) { /* the destination itself */
        if (item->kind == TAR_DIRECTORY && to->options->top)
            return later_add(&to->later, name, item, err);
        free(name);
        return item->kind == TAR_DIRECTORY ? 0 : outcome_malformed(err, item->name, "it is no directory");
    }
    struct spot spot = {.shown = item->name};
    spot.directory = parents_open(&to->parents, name, &spot.base, err);
    if (spot.directory < 0) {
        free(name);
        return -1;
    }
    if (item->kind == TAR_DIRECTORY)
        return make_directory_there(to, &spot, item, name, err); /* keeps the name */
    int failed = make_entry(to, &spot, item, err);
    free(name);
    return failed;
}

static int make_directory_there(struct unpacking *to, const struct spot *spot, struct tar_item *item, char *name,
                                struct err *err) {
    struct stat st;
    cleanup_free char *owned = name;
    if (mkdirat(spot->directory, spot->base, PRIVATE_MODE)) {
        if (errno != EEXIST)
            return spot_failed(spot, "make directory", err);
        if (fstatat(spot->directory, spot->base, &st, AT_SYMLINK_NOFOLLOW))
            return spot_failed(spot, "look at", err);
        if (!S_ISDIR(st.st_mode))
            return err_set(err, OUTCOME(BL_COPY_DIRECTORY_TO_FILE), "%s", shown(spot->shown));
    }
    owned = NULL;
    if (to->later.bytes > MAX_LATER_BYTES && finish_some(to, name, err)) {
        free(name);
        return -1;
    }
    return later_add(&to->later, name, item, err);
}

/* Innermost first: a directory's mode may shut us out. */
static int finish_directories(struct unpacking *to, struct err *err) {
    int failed = 0;
    for (size_t i = to->later.count; i > 0; i--) {
        struct err each;
        if (finish_directory(to, &to->later.items[i - 1], &each) && !failed) {
            *err = each;
            failed = -1;
        }
    }
    return failed;
}

/* All that `name` is not in: our own archives don't come back to them. */
static int finish_some(struct unpacking *to, const char *name, struct err *err) {
    int failed = 0;
    for (size_t i = to->later.count; i > 0 && !failed; i--) {
        struct later *later = &to->later.items[i - 1];
        if (later_is_above(later, name))
            continue;
        failed = finish_directory(to, later, err);
        later_drop(&to->later, later);
    }
    later_close_gaps(&to->later);
    /* Each pass must free much, or the passes would become ever longer. */
    if (!failed && to->later.bytes > MAX_LATER_BYTES / 2)
        return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: the directories it is in take too much memory",
                       shown(name));
    return failed;
}

static int finish_directory(struct unpacking *to, const struct later *later, struct err *err) {
    struct spot spot = {.shown = *later->name ? later->name : "."};
    spot.directory = parents_open(&to->parents, later->name, &spot.base, err);
    if (spot.directory < 0)
        return -1;
    if (!*later->name)
        spot.base = ".";
    cleanup_fd int file = openat(spot.directory, spot.base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return file < 0 ? spot_failed(&spot, "open", err) : set_metadata(to, &spot, &later->item, file, err);
}

/* What is mounted below the destination has been written back when it was left, unless we are still in it. */
static int write_back(const struct unpacking *to) {
    const struct parents *parents = &to->parents;
    struct stat root;
    if (syncfs(to->place.root) || fstat(to->place.root, &root))
        return -1;
    return parents->fd >= 0 && parents->device != root.st_dev ? syncfs(parents->fd) : 0;
}
