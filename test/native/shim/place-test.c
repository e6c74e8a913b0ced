/* Tests where groups of VMMs are made, on hosts that are told of by their own words. */
#include "shim/group/place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../guest/check.h"
#include "shim/group/controllers.h"
#include "shim/group/group.h"
#include "shim/group/memory-files.h"

#define UNIFIED "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define ROOT_FS "24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"

/* Two hierarchies of version 1, and version 2 without a controller, as systemd mounts it beside them. */
#define HYBRID                                                                           \
    ROOT_FS "30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"        \
            "34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" \
            "40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

static const char *writable; /* the first that this user may write, and all below */
static int refusal;
static struct place place;
static struct err err;

static int may_write(const char *path) {
    return writable && strncmp(path, writable, strlen(writable)) == 0 ? 0 : refusal;
}

static int find(const char *mounts, const char *own, const char *allowed, int code) {
    FILE *file = fmemopen((char *)(uintptr_t)mounts, strlen(mounts), "r");
    writable = allowed;
    refusal = code;
    err.msg[0] = 0;
    int result = place_find(file, own, may_write, &place, &err);
    fclose(file);
    return result;
}

static bool finds(const char *mounts, const char *own, const char *allowed, const char *path) {
    return find(mounts, own, allowed, EACCES) == 0 && strcmp(place.path, path) == 0;
}

static void gives_the_topmost_group_that_may_be_written(void) {
    check("root has the whole tree, wherever it is",
          finds(ROOT_FS UNIFIED, "0::/user.slice/user-0.slice/session-3.scope\n", "/", "/sys/fs/cgroup"));
    check("another user has what systemd's user manager was given",
          finds(ROOT_FS UNIFIED, "0::/user.slice/user-1000.slice/user@1000.service/app.slice/a terminal.scope\n",
                "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service",
                "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service"));
    check("its own group may be the only one", finds(UNIFIED, "0::/a/b\n", "/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a/b"));
    check("a container with a cgroup namespace has its root", finds(UNIFIED, "0::/\n", "/", "/sys/fs/cgroup"));
    check("one without has what it was shown", finds("35 24 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
                                                     "0::/docker/abc/x\n", "/", "/sys/fs/cgroup"));
    check("a mount that shows another part is passed over",
          finds("35 24 0:30 /docker/ab /old rw - cgroup2 cgroup rw\n" UNIFIED, "0::/docker/abc\n", "/",
                "/sys/fs/cgroup"));
    check("a mount may have a blank in its path",
          finds("35 24 0:30 / /my\\040groups rw - cgroup2 cgroup rw\n", "0::/\n", "/", "/my groups"));
    check("version 1 may be beside it",
          finds(HYBRID, "4:memory:/user\n1:name=systemd:/\n0::/user\n", "/", "/sys/fs/cgroup/unified") &&
              place.controllers_elsewhere);
    check("a hierarchy of a name has no controllers",
          finds(UNIFIED, "1:name=elogind:/2\n0::/2\n", "/", "/sys/fs/cgroup") && !place.controllers_elsewhere);
}

static bool refuses(const char *mounts, const char *own, int code, int expected, const char *why) {
    return find(mounts, own, NULL, code) == -1 && err.code == expected && strcmp(err.msg, why) == 0;
}

static void says_why_there_is_none(void) {
    check("a session's group belongs to root",
          refuses(ROOT_FS UNIFIED, "0::/user.slice/user-1000.slice/session-3.scope\n", EACCES, EACCES,
                  "this user may write none of the control groups around this process, which is in "
                  "/user.slice/user-1000.slice/session-3.scope: Permission denied"));
    check("a container's groups can only be read",
          refuses(UNIFIED, "0::/\n", EROFS, EROFS,
                  "this user may write none of the control groups around this process, which is in /: "
                  "Read-only file system"));
    check("a host has version 1 alone",
          refuses(ROOT_FS, "4:memory:/user\n1:name=systemd:/\n", EACCES, EOPNOTSUPP, NEEDS_VERSION_2));
    check("nothing is mounted",
          refuses(ROOT_FS, "0::/\n", EACCES, EOPNOTSUPP, "no control groups of version 2 are mounted here"));
    check("a kernel has no groups",
          refuses(ROOT_FS, "", EACCES, EOPNOTSUPP, "no control groups of version 2 are mounted here"));
    check("a process is outside of its namespace",
          refuses(UNIFIED, "0::/../other\n", EACCES, ENOENT,
                  "this process is in a control group outside of its cgroup namespace"));
    check("lines that are none are passed over",
          refuses("35\n\n35 24 0:30 / /sys/fs/cgroup rw - \n35 24 0:30 / /x rw cgroup2 -\n", "0::/\n", EACCES,
                  EOPNOTSUPP, "no control groups of version 2 are mounted here"));
}

static void names_controllers(void) {
    char names[CONTROLLER_NAMES_BYTES];
    controllers_names(CONTROLLERS_NEEDED | CONTROLLER_IO, names);
    check("in one order", strcmp(names, "memory pids io") == 0);
    controllers_names(UINT32_MAX, names);
    check("all of them", strcmp(names, "memory pids cpu io") == 0);
    controllers_names(0, names);
    check("none", strcmp(names, "") == 0);
}

static void names_a_group_by_its_directory(void) {
    char name[GROUP_NAME_BYTES], expected[64];
    struct stat root;
    stat("/", &root);
    FILE *directory = fopen("/", "r");
    check("box, device and number", directory && group_name(name, "../a\nbox", fileno(directory), &err) == 0);
    snprintf(expected, sizeof expected, "..-a-box.%jx.%jx", (uintmax_t)root.st_dev, (uintmax_t)root.st_ino);
    check("without a way out", strcmp(name, expected) == 0);
    fclose(directory);
}

static uint64_t below(const char *mounts, const char *path) {
    FILE *file = fmemopen((char *)(uintptr_t)mounts, strlen(mounts), "r");
    uint64_t bytes = memory_below(file, path);
    fclose(file);
    return bytes;
}

/* /dev/shm is a tmpfs wherever tests run. */
static void counts_what_lies_in_memory(void) {
    struct statfs shm;
    check("there is a tmpfs", statfs("/dev/shm", &shm) == 0 && shm.f_type == 0x01021994);
    uint64_t size = shm.f_blocks * (uint64_t)shm.f_bsize;
    check("a volume that is in one", below("\n", "/dev/shm") == size);
    check("a volume that has one", below("25 24 0:30 / /dev/shm rw - tmpfs tmpfs rw\n", "/proc/self") == 0 &&
                                       below("25 24 0:30 / /dev/shm rw - tmpfs tmpfs rw\n", "/dev") >= size);
    check("which has another name only", below("25 24 0:30 / /dev/shmother rw - tmpfs x rw\n", "/dev/shm") == size);
    FILE *file = fopen("/dev/shm/boxlite-place-test", "w+");
    unlink("/dev/shm/boxlite-place-test");
    check("a file of one", file && ftruncate(fileno(file), 12345) == 0 && memory_of_file(fileno(file)) == 12345);
    fclose(file);
    file = fopen("/proc/self/cmdline", "r");
    check("no other", memory_of_file(fileno(file)) == 0);
    fclose(file);
}

int main(void) {
    gives_the_topmost_group_that_may_be_written();
    says_why_there_is_none();
    names_controllers();
    names_a_group_by_its_directory();
    counts_what_lies_in_memory();
    return 0;
}
