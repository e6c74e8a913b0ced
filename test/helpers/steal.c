/* Inspects every new process in its box, as early as it can, for descriptors that do not belong to the box. Usage:
 * steal STOP. Until a file STOP exists, it guesses the next process id again and again; then it prints, a line each,
 * how many processes it saw, how often it was refused, and what it got. The kernel refuses the box's root while the
 * process still belongs to the agent, but not a process with CAP_SYS_PTRACE. A new process may therefore hold only its
 * own streams, the pipe of its report, and its cgroup as the box sees it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NUMBERS = 24, AHEAD = 8, STREAMS = 3, LINE = 160, MOST_LINES = 64, LOOKS = 24, RESYNC_TURNS = 64 };

static char got[MOST_LINES][LINE];
static int got_count, seen, refused;

static void note(const char *what, const char *name) {
    char line[LINE];
    snprintf(line, sizeof line, "got %s %s", what, name);
    for (int i = 0; i < got_count; i++)
        if (strcmp(got[i], line) == 0)
            return;
    if (got_count < MOST_LINES)
        strcpy(got[got_count++], line);
}

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* A directory belongs to the box if it has no parent and is not a cgroup that can be written to. */
static void judge_directory(int fd, const char *name) {
    struct stat own, above;
    int procs = openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (procs >= 0)
        note("a cgroup to write to:", name);
    if (procs >= 0)
        close(procs);
    if (fstat(fd, &own) == 0 && fstatat(fd, "..", &above, 0) == 0 &&
        (own.st_ino != above.st_ino || own.st_dev != above.st_dev))
        note("a way out:", name);
}

static bool is_file_of_box(const struct stat *found, const char *path) {
    struct stat box;
    return stat(path, &box) == 0 && box.st_dev == found->st_dev && box.st_ino == found->st_ino;
}

static void judge(int number, int fd) {
    char path[48], target[128];
    struct stat st;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(path, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = 0;
    if (fstat(fd, &st))
        return;
    bool device = number < STREAMS && begins(target, "/dev/");
    if (S_ISDIR(st.st_mode))
        judge_directory(fd, target);
    else if (!S_ISFIFO(st.st_mode) && !device && !is_file_of_box(&st, target))
        note("a descriptor:", target);
}

static void take_link(const char *directory, const char *name, const char *mine) {
    char path[64], target[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0) {
        refused += errno == EACCES || errno == EPERM;
        return;
    }
    target[size] = 0;
    if (!begins(target, mine) || strstr(target, "unreachable"))
        note(name, target);
}

static void look_into(int pid, int pidfd) {
    char directory[32], path[64];
    snprintf(directory, sizeof directory, "/proc/%d", pid);
    for (int number = 0; number < NUMBERS; number++) {
        int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
        if (fd >= 0)
            judge(number, fd);
        if (fd >= 0)
            close(fd);
    }
    for (int number = STREAMS; number < NUMBERS; number++) {
        snprintf(path, sizeof path, "%s/fd/%d", directory, number);
        int fd = open(path, O_PATH | O_CLOEXEC);
        if (fd >= 0)
            judge(number, fd);
        if (fd >= 0)
            close(fd);
    }
    take_link(directory, "cwd", "/");
    take_link(directory, "root", "/");
    snprintf(path, sizeof path, "%s/cwd/..", directory);
    int above = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0) {
        struct stat st, root;
        if (fstat(above, &st) == 0 && stat("/", &root) == 0 && st.st_dev != root.st_dev)
            note("a directory above", "cwd");
        close(above);
    }
}

/* Retries while the kernel refuses; once it grants one descriptor, inspects the others. */
static void watch(int pid, int pidfd) {
    seen++;
    for (int look = 0; look < LOOKS; look++) {
        int fd = (int)syscall(SYS_pidfd_getfd, pidfd, STREAMS, 0);
        if (fd < 0 && errno == ESRCH)
            return;
        if (fd >= 0)
            judge(STREAMS, fd);
        if (fd >= 0)
            close(fd);
        if (fd < 0 && errno == EPERM)
            refused++;
        else
            look_into(pid, pidfd);
    }
}

/* The id of the box's newest process. */
static int newest(void) {
    char text[128] = "";
    int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
        text[0] = 0;
    close(fd);
    char *last = strrchr(text, ' ');
    return last ? atoi(last) : 0;
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    int last = newest();
    printf("looking\n");
    fflush(stdout);
    for (int turns = 1; turns % RESYNC_TURNS || access(argv[1], F_OK); turns++) {
        if (turns % RESYNC_TURNS == 0)
            last = newest();
        for (int pid = last + 1; pid <= last + AHEAD; pid++) {
            int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
            if (pidfd < 0)
                continue;
            watch(pid, pidfd);
            close(pidfd);
            last = pid;
        }
    }
    printf("seen %d\nrefused %d\n", seen, refused);
    for (int i = 0; i < got_count; i++)
        printf("%s\n", got[i]);
    return 0;
}
