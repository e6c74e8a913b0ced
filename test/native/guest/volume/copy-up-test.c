#include "guest/volume/copy-up.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../check.h"
#include "archive/copy/copy-tree.h"
#include "guest/volume/remove-tree.h"

enum { OLD = 1000000000 };

static int top, image, volume;
static struct err err;

static void fail_here(const char *what) {
    perror(what);
    exit(2);
}

static int directory(const char *path) {
    int fd = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail_here(path);
    return fd;
}

/* A new image and a new volume, both empty. */
static void begin(void) {
    if (image > 0)
        close(image);
    if (volume > 0)
        close(volume);
    if (remove_tree(top, "image", &err) || remove_tree(top, "volume", &err) || mkdirat(top, "image", 0755) ||
        mkdirat(top, "volume", 0755))
        fail_here("begin");
    image = directory("image");
    volume = directory("volume");
}

static void put_file(int at, const char *name, const char *text) {
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
        fail_here(name);
}

/* The directory in it, in place of the open one. */
static int replaced(int at, const char *name) {
    int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (next < 0)
        fail_here(name);
    close(at);
    return next;
}

static bool holds(int at, const char *name, const char *text) {
    char found[64] = {0};
    int fd = openat(at, name, O_RDONLY | O_NOFOLLOW);
    ssize_t size = fd < 0 ? -1 : read(fd, found, sizeof found - 1);
    if (fd >= 0)
        close(fd);
    return size == (ssize_t)strlen(text) && strcmp(found, text) == 0;
}

static struct stat look(int at, const char *name) {
    struct stat st = {0};
    fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW);
    return st;
}

static bool exists(int at, const char *name) { return look(at, name).st_mode != 0; }

static bool copied(void) {
    bool done = copy_up(image, volume, false, &err) == 0;
    if (!done)
        fprintf(stderr, "%s\n", err.msg);
    return done;
}

static void test_kinds(void) {
    const struct timespec old[] = {{.tv_sec = OLD}, {.tv_sec = OLD, .tv_nsec = 7}};
    char target[64];
    bool root = geteuid() == 0;
    begin();
    put_file(image, "file", "text");
    bool labelled = fsetxattr(image, "user.top", "t", 1, 0) == 0;
    if (mkdirat(image, "closed", 0755))
        fail_here("mkdir");
    int closed = openat(image, "closed", O_RDONLY | O_DIRECTORY);
    put_file(closed, "inner", "inside");
    if (root && (fchownat(image, "file", 70, 71, 0) || fchownat(closed, "inner", 72, 73, 0) || fchown(image, 74, 75) ||
                 mknodat(image, "device", S_IFCHR | 0640, makedev(1, 7))))
        fail_here("chown");
    if (fchmodat(image, "file", 06751, 0) || utimensat(image, "file", old, 0) ||
        symlinkat("/etc/passwd", image, "out") || symlinkat("round", image, "round") ||
        linkat(image, "file", closed, "other", 0) || mkfifoat(image, "fifo", 0640) || utimensat(closed, ".", old, 0) ||
        fchmod(closed, 0500) || utimensat(image, "out", old, AT_SYMLINK_NOFOLLOW) || fchmod(image, 01770) ||
        futimens(image, old))
        fail_here("make the image");
    if (labelled) {
        int file = openat(image, "file", O_RDONLY);
        fsetxattr(file, "user.x", "value", 5, 0);
        close(file);
    }
    check("an image's directory is copied", copied());
    struct stat file = look(volume, "file"), link = look(volume, "out"), dir = look(volume, "closed");
    check("a file has its content, mode and time", holds(volume, "file", "text") && (file.st_mode & 07777) == 06751 &&
                                                       file.st_mtim.tv_sec == OLD && file.st_mtim.tv_nsec == 7);
    check("a link stays a link, and has its time", readlinkat(volume, "out", target, sizeof target) == 11 &&
                                                       memcmp(target, "/etc/passwd", 11) == 0 &&
                                                       link.st_mtim.tv_sec == OLD);
    check("a link to itself is copied as it is", S_ISLNK(look(volume, "round").st_mode));
    check("a directory that nobody may write to is copied with its time",
          (dir.st_mode & 07777) == 0500 && dir.st_mtim.tv_sec == OLD && holds(volume, "closed/inner", "inside"));
    check("two names of one file stay that", look(volume, "closed/other").st_ino == file.st_ino && file.st_nlink == 2);
    check("a FIFO is copied, and not opened",
          S_ISFIFO(look(volume, "fifo").st_mode) && (look(volume, "fifo").st_mode & 0777) == 0640);
    struct stat self = look(volume, ".");
    check("the volume has the directory's mode and time",
          (self.st_mode & 07777) == 01770 && self.st_mtim.tv_sec == OLD);
    check("nothing else is in the volume", !exists(volume, COPY_UNFINISHED) && !exists(volume, COPY_FINISHED));
    if (labelled) {
        char value[8];
        int copy = openat(volume, "file", O_RDONLY);
        check("attributes are copied, the directory's own as well",
              fgetxattr(copy, "user.x", value, sizeof value) == 5 && memcmp(value, "value", 5) == 0 &&
                  fgetxattr(volume, "user.top", value, sizeof value) == 1);
        close(copy);
    }
    if (root) {
        struct stat inner = look(volume, "closed/inner"), device = look(volume, "device");
        check("owners are copied", file.st_uid == 70 && file.st_gid == 71 && inner.st_uid == 72 && inner.st_gid == 73 &&
                                       self.st_uid == 74 && self.st_gid == 75);
        check("a device is copied as a node",
              S_ISCHR(device.st_mode) && (device.st_mode & 0777) == 0640 && device.st_rdev == makedev(1, 7));
    }
    close(closed);
}

