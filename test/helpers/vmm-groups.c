/* Runs in a privileged box, whose kernel has control groups of version 2 whatever the host has: the shim's groups, and
 * the shim itself with a stand-in for its VMM. Each scene prints the facts that hold. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../native/guest/check.h"
#include "shim/group/controllers.h"
#include "shim/group/group.h"
#include "shim/group/look.h"

#define TREE "/sys/fs/cgroup"
#define ALL TREE "/" GROUP_OF_ALL
#define GIVEN TREE "/users/given"

enum { MIB = 1 << 20, USER = 1000 };

static const struct bounds small = {.memory = 48 * MIB, .tasks = 8, .cpu_weight = 39};
static struct err err;

static void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        printf("%s: %s\n", path, strerror(errno));
    close(fd);
}

static bool holds(const char *group, const char *file, const char *text) {
    char path[PATH_MAX + 64], found[256];
    snprintf(path, sizeof path, "%s/%s", group, file);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, found, sizeof found - 1);
    found[n < 0 ? 0 : n] = 0;
    close(fd);
    return strcmp(found, text) == 0;
}

static int count_in(const char *all) {
    int count = 0;
    DIR *directory = opendir(all);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
    if (directory)
        closedir(directory);
    return count;
}

/* How many groups of VMMs there are, root's and the other user's. */
static int count_groups(void) { return count_in(ALL) + count_in(GIVEN "/" GROUP_OF_ALL); }

_Noreturn static void eat_memory(void) {
    for (;;) {
        char *more = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED)
            _exit(1);
        memset(more, 1, MIB);
    }
}

_Noreturn static void idle(void) {
    for (;;)
        pause();
}

/* Children that stay, until no more are allowed; their number is the status. */
_Noreturn static void multiply(void) {
    for (int count = 0;; count++) {
        pid_t pid = fork();
        if (pid == 0)
            idle();
        if (pid < 0)
            _exit(errno == EAGAIN ? count : 100);
    }
}

static pid_t begin(const struct vmm_group *group, void (*what)(void)) {
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)group->fd};
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        /* As exec would: its lock is the supervisor's. */
        close(group->fd);
        what();
    }
    return pid;
}

static void busy(void) {
    struct vmm_group group;
    char path[PATH_MAX], controllers[CONTROLLER_NAMES_BYTES];
    check("a group with processes of its own passes nothing on",
          group_make(&group, "box", &small, &err) == -1 && err.code == EBUSY);
    check("it is named",
          strcmp(err.msg, "the control group " TREE ", which has processes of its own, can't pass memory "
                          "on: Device or resource busy") == 0);
    check("who only looks says so", group_look(path, controllers, &err) == -1 && err.code == EBUSY);
    check("nothing is left behind", access(ALL, F_OK) == -1);
}

