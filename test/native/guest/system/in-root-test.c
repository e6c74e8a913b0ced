#include "guest/system/in-root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"

static int root, outside;

static bool opens(const char *path, bool directory) {
    struct err err;
    int fd = in_root_open(root, path, directory, &err);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int code(const char *path, bool directory) {
    struct err err = {.code = 0};
    int fd = in_root_open(root, path, directory, &err);
    if (fd >= 0)
        close(fd);
    else
        check("the error names the path", strstr(err.msg, path) != NULL);
    return err.code;
}

static mode_t kind(int at, const char *path) {
    struct stat st;
    return fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_mode & S_IFMT;
}

int main(void) {
    char top[] = "/tmp/boxlite-in-root-XXXXXX";
    if (!mkdtemp(top) || chdir(top) || mkdir("root", 0755) || mkdir("outside", 0755))
        return 2;
    root = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    outside = open("outside", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || outside < 0)
        return 2;

    check("what is missing is made", opens("/etc/deep/hosts", false) && kind(root, "etc/deep/hosts") == S_IFREG);
    check("a directory is made", opens("/dev", true) && kind(root, "dev") == S_IFDIR);
    check("what is there is opened", opens("/etc/deep/hosts", false) && opens("/dev/", true));

    symlinkat("/run/resolve/conf", root, "absolute");
    check("where an absolute link leads to nothing, it is made",
          opens("/absolute", false) && kind(root, "run/resolve/conf") == S_IFREG);
    symlinkat("../../run/relative", root, "etc/relative");
    check("a relative link counts from its own directory and ends at the root",
          opens("/etc/relative", false) && kind(root, "run/relative") == S_IFREG);
    symlinkat("moved", root, "linked");
    check("a directory that is a link to nothing is made there",
          opens("/linked/hosts", false) && kind(root, "moved/hosts") == S_IFREG);

    symlinkat("../../outside", root, "climber");
    check("no “..” leads out",
          opens("/climber/file", false) && kind(outside, "file") == 0 && kind(root, "outside/file") == S_IFREG);
    char absolute[64];
    snprintf(absolute, sizeof absolute, "%s/outside", top);
    symlinkat(absolute, root, "host");
    check("no absolute link leads out", opens("/host/file", false) && kind(outside, "file") == 0);

    symlinkat("/nowhere/../../hosts", root, "dots");
    check("“..” in what is missing is no name to make", opens("/dots", false) && kind(root, "hosts") == S_IFREG);

    mkdirat(root, "x", 0755);
    symlinkat("/x/../../../y/z", root, "around");
    check("a link through “..” to nothing is followed",
          opens("/around/hosts", false) && kind(root, "y/z/hosts") == S_IFREG);

    symlinkat("b", root, "a");
    symlinkat("a", root, "b");
    check("links that go round end", code("/a", false) == ELOOP && code("/a/hosts", false) == ELOOP);
    symlinkat("grows/x", root, "grows");
    check("a link that grows ends", code("/grows", false) == ELOOP);
    check("a way through a file ends", code("/etc/deep/hosts/more", false) == ENOTDIR);
    check("a directory is no file", code("/etc", false) == ENOTDIR);
    check("a file is no directory", code("/etc/deep/hosts", true) == ENOTDIR);
    mkfifoat(root, "fifo", 0600);
    check("a FIFO is not waited for", opens("/fifo", false));

    char longest[4400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    check("a name too long ends", !opens(longest, false) && !opens(longest + sizeof longest - 301, false));

    int proc = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    char magic[64];
    snprintf(magic, sizeof magic, "/proc/self/fd/%d/file", outside);
    struct err err;
    check("no link of /proc leads out",
          in_root_open(proc, magic, false, &err) < 0 && err.code == ELOOP && kind(outside, "file") == 0);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command) ? 2 : 0;
}
