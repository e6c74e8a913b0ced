/* What a shim can still do once it has locked itself in: each attempt in a process of its own, as whoever has taken the
 * shim over would make it. */
#include "shim/own-jail/own-jail.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../guest/check.h"
#include "attempts.h"
#include "common/seccomp.h"
#include "shim/notify/watches.h"

enum { ORDINARY_ID = 65432, ENDED = 1000 /* by the filter */, NOT_IN_JAIL };

static char place[] = "/tmp/own-jail-XXXXXX";
static struct shim shim;
static pid_t child, stranger;

static long make_record(void) { return attempt_open("record.new", O_WRONLY | O_CREAT | O_NOFOLLOW); }
static long place_record(void) { return rename("record.new", "record"); }
static long list_directory(void) { return attempt_open(".", O_RDONLY | O_DIRECTORY); }
static long read_other_box(void) { return attempt_open("../other/disk", O_RDONLY); }
static long write_other_box(void) { return attempt_open("../other/disk", O_WRONLY); }
static long move_out(void) { return rename("record", "../other/record"); }
static long follow_link(void) { return attempt_open("link", O_RDONLY); }
static long make_link(void) { return symlink("/etc/shadow", "new-link"); }
static long make_directory(void) { return mkdir("new", 0700); }
static long remove_record(void) { return unlink("record"); }
static long stop_child(void) { return kill(child, SIGSTOP); }
static long end_group(void) { return kill(0, SIGTERM); }
static long end_all(void) { return kill(-1, 0); }
static long end_stranger(void) { return kill(stranger, SIGKILL); }
static long end_thread(void) { return syscall(SYS_tgkill, stranger, stranger, SIGKILL); }
static long signal_by_descriptor(void) { return fcntl(shim.lock_fd, F_SETOWN, stranger); }
static long lock_for_good(void) {
    struct flock all = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(shim.lock_fd, F_OFD_SETLK, &all);
}
static long look_at_flags(void) { return fcntl(shim.lock_fd, F_SETFL, fcntl(shim.lock_fd, F_GETFL)); }
static long change_times(void) { return utimensat(AT_FDCWD, "../other/disk", NULL, 0); }
static long change_own_times(void) { return futimens(shim.lock_fd, NULL); }
static long run_memory(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}
static long make_runnable(void) { return syscall(SYS_mprotect, place, 1, PROT_READ | PROT_EXEC); }
static long have_child(void) { return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL); }
static long have_child_3(void) { return syscall(SYS_clone3, NULL, 0); }
static long raise_limit(void) { return setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); }
static long become_dumpable(void) { return prctl(PR_SET_DUMPABLE, 1); }
static long watch_directory(void) { return inotify_init1(IN_CLOEXEC); }
static long socket_pair(void) {
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}
static long own_memory(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

/* What comes of it, by its name; what is not here ends the shim if attempts.h says so, and else does not exist. */
static const struct expectation {
    const char *name;
    int code;
} expected[] = {
    {"a secret file", EACCES},
    {"passwords", EACCES},
    {"homes", EACCES},
    {"state", EACCES},
    {"/run", EACCES},
    {"processes", EACCES},
    {"root of the first process", EACCES},
    {"settings of the kernel", EACCES},
    {"/sys", EACCES},
    {"a program, for writing", EACCES},
    {"a new file", EACCES},
    {"above its directory", EACCES},
    {"a read-only file, written", EBADF},
    {"a read-only file, opened again", EACCES},
    {"a read-only file, mapped", EACCES},
    {"a read-only file, cut", EINVAL},
};

static const struct own {
    const char *name;
    long (*make)(void);
    int code;
} own[] = {
    {"a record is made", make_record, 0},
    {"and placed", place_record, 0},
    {"its directory is listed", list_directory, 0},
    {"another box's disk is not read", read_other_box, EACCES},
    {"nor written", write_other_box, EACCES},
    {"nothing is moved out of the directory", move_out, EACCES},
    {"no link is followed out of it", follow_link, EACCES},
    {"none is made", make_link, ENOSYS},
    {"nor a directory", make_directory, ENOSYS},
    {"the record is removed", remove_record, 0},
    {"its child is signalled", stop_child, 0},
    {"its group is not", end_group, ENDED},
    {"nor is everybody", end_all, ENDED},
    {"nor is a stranger", end_stranger, ENDED},
    {"nor a stranger's thread", end_thread, ENDED},
    {"nor who owns a descriptor", signal_by_descriptor, ENDED},
    {"no file is locked from others", lock_for_good, EPERM},
    {"a descriptor's flags are changed", look_at_flags, 0},
    {"no file's times are changed by its path", change_times, EPERM},
    {"an open file's are", change_own_times, 0},
    {"there is memory", own_memory, 0},
    {"none of it is run", run_memory, EPERM},
    {"none becomes such", make_runnable, ENOSYS},
    {"there is no new process", have_child, ENOSYS},
    {"nor by clone3", have_child_3, ENOSYS},
    {"no limit is changed", raise_limit, ENOSYS},
    {"its memory stays closed to others", become_dumpable, ENOSYS},
    {"nothing is watched where no volume is", watch_directory, ENOSYS},
    {"there is no new socket", socket_pair, ENDED},
};

static void become(bool ordinary) {
    if (ordinary && (setgroups(0, NULL) || setresgid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID) ||
                     setresuid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID)))
        _exit(3);
}

