/* Makes system calls on the files of a volume. It runs in the box and is linked statically. Each command prints its
 * results, a word or number a line, or the name of the errno that ended it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int tell(const char *what, long result) {
    if (result < 0)
        printf("%s %s\n", what, strerrorname_np(errno));
    else
        printf("%s ok\n", what);
    return 0;
}

/* An open file is kept when its name is removed, and its name stays gone. */
static int unlinked(void) {
    char text[8] = "";
    struct stat st;
    const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 6}};
    int fd = open("gone", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, "kept", 4) != 4)
        return tell("open", -1);
    tell("unlink", unlink("gone"));
    tell("pread", pread(fd, text, 4, 0));
    tell("same", strcmp(text, "kept") ? -1 : 0);
    tell("pwrite", pwrite(fd, "more", 4, 4));
    tell("ftruncate", ftruncate(fd, 2));
    tell("fchmod", fchmod(fd, 0640));
    tell("fchown", fchown(fd, getuid(), getgid()));
    tell("futimens", futimens(fd, times));
    tell("fstat", fstat(fd, &st));
    printf("size %d mode %o modified %d\n", (int)st.st_size, st.st_mode & 07777U, (int)st.st_mtime);
    tell("stat", stat("gone", &st));
    tell("chmod", chmod("gone", 0600));
    tell("truncate", truncate("gone", 0));
    return tell("again", open("gone", O_RDWR | O_CREAT | O_EXCL, 0600));
}

/* The name that an open file loses is not the one it was opened under, or not its only one. */
static int unlinked_after(void) {
    struct stat st;
    int fd = open("moved", O_RDWR | O_CREAT, 0600);
    tell("rename", mkdir("place", 0755) || rename("moved", "place/under") || rename("place", "moved") ? -1 : 0);
    tell("unlink", unlink("moved/under"));
    tell("ftruncate", ftruncate(fd, 3));
    tell("fchmod", fchmod(fd, 0640));
    fd = open("one", O_RDWR | O_CREAT, 0600);
    tell("link", link("one", "other") || unlink("one") ? -1 : 0);
    tell("ftruncate", ftruncate(fd, 3));
    tell("stat", stat("other", &st));
    printf("size %d\n", (int)st.st_size);
    return 0;
}

static bool has_entry(const char *name) {
    bool found = false;
    DIR *directory = opendir(".");
    for (struct dirent *entry; directory && !found && (entry = readdir(directory));)
        found = strcmp(entry->d_name, name) == 0;
    if (directory)
        closedir(directory);
    return found;
}

/* Goes on when somebody else has removed the file or renamed it. */
static int unlinked_elsewhere(void) {
    int fd = open("elsewhere", O_RDWR | O_CREAT, 0600);
    while (has_entry("elsewhere"))
        ;
    tell("ftruncate", ftruncate(fd, 5));
    return tell("fchmod", fchmod(fd, 0640));
}

/* Nobody can tell which of them is meant. */
static int unlinked_twice(void) {
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = open("twice", O_RDWR | O_CREAT | O_EXCL, 0600);
        tell("unlink", unlink("twice"));
    }
    tell("ftruncate", ftruncate(fds[0], 3));
    close(fds[1]);
    return tell("ftruncate", ftruncate(fds[0], 3));
}

static int mapped(void) {
    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || ftruncate(fd, 8192))
        return tell("open", -1);
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return tell("mmap", -1);
    pid_t child = fork();
    if (child == 0) {
        memcpy(memory + 4096, "child", 5);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    memcpy(memory, "parent", 6);
    tell("shared", memcmp(memory + 4096, "child", 5) ? -1 : 0);
    tell("msync", msync(memory, 8192, MS_SYNC));
    char text[8] = "";
    tell("read", pread(fd, text, 6, 0));
    return tell("same", strcmp(text, "parent") ? -1 : 0);
}

/* Returns 0 if another process can't take the lock that this one holds. */
static int refused(int (*lock)(int), int fd) {
    if (lock(fd))
        return -1;
    pid_t child = fork();
    if (child == 0) {
        int own = open("locked", O_RDWR);
        _exit(own >= 0 && lock(own) && (errno == EAGAIN || errno == EACCES) ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return status ? -1 : 0;
}

static int by_flock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

static int by_fcntl(int fd) {
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_SETLK, &all);
}

static int locked(void) {
    int fd = open("locked", O_RDWR | O_CREAT, 0644);
    errno = 0;
    tell("flock", refused(by_flock, fd));
    /* On 9p, flock takes the same kind of lock as fcntl. */
    flock(fd, LOCK_UN);
    return tell("fcntl", refused(by_fcntl, fd));
}

static int renamed(void) {
    mkdir("from", 0755);
    mkdir("to", 0755);
    close(open("from/a", O_WRONLY | O_CREAT, 0644));
    close(open("to/b", O_WRONLY | O_CREAT, 0644));
    tell("file", rename("from/a", "to/a"));
    tell("over", rename("to/a", "to/b"));
    tell("directory", rename("from", "to/from"));
    tell("exchange", renameat2(AT_FDCWD, "to/b", AT_FDCWD, "to/from", RENAME_EXCHANGE));
    int fd = open("open", O_RDWR | O_CREAT, 0644);
    tell("opened", rename("open", "to/open"));
    tell("write", write(fd, "after", 5));
    struct stat st;
    return tell("fstat", fstat(fd, &st));
}

static int many(int count) {
    char name[32];
    if (mkdir("many", 0755))
        return tell("mkdir", -1);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "many/%06d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0 || write(fd, name, 11) != 11 || close(fd))
            return tell(name, -1);
    }
    return 0;
}

