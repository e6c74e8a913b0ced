/* Tests which events a process of the box gets for what has happened on the host. */
#include "guest/notify/change.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "guest/volume/remove-tree.h"

/* A tmpfs, as the real one: others do not tell of the end of a directory that somebody has open. */
static char place[] = "/dev/shm/boxlite-notify-XXXXXX";
static struct shadow shadow;
static int box; /* the process's inotify descriptor */
static char seen[4096];
static struct watched *top, *below;

static int at_shadow(const char *path) { return shadow_directory(&shadow, path); }

/* The events since the last call, of those that a program asks for. */
static const char *events(void) {
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {IN_MODIFY, "modify"},   {IN_ATTRIB, "attrib"},       {IN_CLOSE_WRITE, "written"},
        {IN_MOVED_FROM, "from"}, {IN_MOVED_TO, "to"},         {IN_CREATE, "create"},
        {IN_DELETE, "delete"},   {IN_DELETE_SELF, "deleted"}, {IN_MOVE_SELF, "moved"},
    };
    _Alignas(struct inotify_event) char bytes[8192];
    ssize_t size = read(box, bytes, sizeof bytes);
    size_t used = 0;
    *seen = 0;
    for (ssize_t at = 0; at < size;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(bytes + at);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (event->mask & names[i].bit)
                used += (size_t)snprintf(seen + used, sizeof seen - used, "%s%s%s%s%s", used ? ", " : "", names[i].name,
                                         event->len ? " " : "", event->len ? event->name : "",
                                         event->mask & IN_ISDIR ? "/" : "");
        at += (ssize_t)(sizeof *event + event->len);
    }
    return seen;
}

static bool events_are(const char *expected) {
    bool same = strcmp(events(), expected) == 0;
    if (!same)
        fprintf(stderr, "events: %s\nexpected: %s\n", seen, expected);
    return same;
}

static enum change_outcome happens(const struct watched *where, uint32_t mask, const char *name) {
    return change_apply(&shadow, &(struct change){.id = where->id, .mask = mask, .cookie = 7, .name = name});
}

static int watch(const char *path) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s/shadow/0/%s", place, path);
    return inotify_add_watch(box, whole, IN_ALL_EVENTS & ~(IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE));
}

