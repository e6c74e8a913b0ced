/* Tests what the shim watches on the host for a box, and what it refuses to. */
#include "shim/notify/watches.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/check.h"
#include "protocol/protocol.h"

enum { TOP = 65537, BELOW, TWIN, FILE_ID, MORE };

static char place[] = "/dev/shm/boxlite-watches-XXXXXX";
static char shared[64], other[64], single[64];
static struct config config;
static struct watches *watches;

static uint8_t payload[BL_LIMIT_MAX_PAYLOAD];
static struct rd changes;
static uint32_t left;

struct seen {
    uint32_t id, mask, cookie;
    char name[256];
};

static uint32_t read_changes(void) {
    struct wr wr = {.p = payload, .size = sizeof payload};
    uint32_t count = watches_read(watches, &wr);
    changes = (struct rd){.p = payload, .left = wr.used};
    left = rd_u32(&changes);
    check("the message says how many changes it has", left == count && !wr.bad);
    return count;
}

static struct seen next(void) {
    struct seen seen = {.id = rd_u32(&changes), .mask = rd_u32(&changes), .cookie = rd_u32(&changes)};
    const uint8_t *bytes;
    uint32_t size;
    rd_bytes(&changes, &bytes, &size);
    if (size && size < sizeof seen.name)
        memcpy(seen.name, bytes, size);
    return seen;
}

static bool is(struct seen seen, uint32_t id, uint32_t mask, const char *name) {
    return seen.id == id && seen.mask == mask && strcmp(seen.name, name) == 0;
}

static void set_up(void) {
    struct err err = {0};
    check("a place", mkdtemp(place) && chdir(place) == 0 && mkdir("shared", 0755) == 0 &&
                         mkdir("shared/a", 0755) == 0 && mkdir("shared/a/b", 0755) == 0 && mkdir("other", 0755) == 0 &&
                         symlink("../other", "shared/link") == 0 && mkfifo("shared/fifo", 0644) == 0 &&
                         mknod("single", S_IFREG | 0644, 0) == 0);
    snprintf(shared, sizeof shared, "%s/shared", place);
    snprintf(other, sizeof other, "%s/other", place);
    snprintf(single, sizeof single, "%s/single", place);
    config.id_directory = "";
    config.share_count = 3;
    config.shares[0] = (struct share){.path = other};
    check("a box without such a volume has no watches", !watches_open(&config, &err) && !err.code);
    config.shares[1] = (struct share){.path = shared, .flags = BL_SHARE_NOTIFY};
    config.shares[2] = (struct share){.path = single, .flags = BL_SHARE_NOTIFY | BL_SHARE_READ_ONLY};
    watches = watches_open(&config, &err);
    check("one with two has them", watches && watches->roots[0] < 0 && watches->inotify < 0);
    config.shares[1].path = "/dev/shm/boxlite-nothing";
    check("a volume that is missing fails the start", !watches_open(&config, &err) && err.code == ENOENT);
    config.shares[1].path = shared;
}

static void refuses_what_is_not_shared(void) {
    static const struct {
        const char *what, *path;
        uint32_t share;
        int code;
    } cases[] = {
        {"a volume that is not to be watched", "", 0, EPERM},
        {"a volume that there is not", "", 3, EPERM},
        {"a number beyond all volumes", "", UINT32_MAX, EPERM},
        {"a way out of the volume", "..", 1, EINVAL},
        {"a way out from within", "a/../../other", 1, EINVAL},
        {"a link that leads out", "link", 1, ELOOP},
        {"a link on the way", "link/x", 1, ENOTDIR},
        {"what is missing", "missing", 1, ENOENT},
        {"a name in a file", "x", 2, ENOTDIR},
        {"a FIFO", "fifo", 1, EACCES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].what, watches_add(watches, MORE, cases[i].share, cases[i].path) == cases[i].code);
    check("nothing is left of what was refused", watches->inotify < 0);
}

static void tells_what_happens(void) {
    check("directories and a file are watched", watches_add(watches, TOP, 1, "") == 0 &&
                                                    watches_add(watches, BELOW, 1, "/a//b/") == 0 &&
                                                    watches_add(watches, FILE_ID, 2, "") == 0);
    check("nothing has happened", read_changes() == 0);
    check("a file comes",
          mknod("shared/new", S_IFREG | 0644, 0) == 0 && read_changes() == 1 && is(next(), TOP, IN_CREATE, "new"));
    check("it is renamed", rename("shared/new", "shared/a/b/moved") == 0 && read_changes() == 2);
    struct seen from = next(), to = next();
    check("both halves have one cookie", is(from, TOP, IN_MOVED_FROM, "new") && is(to, BELOW, IN_MOVED_TO, "moved") &&
                                             from.cookie && from.cookie == to.cookie);
    check("a directory goes", unlink("shared/a/b/moved") == 0 && rmdir("shared/a/b") == 0 && read_changes() == 2 &&
                                  is(next(), BELOW, IN_DELETE, "moved") && is(next(), BELOW, IN_DELETE_SELF, ""));
    check("its id is free", watches_add(watches, BELOW, 1, "a") == 0);
    check("the file that is the volume changes",
          chmod("single", 0600) == 0 && read_changes() == 1 && is(next(), FILE_ID, IN_ATTRIB, ""));
}