static pid_t sleeper(bool ordinary) {
    pid_t pid = fork();
    if (pid == 0) {
        become(ordinary);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    while (pid == 0)
        pause();
    return pid;
}

/* 0, the errno, or ENDED. */
static int outcome(long (*make)(void), bool ordinary) {
    int result[2], code = NOT_IN_JAIL, status;
    if (pipe(result))
        return NOT_IN_JAIL;
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        become(ordinary);
        if (own_jail_enter(&shim, &err) == 0)
            code = make() < 0 ? errno : 0;
        _exit(write(result[1], &code, sizeof code) == (ssize_t)sizeof code ? 0 : 1);
    }
    close(result[1]);
    bool told = read(result[0], &code, sizeof code) == (ssize_t)sizeof code;
    close(result[0]);
    if (waitpid(pid, &status, 0) != pid)
        return NOT_IN_JAIL;
    return !told && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? ENDED : code;
}

static int expectation_of(const struct attempt *attempt) {
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(expected[i].name, attempt->name) == 0)
            return expected[i].code;
    return attempt->ends ? ENDED : ENOSYS;
}

static void comes_to(const char *name, int code, int wanted) {
    if (code != wanted)
        printf("%s: %d, not %d\n", name, code, wanted);
    check(name, code == wanted);
}

static void reaches_nothing(bool ordinary) {
    printf("-- of %s\n", ordinary ? "another user" : "root");
    child = shim.vmm.pid = sleeper(ordinary);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        comes_to(attempts[i].name, outcome(attempts[i].make, ordinary), expectation_of(&attempts[i]));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        comes_to(own[i].name, outcome(own[i].make, ordinary), own[i].code);
    kill(child, SIGKILL);
}

static uint32_t held(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    (void)syscall(SYS_capget, &header, sets);
    return sets[0].effective | sets[0].permitted | sets[1].permitted;
}

/* The filter refuses to look, so the file that the kernel has of it is opened before. */
static bool has_only(uint32_t wanted, const struct shim *of) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        char text[4096] = "", line[64];
        int file = open("/proc/self/status", O_RDONLY);
        shim = *of;
        if (own_jail_enter(&shim, &err) || pread(file, text, sizeof text - 1, 0) <= 0)
            _exit(1);
        snprintf(line, sizeof line, "\nCapEff:\t%016x\nCapBnd:\t%016x\n", wanted, 0);
        _exit(strstr(text, line) && strstr(text, "\nNoNewPrivs:\t1\n") && strstr(text, "\nSeccomp:\t2\n") ? 0 : 2);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void keeps_few_capabilities(void) {
    static struct watches watches = {.inotify = -1};
    struct shim other = shim;
    check("the test has all", (held() & 1U << CAP_DAC_OVERRIDE) != 0);
    check("a shim of root keeps none", has_only(0, &other));
    other.config.id_directory = "/run/boxlite";
    check("but to end children of other users", has_only(1U << CAP_KILL, &other));
    other.watches = &watches;
    check("and to see what changes in a volume", has_only(1U << CAP_KILL | 1U << CAP_DAC_READ_SEARCH, &other));
    other = shim;
    check("somebody else's box", chown(".", ORDINARY_ID, ORDINARY_ID) == 0);
    check("takes the right to its files", has_only(1U << CAP_DAC_OVERRIDE, &other));
}

static void does_without_landlock(void) {
    static struct sock_filter without[] = {LOAD_CALL, REFUSE_CALL(444 /* landlock_create_ruleset */, ENOSYS), ALLOW};
    const struct sock_fprog program = {.len = sizeof without / sizeof *without, .filter = without};
    struct shim other = shim;
    struct err err;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
            _exit(1);
        other.config.needed_walls = BL_WALL_SHIM_LANDLOCK;
        if (own_jail_enter(&other, &err) == 0)
            _exit(2);
        other.config.needed_walls = 0;
        if (own_jail_enter(&other, &err) || other.vmm.refused_count != 1 ||
            other.vmm.refused[0].wall != BL_WALL_SHIM_LANDLOCK || other.vmm.walls != BL_WALL_SHIM_CALLS)
            _exit(3);
        _exit(read_secret() < 0 ? 4 : syscall(SYS_mkdirat, AT_FDCWD, "new", 0700) == -1 && errno == ENOSYS ? 0 : 5);
    }
    check("without Landlock it goes on, and says so", waitpid(pid, &status, 0) == pid && status == 0);
}