static int counted(void) {
    int seen = 0;
    DIR *directory = opendir(".");
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        seen += entry->d_name[0] != '.';
    printf("%d\n", seen);
    return 0;
}

static int made(void) {
    tell("fifo", mkfifo("fifo", 0644));
    tell("socket", mknod("socket", S_IFSOCK | 0644, 0));
    tell("character", mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    tell("block", mknod("disk", S_IFBLK | 0666, makedev(254, 0)));
    tell("symlink", symlink("/etc/passwd", "symlink"));
    close(open("one", O_WRONLY | O_CREAT, 0644));
    tell("link", link("one", "two"));
    struct stat st;
    stat("two", &st);
    printf("links %d\n", (int)st.st_nlink);
    tell("bytes", open("\xff\xfe\x80", O_WRONLY | O_CREAT, 0644));
    char name[NAME_MAX + 1] = "";
    memset(name, 'n', NAME_MAX);
    return tell("long", open(name, O_WRONLY | O_CREAT, 0644));
}

static int connected(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "service.sock"};
    const struct sockaddr *name = (const struct sockaddr *)&address;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    tell("bind", bind(server, name, sizeof address));
    tell("listen", listen(server, 1));
    return tell("connect", connect(client, name, sizeof address));
}

static int set_ids(void) {
    tell("open", open("suid", O_WRONLY | O_CREAT, 04755));
    tell("open-group", open("sgid", O_WRONLY | O_CREAT, 02755));
    close(open("plain", O_WRONLY | O_CREAT, 0755));
    tell("chmod", chmod("plain", 04755));
    tell("chmod-group", chmod("plain", 02755));
    tell("fchmod", fchmod(open("plain", O_RDONLY), 06755));
    tell("mknod", mknod("node", S_IFREG | 04755, 0));
    tell("fifo", mknod("fifo", S_IFIFO | 04755, 0));
    tell("mkdir", mkdir("directory", 0755));
    tell("directory", chmod("directory", 02755));
    tell("in-set-group", mkdir("grouped/sub", 0755));
    return tell("sticky", mkdir("sticky", 01777) || chmod("sticky", 01777) ? -1 : 0);
}

/* One process replaces a directory with a link and back while the other opens files through it. The link's target
 * exists on the host and in the box; a file "found" in each tells which one it is. */
static int swapped(int rounds, const char *outside) {
    mkdir("real", 0755);
    int fd = open("real/found", O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || write(fd, "mine", 4) != 4 || symlink(outside, "link"))
        return tell("prepare", -1);
    pid_t swapper = fork();
    if (swapper == 0)
        for (;;) {
            rename("real", "place");
            rename("place", "real");
            rename("link", "place");
            rename("place", "link");
        }
    int mine = 0, box = 0, host = 0, made = 0;
    /* Continues until the directory was found at least once: on a busy host the two may miss each other for long. */
    for (int i = 0; i < rounds || (!mine && i < 100 * rounds); i++) {
        int found = open("place/found", O_RDONLY);
        char text[8] = "";
        if (found >= 0 && read(found, text, 4) == 4) {
            mine += strcmp(text, "mine") == 0;
            box += strcmp(text, "box\n") == 0;
            host += strcmp(text, "host") == 0;
        }
        if (found >= 0)
            close(found);
        found = open("place/escaped", O_WRONLY | O_CREAT, 0644);
        made += found >= 0;
        if (found >= 0)
            close(found);
    }
    kill(swapper, 9);
    waitpid(swapper, NULL, 0);
    printf("mine %s\nbox %s\nhost %d\nmade %s\n", mine ? "some" : "none", box ? "some" : "none", host,
           made ? "some" : "none");
    return 0;
}

int main(int argc, char **argv) {
    const char *command = argc > 2 ? argv[2] : "";
    int number = argc > 3 ? atoi(argv[3]) : 0;
    umask(0);
    if (argc < 3 || chdir(argv[1]))
        return 2;
    if (strcmp(command, "unlinked") == 0)
        return unlinked();
    if (strcmp(command, "unlinked-after") == 0)
        return unlinked_after();
    if (strcmp(command, "unlinked-elsewhere") == 0)
        return unlinked_elsewhere();
    if (strcmp(command, "unlinked-twice") == 0)
        return unlinked_twice();
    if (strcmp(command, "mapped") == 0)
        return mapped();
    if (strcmp(command, "locked") == 0)
        return locked();
    if (strcmp(command, "renamed") == 0)
        return renamed();
    if (strcmp(command, "many") == 0)
        return many(number);
    if (strcmp(command, "counted") == 0)
        return counted();
    if (strcmp(command, "made") == 0)
        return made();
    if (strcmp(command, "connected") == 0)
        return connected();
    if (strcmp(command, "set-ids") == 0)
        return set_ids();
    if (strcmp(command, "swapped") == 0)
        return swapped(number, argc > 4 ? argv[4] : "/");
    return 2;
}