static void keeps_one_watch_for_two_ids(void) {
    check("a directory that is watched twice", watches_add(watches, TWIN, 1, "") == 0);
    check("tells both", mknod("shared/x", S_IFREG | 0644, 0) == 0 && read_changes() == 2);
    struct seen a = next(), b = next();
    check("by their ids", (is(a, TOP, IN_CREATE, "x") && is(b, TWIN, IN_CREATE, "x")) ||
                              (is(b, TOP, IN_CREATE, "x") && is(a, TWIN, IN_CREATE, "x")));
    watches_remove(watches, TOP);
    check("and the other one alone",
          unlink("shared/x") == 0 && read_changes() == 1 && is(next(), TWIN, IN_DELETE, "x"));
    watches_remove(watches, TWIN);
    watches_remove(watches, TWIN);
    watches_remove(watches, 0);
    watches_remove(watches, UINT32_MAX);
    check("and none at last", mknod("shared/x", S_IFREG | 0644, 0) == 0 && read_changes() == 0);
}

/* The shim of root's box may read more than its VMM. */
static void refuses_what_the_vmm_may_not_read(void) {
    uid_t nobody = geteuid() ? geteuid() : 70000;
    watches->ids = geteuid() ? 1 : BL_LIMIT_SHARE_IDS;
    check("a directory of another", mkdir("shared/closed", 0755) == 0 && mkdir("shared/closed/in", 0755) == 0 &&
                                        chown("shared/closed", nobody, getegid()) == 0);
    check("that all may read", watches_add(watches, MORE, 1, "closed") == 0);
    watches_remove(watches, MORE);
    check("that they may enter alone",
          chmod("shared/closed", 0711) == 0 && watches_add(watches, MORE, 1, "closed") == EACCES);
    check("that they may not enter",
          chmod("shared/closed", 0700) == 0 && watches_add(watches, MORE, 1, "closed/in") == EACCES);
    watches->ids = 0;
}

static void says_that_events_are_lost(void) {
    check("a directory is watched", watches_add(watches, TOP, 1, "a") == 0);
    for (int i = 0; i < 20000; i++)
        if (mknod("shared/a/x", S_IFREG | 0644, 0) || unlink("shared/a/x"))
            check("files come and go", false);
    bool lost = false;
    while (read_changes())
        while (left--)
            lost = next().id == 0 || lost;
    check("the last word of a flood is that events are lost", lost);
}

static void watches_a_file_by_its_path(void) {
    check("a volume-subpath may be a file",
          mknod("shared/part", S_IFREG | 0644, 0) == 0 && watches_add(watches, MORE, 1, "part/") == 0);
    read_changes();
    check("it changes", chmod("shared/part", 0600) == 0 && read_changes() == 1 && is(next(), MORE, IN_ATTRIB, ""));
    watches_remove(watches, MORE);
}

/* Whoever gives one directory all the ids there are. */
static void bears_a_hostile_guest(void) {
    watches_remove(watches, TOP);
    watches_remove(watches, BELOW);
    check("a directory", mkdir("shared/one", 0755) == 0);
    for (uint32_t id = 1; id < MOST_WATCHES; id++)
        if (watches_add(watches, 9U << 16 | id, 1, "one") && id > (MORE & UINT16_MAX))
            check("it is watched by every id", false);
    check("an id is given once", watches_add(watches, 9U << 16 | 100, 1, "one") == EEXIST);
    check("nor by another use of its place", watches_add(watches, 10U << 16 | 100, 1, "a") == EEXIST);
    check("an id beyond all places is refused", watches_add(watches, 9U << 16 | MOST_WATCHES, 1, "a") == ENOSPC &&
                                                    watches_add(watches, UINT32_MAX, 1, "a") == ENOSPC);
    check("too many changes for a message are lost",
          mknod("shared/one/x", S_IFREG | 0644, 0) == 0 && read_changes() == 1 && is(next(), 0, IN_Q_OVERFLOW, ""));
    check("the end of a directory frees its ids, though nobody is told",
          unlink("shared/one/x") == 0 && rmdir("shared/one") == 0 && read_changes() == 1);
    check("all of them", watches_add(watches, 10U << 16 | 100, 1, "a") == 0);
    watches_remove(watches, 9U << 16 | 100);
    check("an id that its place had before is nobody's", watches_add(watches, 11U << 16 | 100, 1, "a") == EEXIST);
    watches_remove(watches, 10U << 16 | 100);
}

static void costs_nothing_when_quiet(void) {
    char path[64];
    bool all = true;
    for (int i = 0; i < 2000; i++) {
        snprintf(path, sizeof path, "many/%d", i);
        all = (i || mkdir("shared/many", 0755) == 0) && all;
        char whole[80];
        snprintf(whole, sizeof whole, "shared/%s", path);
        all = mkdir(whole, 0755) == 0 && watches_add(watches, MORE + (uint32_t)i, 1, path) == 0 && all;
    }
    check("2,000 directories are watched", all);
    check("in little memory", sizeof *watches <= 128 * 1024);
    for (int i = 0; i < 2000; i++)
        watches_remove(watches, MORE + (uint32_t)i);
    check("and all are let go", read_changes() == 0);
}

int main(void) {
    set_up();
    refuses_what_is_not_shared();
    tells_what_happens();
    keeps_one_watch_for_two_ids();
    refuses_what_the_vmm_may_not_read();
    says_that_events_are_lost();
    watches_a_file_by_its_path();
    bears_a_hostile_guest();
    costs_nothing_when_quiet();
    watches_close(watches);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", place);
    return chdir("/") || system(command);
}