/* How it would look for it, too, is what the filter refuses: so the failure of the call tells that it is made. */
static void has_own_keyring(void) {
    static struct sock_filter failing[] = {LOAD_CALL, REFUSE_CALL(SYS_keyctl, ENOMEM), ALLOW};
    const struct sock_fprog program = {.len = sizeof failing / sizeof *failing, .filter = failing};
    struct err err;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
            _exit(1);
        _exit(own_jail_enter(&shim, &err) && err.code == ENOMEM ? 0 : 2);
    }
    check("without a keyring of its own it is no jail", waitpid(pid, &status, 0) == pid && status == 0);
}

static long hard_limit(const char *limits, const char *name) {
    long soft = -1, hard = -1;
    const char *line = strstr(limits, name);
    return line && sscanf(line + strlen(name), "%ld %ld", &soft, &hard) == 2 ? hard : -1;
}

/* The kernel gives the files in /proc of a process that is closed to its user to root. */
static void is_closed(void) {
    int pair[2], status;
    char path[32], text[4096] = "", byte = 0;
    struct stat about;
    check("there is a socket", socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct err err;
        close(pair[0]);
        become(geteuid() == 0);
        if (prctl(PR_SET_DUMPABLE, 1) || own_jail_enter(&shim, &err))
            _exit(1);
        _exit(write(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 1 ? 0 : 2);
    }
    check("a shim locks itself in", read(pair[0], &byte, 1) == 1);
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    int limits = open(path, O_RDONLY);
    check("its limits are told", fstat(limits, &about) == 0 && read(limits, text, sizeof text - 1) > 0);
    check("its memory is closed to its user", about.st_uid == 0);
    check("it leaves no core file", hard_limit(text, "Max core file size") == 0);
    check("has no child", hard_limit(text, "Max processes") == 0);
    check("and not all the memory", hard_limit(text, "Max data size") == 32LL << 30);
    check("it ends", write(pair[0], &byte, 1) == 1 && waitpid(pid, &status, 0) == pid && status == 0);
    close(limits);
    close(pair[0]);
    close(pair[1]);
}

static void is_left_alone(void) {
    struct shim other = shim;
    struct err err;
    other.config.walls = other.vmm.walls = 0;
    check("who asks for none has no jail", own_jail_enter(&other, &err) == 0 && prctl(PR_GET_SECCOMP) == 0);
}

static void make_places(void) {
    static char secret[sizeof place + 16];
    check("there is a directory", mkdtemp(place) && chdir(place) == 0 && chmod(".", 0755) == 0);
    close(open("secret", O_WRONLY | O_CREAT, 0644));
    check("and another box's", mkdir("other", 0777) == 0 && chmod("other", 0777) == 0);
    close(open("other/disk", O_WRONLY | O_CREAT, 0666));
    check("and this one's", mkdir("box", 0777) == 0 && chmod("box", 0777) == 0 && chdir("box") == 0);
    check("with a link", symlink("../secret", "link") == 0);
    snprintf(secret, sizeof secret, "%s/secret", place);
    attempt_at = (struct attempt_places){.secret = secret, .socket = secret, .process = stranger = sleeper(false)};
    attempt_at.read_only_file = open("../secret", O_RDONLY);
    attempt_at.directory = shim.lock_fd = open(".", O_RDONLY | O_DIRECTORY);
    shim.vmm.group = (struct vmm_group)NO_GROUP;
    shim.config.id_directory = "";
    shim.config.walls = shim.vmm.walls = BL_WALL_SHIM_CALLS | BL_WALL_SHIM_LANDLOCK;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_places();
    is_left_alone();
    does_without_landlock();
    has_own_keyring();
    is_closed();
    if (geteuid() == 0) {
        reaches_nothing(false);
        keeps_few_capabilities();
    }
    reaches_nothing(geteuid() == 0);
    kill(stranger, SIGKILL);
    static const char *const files[] = {"box/link", "other/disk", "secret"}, *const directories[] = {"box", "other"};
    check("the directory is left", chdir(place) == 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        rmdir(directories[i]);
    check("nothing is left", chdir("/") == 0 && rmdir(place) == 0);
    return 0;
}