static void bounds(void) {
    struct vmm_group group, other;
    char path[PATH_MAX], controllers[CONTROLLER_NAMES_BYTES];
    check("it could be made", group_look(path, controllers, &err) == 0 && strcmp(path, ALL) == 0);
    check("and would have all controllers", strcmp(controllers, "memory pids cpu io") == 0);
    check("it is made", group_make(&group, "box", &small, &err) == 0 && strcmp(group.path, ALL "/box") == 0);
    check("its memory is bounded", holds(group.path, "memory.max", "50331648\n"));
    check("its processes", holds(group.path, "pids.max", "8\n"));
    check("its share of the processor", holds(group.path, "cpu.weight", "39\n"));
    check("it ends as a whole", holds(group.path, "memory.oom.group", "1\n"));
    check("it has all controllers", group.controllers == (CONTROLLERS_NEEDED | CONTROLLER_CPU | CONTROLLER_IO));
    check("all boxes weigh as much as one group of the host's", holds(ALL, "cpu.weight", "100\n"));
    const struct bounds open_ended = {.memory = UNBOUNDED, .tasks = 64};
    check("another is made", group_make(&other, "other", &open_ended, &err) == 0);
    check("which has what it was given, and the kernel's weight",
          holds(other.path, "memory.max", "max\n") && holds(other.path, "cpu.weight", "100\n"));
    pid_t neighbour = begin(&other, idle), greedy = begin(&group, eat_memory);
    int status;
    check("who takes more memory is killed",
          waitpid(greedy, &status, 0) == greedy && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check("which is known for its bound's fault", group_shortage(&group) == SHORTAGE_OF_BOUND);
    check("nobody else is", waitpid(neighbour, &status, WNOHANG) == 0 && group_shortage(&other) == SHORTAGE_NONE);
    group_end(&group);
    check("it is removed", count_groups() == 1);
    group_end(&other);
    check("with what runs in it",
          count_groups() == 0 && waitpid(neighbour, &status, 0) == neighbour && WIFSIGNALED(status));
}

static void tasks(void) {
    struct vmm_group group;
    int status;
    check("it is made", group_make(&group, "box", &small, &err) == 0);
    pid_t pid = begin(&group, multiply);
    check("there are as many processes as it may have",
          waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == (int)small.tasks - 1);
    group_end(&group);
    check("all end with it", count_groups() == 0);
}

/* A supervisor that has a group with a process, until it is killed. */
static pid_t supervise(const char *name) {
    int ready[2];
    char byte;
    if (pipe(ready))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct vmm_group group;
        if (group_make(&group, name, &small, &err) || begin(&group, idle) < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        idle();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        pid = -1;
    close(ready[0]);
    return pid;
}

static void end_process(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void left(void) {
    struct vmm_group group;
    pid_t first = supervise("box"), second = supervise("lost"), third = supervise("kept");
    check("supervisors have groups", first > 0 && second > 0 && third > 0 && count_groups() == 3);
    check("nobody else gets one of them",
          group_make(&group, "box", &small, &err) == -1 && err.code == EBUSY && count_groups() == 3);
    end_process(first);
    end_process(second);
    check("a killed one leaves it", count_groups() == 3);
    check("which the next start of its box takes over, without what ran in it",
          group_make(&group, "box", &small, &err) == 0 && holds(group.path, "cgroup.procs", ""));
    group_sweep(&group);
    for (int i = 0; i < 100 && count_groups() > 2; i++) {
        usleep(10000);
        group_sweep(&group);
    }
    check("the others are swept away", count_groups() == 2 && access(ALL "/lost", F_OK) == -1);
    check("those of living ones are not", access(ALL "/kept", F_OK) == 0);
    end_process(third);
    group_sweep(&group);
    group_end(&group);
    check("nothing is left", group_make(&group, "kept", &small, &err) == 0);
    group_end(&group);
    check("nothing at all", count_groups() == 0);
}

/* In a child, which becomes another user in a group of the host's. */
static void as_user(const char *group, void (*what)(void)) {
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/cgroup.procs", group);
        write_text(path, "0");
        if (setgid(USER) || setuid(USER))
            _exit(1);
        what();
        fflush(stdout);
        _exit(0);
    }
    check("another user has tried", waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void in_session(void) {
    struct vmm_group group;
    check("one that belongs to root gives none", group_make(&group, "box", &small, &err) == -1 && err.code == EACCES);
    check("it is named", strcmp(err.msg, "this user may write none of the control groups around this process, which is "
                                         "in /session: Permission denied") == 0);
}

static void in_delegated(void) {
    struct vmm_group group;
    int status;
    check("a group that was given to the user gives one",
          group_make(&group, "box", &small, &err) == 0 && strcmp(group.path, GIVEN "/" GROUP_OF_ALL "/box") == 0);
    check("with the controllers that it has", group.controllers == CONTROLLERS_NEEDED);
    pid_t pid = begin(&group, eat_memory);
    check("which bounds", waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    check("and tells", group_shortage(&group) == SHORTAGE_OF_BOUND);
    group_end(&group);
    check("and ends", access(GIVEN "/" GROUP_OF_ALL "/box", F_OK) == -1);
}

/* As systemd gives one away: the directory and these two files, and processes below it only. */
static void give_group(void) {
    mkdir(TREE "/users", 0755);
    write_text(TREE "/users/cgroup.subtree_control", "+memory +pids");
    mkdir(GIVEN, 0755);
    mkdir(GIVEN "/shell", 0755);
    static const char *const given[] = {"", "/cgroup.procs", "/cgroup.subtree_control", "/shell",
                                        "/shell/cgroup.procs"};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, GIVEN "%s", given[i]);
        check("it is given", chown(path, USER, USER) == 0);
    }
}

static void users(void) {
    mkdir(TREE "/session", 0755);
    as_user(TREE "/session", in_session);
    rmdir(TREE "/session");
    give_group();
    as_user(GIVEN "/shell", in_delegated);
}

static const char *program, *config;
static int lifeline;

/* Starts a shim with the configuration in a file, and gives what it says. */
static pid_t start_shim(char said[256]) {
    int config_pipe[2], status_pipe[2];
    char bytes[8192];
    int file = open(config, O_RDONLY);
    ssize_t size = read(file, bytes, sizeof bytes);
    close(file);
    if (size < 0 || pipe2(config_pipe, O_CLOEXEC) || pipe2(status_pipe, O_CLOEXEC))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        int in = fcntl(config_pipe[0], F_DUPFD, 10), out = fcntl(status_pipe[1], F_DUPFD, 10);
        if (dup2(in, 3) < 0 || dup2(out, 4) < 0)
            _exit(1);
        execl(program, program, (char *)NULL);
        _exit(1);
    }
    close(config_pipe[0]);
    close(status_pipe[1]);
    lifeline = config_pipe[1];
    if (write(lifeline, bytes, (size_t)size) != size)
        return -1;
    size_t got = 0;
    for (ssize_t n; got < 255 && (n = read(status_pipe[0], said + got, 255 - got)) > 0;)
        got += (size_t)n;
    said[got] = 0;
    close(status_pipe[0]);
    return pid;
}

/* Its VMM takes memory until the end of both. */
static void greedy(void) {
    char said[256];
    pid_t pid = start_shim(said);
    check("the shim starts its VMM", strncmp(said, "up ", 3) == 0);
    check("and ends after it", waitpid(pid, NULL, 0) == pid);
    check("and so does the group", count_groups() == 0);
}

static void users_greedy(void) {
    give_group();
    as_user(GIVEN "/shell", greedy);
    write_text("/proc/sys/user/max_user_namespaces", "0");
    as_user(GIVEN "/shell", greedy);
}

/* Its VMM idles. */
static void killed(void) {
    char said[256];
    pid_t pid = start_shim(said);
    check("the shim starts its VMM", strncmp(said, "up ", 3) == 0 && count_groups() == 1);
    close(lifeline);
    check("which ends with whoever started it", waitpid(pid, NULL, 0) == pid && count_groups() == 0);
    pid = start_shim(said);
    end_process(pid);
    check("a killed shim leaves an empty group", strncmp(said, "up ", 3) == 0 && count_groups() == 1);
    pid = start_shim(said);
    check("which the next start takes over", strncmp(said, "up ", 3) == 0 && count_groups() == 1);
    close(lifeline);
    check("and removes", waitpid(pid, NULL, 0) == pid && count_groups() == 0);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*play)(void);
    } scenes[] = {
        {"busy", busy},     {"bounds", bounds}, {"tasks", tasks},
        {"left", left},     {"users", users},   {"eat-memory", eat_memory},
        {"idle", idle},     {"greedy", greedy}, {"users-greedy", users_greedy},
        {"killed", killed},
    };
    if (argc == 4) {
        program = argv[2];
        config = argv[3];
    }
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (argc > 1 && strcmp(argv[1], scenes[i].name) == 0) {
            scenes[i].play();
            return 0;
        }
    return 2;
}