static void set_up(void) {
    int real;
    check("a place", mkdtemp(place) && chdir(place) == 0 && mkdir("shadow", 0700) == 0 && mkdir("real", 0700) == 0 &&
                         mkdir("real/dir", 0700) == 0 && mknod("real/file", S_IFREG | 0600, 0) == 0 &&
                         symlink("/etc", "real/link") == 0);
    shadow.root = open("shadow", O_PATH | O_DIRECTORY | O_CLOEXEC);
    real = open("real", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    top = shadow_add(&shadow, at_shadow("0"), "");
    below = shadow_add(&shadow, at_shadow("0/dir"), "");
    check("two directories have ids", top && below && top->id && below->id && top->id != below->id);
    check("a directory's names are taken", shadow_list(top, real, false) == 0 && top->listed);
    close(real);
    box = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    check("watches", chdir(place) == 0 && watch("") > 0 && watch("dir") > 0 && watch("file") > 0 && watch("link") > 0);
}

static void tells_of_files(void) {
    happens(top, IN_CREATE, "new");
    check("a file is created", events_are("create new"));
    happens(top, IN_MODIFY, "new");
    happens(top, IN_CLOSE_WRITE, "new");
    check("it is written", events_are("modify new, written new"));
    happens(top, IN_ATTRIB, "new");
    check("its mode or times change", events_are("attrib new"));
    happens(top, IN_MODIFY, "file");
    check("a file that is watched itself tells both", events_are("modify file, modify"));
    happens(top, IN_DELETE, "new");
    check("it is deleted", events_are("delete new"));
    happens(top, IN_DELETE, "new");
    check("what is gone already is no event", events_are(""));
    happens(top, IN_MODIFY, "unknown");
    check("a file that was missed appears", events_are("create unknown, modify unknown"));
    happens(top, IN_CREATE, "unknown");
    check("one that was listed before its event came is written", events_are("modify unknown"));
    happens(top, IN_DELETE, "unknown");
    (void)events();
}

static void tells_of_renames(void) {
    happens(top, IN_CREATE, "draft");
    (void)events();
    happens(top, IN_MOVED_FROM, "draft");
    happens(top, IN_MOVED_TO, "file");
    check("an editor's rename replaces the file", events_are("from draft, to file, attrib, deleted"));
    watch("file");
    happens(top, IN_MOVED_FROM, "file");
    happens(below, IN_MOVED_TO, "other");
    changes_end(&shadow);
    check("into a directory that is watched, but not listed, it goes out of sight",
          events_are("from file, moved, attrib, deleted"));
    happens(top, IN_MOVED_TO, "from-elsewhere");
    check("from elsewhere it comes", events_are("to from-elsewhere"));
    happens(top, IN_MOVED_FROM, "from-elsewhere");
    check("half a rename is kept for the other half", events_are(""));
    happens(top, IN_CREATE, "a");
    check("whatever else comes ends it", events_are("from from-elsewhere, create a"));
    happens(top, IN_MOVED_FROM | IN_ISDIR, "dir");
    happens(top, IN_MOVED_TO | IN_ISDIR, "renamed");
    check("a directory that is watched is renamed", events_are("from dir/, to renamed/, moved"));
    check("its own word of that is none of its end", happens(below, IN_MOVE_SELF, "") == CHANGE_DONE && events_are(""));
    happens(top, IN_MOVED_FROM, "a");
    change_apply(&shadow, &(struct change){.id = top->id, .mask = IN_MOVED_TO, .cookie = 8, .name = "b"});
    check("another's half is none of its own", events_are("from a, to b"));
    happens(top, IN_DELETE, "b");
    (void)events();
}

static void tells_of_directories(void) {
    happens(top, IN_CREATE | IN_ISDIR, "made");
    check("a directory is created", events_are("create made/"));
    happens(below, IN_ATTRIB | IN_ISDIR, "");
    check("what the directory above tells, too, is told once", events_are(""));
    happens(top, IN_ATTRIB | IN_ISDIR, "renamed");
    check("its mode changes", events_are("attrib renamed/, attrib/"));
    check("its end is known by itself", happens(below, IN_DELETE_SELF, "") == CHANGE_OF_NONE);
    check("and told to both", events_are("delete renamed/, deleted"));
    check("its id is nobody's", !shadow_by_id(&shadow, below->id) && happens(below, IN_CREATE, "x") == CHANGE_DONE);
    uint32_t old = below->id | below->uses << 16;
    below = shadow_add(&shadow, at_shadow("0/made"), "");
    check("an id is not given again", below && below->id != old);
    happens(top, IN_DELETE | IN_ISDIR, "made");
    check("what is below a directory that has gone is watched in vain",
          happens(below, IN_CREATE, "x") == CHANGE_OF_NONE);
    (void)events();
}

static bool there(const char *path) {
    struct stat st;
    return fstatat(shadow.root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void keeps_no_empty_directories(void) {
    struct watched *deep = shadow_add(&shadow, at_shadow("1/a/b/c"), "");
    struct watched *side = shadow_add(&shadow, at_shadow("1/a/side"), "");
    check("two deep directories are watched", deep && side);
    shadow_prune(&shadow, "1/a/b/c", "");
    check("one that is watched stays", there("1/a/b/c"));
    check("one goes on the host", happens(deep, IN_DELETE_SELF, "") == CHANGE_OF_NONE);
    check("and those above it that nobody needs", !there("1/a/b") && there("1/a/side"));
    check("so does the last one", happens(side, IN_DELETE_SELF, "") == CHANGE_OF_NONE && !there("1"));
    close(at_shadow("1/x/y"));
    check("what the host refuses leaves nothing",
          mknodat(shadow.root, "1/x/y/file", S_IFREG | 0600, 0) == 0 && there("1/x/y/file"));
    shadow_prune(&shadow, "1/x/y/", "file");
    check("neither a file nor directories", !there("1") && there("0"));
    happens(top, IN_CREATE | IN_ISDIR, "kept");
    close(at_shadow("0/kept/y"));
    shadow_prune(&shadow, "0/kept/y", "");
    check("a name of a list stays", there("0/kept") && !there("0/kept/y"));
    happens(top, IN_DELETE | IN_ISDIR, "kept");
    (void)events();
}

static void never_gives_the_id_0(void) {
    struct shadow many = {.root = shadow.root};
    uint32_t last = 0;
    bool good = true;
    for (int i = 0; i < 1 << 17; i++) {
        struct watched *watched = shadow_add(&many, dup(shadow.root), "");
        good = good && watched && watched->id && watched->id != last && shadow_by_id(&many, watched->id) == watched;
        last = watched ? watched->id : 0;
        if (watched)
            shadow_forget(watched);
    }
    check("a place that is used again and again has an id each time", good);
    free(many.watched);
}

static void lists_again(void) {
    check("the host says that it has lost events",
          change_apply(&shadow, &(struct change){.mask = IN_Q_OVERFLOW, .name = ""}) == CHANGE_LOST);
    char path[512];
    snprintf(path, sizeof path, "%s/real", place);
    int real = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check("real names", mknodat(real, "late", S_IFREG | 0600, 0) == 0 && unlinkat(real, "link", 0) == 0 &&
                            unlinkat(real, "file", 0) == 0 && mkdirat(real, "file", 0700) == 0);
    happens(top, IN_CREATE, "file");
    (void)events();
    check("the list is made again", shadow_list(top, real, true) == 0);
    check("it shows what came, what went, and what is of another kind now",
          strstr(events(), "create late") && strstr(seen, "delete link") && strstr(seen, "delete file, create file/") &&
              !strstr(seen, "late, modify"));
    check("once more, files may have changed", shadow_list(top, real, true) == 0 && events_are("modify late"));
    close(real);
}

int main(void) {
    struct err err;
    set_up();
    tells_of_files();
    tells_of_renames();
    tells_of_directories();
    keeps_no_empty_directories();
    never_gives_the_id_0();
    lists_again();
    if (chdir("/") == 0)
        remove_tree(AT_FDCWD, place, &err);
    return 0;
}
