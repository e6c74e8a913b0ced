/* Tests that the path of a process of the box leads where it leads that process, and no further. */
#include "guest/notify/call.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "guest/volume/remove-tree.h"

static char place[] = "/dev/shm/boxlite-call-XXXXXX";
static char path[256]; /* at the same address in each caller */
static struct call call;

/* Where a caller is, and as whom. */
struct caller {
    const char *root, *directory;
    bool directory_first; /* its working directory may then be outside of its root */
    uid_t user;
    gid_t group;
};

static pid_t start(const struct caller *caller, const char *name) {
    int ready[2];
    char byte;
    snprintf(path, sizeof path, "%s", name);
    /* To open a path takes our own working directory away. */
    if (chdir(place) || pipe2(ready, O_CLOEXEC))
        return -1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int inotify = dup2(inotify_init1(IN_CLOEXEC), 100);
        if (inotify < 0 || (caller->directory_first && caller->directory && chdir(caller->directory)) ||
            (caller->root && chroot(caller->root)) ||
            (!caller->directory_first && caller->directory && chdir(caller->directory)) ||
            (caller->user && (setgroups(1, &caller->group) || setresgid(99, 99, 99) ||
                              setresuid(caller->user, caller->user, caller->user))))
            _exit(1);
        if (write(ready[1], "", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ready[1]);
    bool begun = child > 0 && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return begun ? child : -1;
}

static void end(pid_t child) {
    if (child <= 0) /* kill(2) takes -1 for all the processes there are */
        return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static bool reads(pid_t child, uint32_t mask) {
    return call_read(child, (const uint64_t[]){100, (uint64_t)(uintptr_t)path, mask}, &call) == 0;
}

/* The caller's path leads to what we find at the expected one; to nothing at NULL. */
static bool leads(const struct caller *caller, const char *name, uint32_t mask, const char *expected) {
    struct stat found, wanted;
    char copy[256];
    pid_t child = start(caller, name);
    check("a caller", child > 0);
    bool same = reads(child, mask);
    int file = same ? call_open(&call) : -1;
    call_close(&call);
    end(child);
    snprintf(copy, sizeof copy, "%s/%s", place, expected ? expected : "");
    if (!expected)
        return same && file < 0 && stat(place, &wanted) == 0;
    same = same && file >= 0 && fstat(file, &found) == 0 && lstat(copy, &wanted) == 0 &&
           found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev;
    if (file >= 0)
        close(file);
    return same;
}

static void set_up(void) {
    check("a place", mkdtemp(place) && chmod(place, 0711) == 0 && chdir(place) == 0 && mkdir("closed", 0700) == 0 &&
                         mkdir("closed/in", 0755) == 0 && mkdir("of-group", 0755) == 0 &&
                         mkdir("of-group/in", 0755) == 0 && mkdir("jail", 0755) == 0 &&
                         mkdir("jail/inner", 0755) == 0 && mkdir("inner", 0755) == 0 &&
                         mkdir("jail/inner/deep", 0755) == 0 && symlink("/inner", "jail/link") == 0);
}

static void follows_the_caller(void) {
    static const struct {
        const char *what, *root, *directory;
        bool directory_first;
        const char *name;
        uint32_t mask;
        const char *expected;
    } cases[] = {
        {"a path from the working directory", NULL, "inner", false, "../jail/inner", 0, "jail/inner"},
        {"one from the caller's root", "jail", NULL, false, "/inner", 0, "jail/inner"},
        {"one from a directory below that", "jail", "/inner", false, "deep", 0, "jail/inner/deep"},
        {"no way out of that root", "jail", "/inner", false, "../../../inner", 0, "jail/inner"},
        {"nor by an absolute link", "jail", "/inner", false, "../link", 0, "jail/inner"},
        {"a link for itself", "jail", "/inner", false, "../link", IN_DONT_FOLLOW, "jail/link"},
        {"a working directory outside of the root", "../jail", "inner", true, "../of-group", 0, "of-group"},
        {"nothing at an empty path", NULL, "inner", false, "", 0, NULL},
        {"nothing that is missing", "jail", NULL, false, "/closed", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct caller caller = {
            .root = cases[i].root, .directory = cases[i].directory, .directory_first = cases[i].directory_first};
        check(cases[i].what, leads(&caller, cases[i].name, cases[i].mask, cases[i].expected));
    }
}

static void asks_for_the_callers_rights(void) {
    const struct caller user = {.user = 1000, .group = 500};
    check("root enters a closed directory", leads(&(struct caller){0}, "closed/in", 0, "closed/in"));
    check("a user does not, whatever is in it", leads(&user, "closed/in", 0, NULL));
    check("whose group may, does", chdir(place) == 0 && chown("of-group", 0, 500) == 0 &&
                                       chmod("of-group", 0710) == 0 && leads(&user, "of-group/in", 0, "of-group/in"));
    check("another's does not", leads(&(struct caller){.user = 1000, .group = 501}, "of-group/in", 0, NULL));
}

static void keeps_to_the_process_it_read(void) {
    pid_t child = start(&(struct caller){.directory = "inner"}, ".");
    check("a caller", child > 0 && reads(child, IN_CREATE));
    int file = call_open(&call);
    check("has a watch added to its descriptor", file >= 0 && call_add_watch(&call, file, ".") > 0);
    end(child);
    check("and no other's once it has ended", call_add_watch(&call, file, ".") == -ESRCH);
    close(file);
    call_close(&call);
    check("of a thread that there is not, nothing is read", !reads(child, IN_CREATE));
    call_close(&call);
}

/* To be another, and in another root, takes root's rights. */
int main(void) {
    struct err err;
    set_up();
    if (geteuid() == 0) {
        follows_the_caller();
        asks_for_the_callers_rights();
        keeps_to_the_process_it_read();
    } else {
        pid_t child = start(&(struct caller){0}, ".");
        check("without rights of its own it leaves the call to the kernel",
              child > 0 && reads(child, IN_CREATE) && call_open(&call) < 0);
        call_close(&call);
        end(child);
    }
    if (chdir("/") == 0)
        remove_tree(AT_FDCWD, place, &err);
    return 0;
}