static void test_names(void) {
    char longest[256], deep[] = "d";
    memset(longest, 'n', 255);
    longest[255] = 0;
    begin();
    put_file(image, longest, "long");
    put_file(image, " \n\xff", "odd");
    int at = dup(image);
    for (int i = 0; i < 600; i++) {
        if (mkdirat(at, i % 40 ? deep : longest + 1, 0755))
            fail_here("deep");
        int next = openat(at, i % 40 ? deep : longest + 1, O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    put_file(at, "bottom", "far");
    linkat(at, "bottom", at, "again", 0);
    close(at);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fchdir(image) || bind(server, (struct sockaddr *)&address, sizeof address))
        fail_here("bind");
    close(server);
    check("long and odd names and a deep tree are copied", copied());
    check("names are bytes", holds(volume, longest, "long") && holds(volume, " \n\xff", "odd"));
    at = dup(volume);
    for (int i = 0; i < 600; i++) {
        int next = openat(at, i % 40 ? deep : longest + 1, O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    check("names longer than a path are copied, two names of a file then as two",
          holds(at, "bottom", "far") && holds(at, "again", "far"));
    close(at);
    check("a socket is left out", !exists(volume, "socket"));
}

static void test_not_empty(void) {
    begin();
    put_file(image, "file", "image's");
    put_file(volume, "own", "box's");
    fchmod(image, 0700);
    check("a volume that has something stays as it is", copied() && !exists(volume, "file") &&
                                                            holds(volume, "own", "box's") &&
                                                            (look(volume, ".").st_mode & 0777) == 0755);
    begin();
    fchmod(image, 0710);
    check("an empty directory gives its mode alone", copied() && (look(volume, ".").st_mode & 0777) == 0710);
}

static void test_interrupted(void) {
    begin();
    put_file(image, "file", "image's");
    mkdirat(volume, COPY_UNFINISHED, 0700);
    int left = openat(volume, COPY_UNFINISHED, O_RDONLY | O_DIRECTORY);
    put_file(left, "half", "");
    mkdirat(left, "below", 0500);
    symlinkat("../../image", left, "link");
    close(left);
    check("what an interrupted copy has left gives way to a new one",
          copied() && holds(volume, "file", "image's") && !exists(volume, COPY_UNFINISHED) && !exists(volume, "half"));
    check("its links were not followed", holds(image, "file", "image's"));

    begin();
    put_file(image, "file", "newer");
    put_file(image, "moved", "image's");
    mkdirat(volume, COPY_FINISHED, 0700);
    left = openat(volume, COPY_FINISHED, O_RDONLY | O_DIRECTORY);
    put_file(left, "file", "copied");
    put_file(left, "taken", "copied");
    close(left);
    put_file(volume, "taken", "another box's");
    put_file(volume, "moved", "before");
    check("a whole copy is moved to its place later", copied() && holds(volume, "file", "copied") &&
                                                          holds(volume, "moved", "before") &&
                                                          !exists(volume, COPY_FINISHED));
    check("what another box has made meanwhile stays", holds(volume, "taken", "another box's"));

    begin();
    put_file(image, "file", "image's");
    mkdirat(volume, COPY_FINISHED, 0700);
    left = openat(volume, COPY_FINISHED, O_RDONLY | O_DIRECTORY);
    put_file(left, "a", "one file");
    linkat(left, "a", left, "b", 0);
    symlinkat("nowhere", left, "link");
    mkfifoat(left, "fifo", 0600);
    mkdirat(left, "closed", 0500);
    close(left);
    check("all kinds are moved, and nothing stays behind",
          copied() && holds(volume, "a", "one file") && look(volume, "a").st_ino == look(volume, "b").st_ino &&
              look(volume, "a").st_nlink == 2 && S_ISLNK(look(volume, "link").st_mode) &&
              S_ISFIFO(look(volume, "fifo").st_mode) && (look(volume, "closed").st_mode & 07777) == 0500 &&
              !exists(volume, COPY_FINISHED));

    begin();
    put_file(image, "file", "image's");
    symlinkat("../image", volume, COPY_FINISHED);
    check("a link in place of a copy is not followed",
          copied() && holds(image, "file", "image's") && !exists(volume, "file"));
}

/* Too deep for remove_tree. */
static void put_leftover(const char *name) {
    mkdirat(volume, name, 0700);
    int at = openat(volume, name, O_RDONLY | O_DIRECTORY);
    put_file(at, "file", "left");
    mkdirat(at, "d", 0700);
    at = replaced(at, "d");
    for (int i = 0; i <= 2 * COPY_MOST_DEPTH; i++) {
        mkdirat(at, "d", 0700);
        at = replaced(at, "d");
    }
    close(at);
}

/* Half of it goes up to the top, so that both halves can be removed. */
static void remove_leftover(const char *path) {
    int at = dup(volume);
    for (int i = 0; i < COPY_MOST_DEPTH; i++)
        at = replaced(at, i ? "d" : path);
    if (renameat(at, "d", volume, "rest"))
        fail_here("rename");
    close(at);
}

static void test_leftovers(void) {
    begin();
    put_file(image, "file", "image's");
    put_leftover(COPY_UNFINISHED);
    check("a leftover that can't be removed is something in the volume",
          copied() && exists(volume, COPY_UNFINISHED) && !exists(volume, "file"));
    remove_leftover(COPY_UNFINISHED);

    begin();
    mkdirat(volume, "d", 0700);
    put_leftover(COPY_FINISHED);
    check("nor does what was moved fail because of one", copied() && holds(volume, "file", "left"));
    remove_leftover(COPY_FINISHED);
}

static void test_failures(void) {
    char piece[65536] = {0};
    begin();
    put_file(image, "a", "first");
    int fd = openat(image, "b", O_WRONLY | O_CREAT, 0644);
    for (int i = 0; i < 32; i++)
        if (write(fd, piece, sizeof piece) != (ssize_t)sizeof piece)
            fail_here("write");
    close(fd);
    const struct rlimit limit = {1 << 20, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    bool failed = copy_up(image, volume, false, &err) != 0;
    setrlimit(RLIMIT_FSIZE, &none);
    check("a copy that finds no room fails and names the file", failed && err.code == EFBIG && strstr(err.msg, " b "));
    check("and leaves the volume empty", !exists(volume, "a") && !exists(volume, COPY_UNFINISHED));
    check("so that the next one is whole", copied() && look(volume, "b").st_size == 32 * (off_t)sizeof piece);

    begin();
    int at = dup(image);
    for (int i = 0; i <= COPY_MOST_DEPTH; i++) {
        mkdirat(at, "d", 0755);
        int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
        close(at);
        at = next;
    }
    close(at);
    check("a tree without an end is refused", copy_up(image, volume, false, &err) != 0 && err.code == ELOOP);
    check("and nothing of it stays", !exists(volume, "d") && !exists(volume, COPY_UNFINISHED));
}

int main(void) {
    char path[] = "/var/tmp/boxlite-copy-up-XXXXXX";
    struct rlimit files;
    if (!mkdtemp(path) || getrlimit(RLIMIT_NOFILE, &files))
        fail_here(path);
    files.rlim_cur = files.rlim_max; /* as the agent has */
    setrlimit(RLIMIT_NOFILE, &files);
    top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    test_kinds();
    test_names();
    test_not_empty();
    test_interrupted();
    test_leftovers();
    test_failures();
    int parent = open("/var/tmp", O_RDONLY | O_DIRECTORY);
    check("what was made is removed", remove_tree(parent, strrchr(path, '/') + 1, &err) == 0);
    return 0;
}
