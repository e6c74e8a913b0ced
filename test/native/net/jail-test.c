/* What boxlite-net and boxlite-hub can still do once they are in their jail: attempts from inside, under their own
 * filters of calls, and under one that allows all, so that each other wall answers for itself. */
#include "net/jail/jail.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/check.h"
#include "net/filter.h"
#include "net/hub/filter.h"

#define KEY "boxlite-jail-test"
#define ABSTRACT "boxlite-jail-test"

enum { ORDINARY_ID = 65432, OWN_ID = 54321 };

/* What came of each attempt: 0 or the errno. */
enum attempt { FILE_READ, ROOT_READ, CONNECTED, ABSTRACT_CONNECTED, PARENT_SIGNALLED, KEY_FOUND, ATTEMPTS };

/* What is around the program before it enters its jail. */
struct place {
    const char *what;
    bool is_ordinary;              /* and not root, who gives it a user of its own */
    bool keeps_user;               /* of root */
    bool no_namespaces, no_landlock;
    bool unsharing_kills;
};

struct finding {
    int attempts[ATTEMPTS];
    int capabilities, bound; /* how many it has */
    bool is_dumpable;
};

static struct sock_filter all[] = {ALLOW};
static int listening, port, abi;
static pid_t child;

static void install(struct sock_filter *rules, unsigned short count) {
    struct sock_fprog program = {.len = count, .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
        _exit(2);
}

static void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        _exit(3);
    close(fd);
}

static void go_to(const struct place *place) {
    static struct sock_filter without[] = {LOAD_CALL, REFUSE_CALL(444 /* landlock_create_ruleset */, ENOSYS), ALLOW};
    static struct sock_filter killing[] = {LOAD_CALL, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1), KILL,
                                           ALLOW};
    if (place->is_ordinary && (setgroups(0, NULL) || setresgid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID) ||
                               setresuid(ORDINARY_ID, ORDINARY_ID, ORDINARY_ID) || prctl(PR_SET_DUMPABLE, 1)))
        _exit(4);
    if (place->no_namespaces) {
        char map[64];
        if (unshare(CLONE_NEWUSER))
            _exit(5);
        snprintf(map, sizeof map, "0 %d 1\n", ORDINARY_ID);
        write_text("/proc/self/setgroups", "deny");
        write_text("/proc/self/uid_map", map);
        write_text("/proc/self/gid_map", map);
        write_text("/proc/sys/user/max_user_namespaces", "0");
        write_text("/proc/sys/user/max_mnt_namespaces", "0"); /* it is root of this one */
    }
    if (place->no_landlock)
        install(without, sizeof without / sizeof *without);
    if (place->unsharing_kills)
        install(killing, sizeof killing / sizeof *killing);
}

static int result(long value) { return value < 0 ? errno : 0; }

static int connected(int family, const void *address, socklen_t size) {
    int fd = socket(family, SOCK_STREAM, 0);
    return fd < 0 ? errno : result(connect(fd, address, size));
}

/* ENOENT: there is nothing but itself. */
static int list_root(void) {
    char entries[1024];
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return errno;
    return syscall(SYS_getdents64, fd, entries, sizeof entries) > 48 /* . and .. */ ? 0 : ENOENT;
}

static struct finding look(void) {
    const struct sockaddr_in host = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    memcpy(abstract.sun_path + 1, ABSTRACT, sizeof ABSTRACT - 1);
    const socklen_t abstract_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof ABSTRACT);
    struct finding found = {.is_dumpable = prctl(PR_GET_DUMPABLE) == 1};
    int *of = found.attempts;
    of[FILE_READ] = result(open("/etc/passwd", O_RDONLY));
    of[ROOT_READ] = list_root();
    of[CONNECTED] = connected(AF_INET, &host, sizeof host);
    of[ABSTRACT_CONNECTED] = connected(AF_UNIX, &abstract, abstract_size);
    of[PARENT_SIGNALLED] = result(syscall(SYS_kill, getppid(), 0));
    of[KEY_FOUND] = result(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", KEY, 0));
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {{0}, {0}};
    if (syscall(SYS_capget, &header, sets) == 0)
        found.capabilities = __builtin_popcount(sets[0].permitted) + __builtin_popcount(sets[1].permitted);
    for (unsigned i = 0; i <= CAP_LAST_CAP; i++)
        found.bound += prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
    return found;
}

/* The program stays in its jail until `leave`. */
static struct finding enter(const struct jail *jail, const struct place *place, int *gate) {
    int pair[2];
    struct finding found = {.capabilities = -1};
    check("there is a socket", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    child = fork();
    if (child == 0) {
        struct err err;
        char byte;
        close(pair[0]);
        go_to(place);
        const bool keeps_user = place->is_ordinary || place->keeps_user;
        if (jail_enter(jail, keeps_user ? JAIL_SAME_USER : OWN_ID, &err)) {
            dprintf(2, "%s\n", err.msg);
            _exit(1);
        }
        found = look();
        send(pair[1], &found, sizeof found, 0);
        recv(pair[1], &byte, 1, 0);
        syscall(SYS_exit_group, 0);
    }
    close(pair[1]);
    *gate = pair[0];
    check(place->what, recv(pair[0], &found, sizeof found, 0) == (ssize_t)sizeof found);
    return found;
}

static void leave(int gate) {
    close(gate);
    check("it ends", waitpid(child, NULL, 0) == child);
}

static bool has_own(const char *namespace) {
    char its[64], ours[64], path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)child, namespace);
    ssize_t n = readlink(path, its, sizeof its - 1);
    snprintf(path, sizeof path, "/proc/self/ns/%s", namespace);
    ssize_t m = readlink(path, ours, sizeof ours - 1);
    check(path, n > 0 && m > 0);
    return n != m || memcmp(its, ours, (size_t)n) != 0;
}

static void is_alone(const struct jail *program, const struct place *place) {
    const bool is_hub = program == &hub_jail;
    const bool has_root = !place->no_namespaces && !place->unsharing_kills;
    struct jail open_jail = *program;
    open_jail.calls = all;
    open_jail.call_count = 1;
    int gate;
    printf("-- %s %s\n", is_hub ? "boxlite-hub" : "boxlite-net", place->what);
    const struct finding found = enter(&open_jail, place, &gate);
    check("it reads no file of the host", found.attempts[FILE_READ] == (has_root ? ENOENT : EACCES));
    check("and lists nothing at the root", found.attempts[ROOT_READ] == (place->no_landlock ? ENOENT : EACCES));
    if (has_root)
        check("it has mounts, names and System V objects of its own",
              has_own("mnt") && has_own("uts") && has_own("ipc"));
    if (is_hub && has_root)
        check("the hub has a network of its own", has_own("net"));
    if (is_hub && (has_root || abi >= 4))
        check("and connects to nothing of the host", found.attempts[CONNECTED] != 0);
    if (!is_hub)
        check("boxlite-net connects, which is its work", found.attempts[CONNECTED] == 0);
    if (!place->no_landlock && abi >= 6)
        check("it reaches no abstract socket and signals nobody",
              found.attempts[ABSTRACT_CONNECTED] != 0 && found.attempts[PARENT_SIGNALLED] == EPERM);
    check("it has no key of its caller", found.attempts[KEY_FOUND] == ENOKEY);
    check("it has no capability, and gets none", found.capabilities == 0 && found.bound == 0);
    check("its memory is closed to its user", !found.is_dumpable);
    leave(gate);
    const struct finding locked = enter(program, place, &gate);
    check("its calls open no file", locked.attempts[FILE_READ] == EPERM && locked.attempts[ROOT_READ] == EPERM);
    check("and find no key and no process",
          locked.attempts[KEY_FOUND] == EPERM && locked.attempts[PARENT_SIGNALLED] == EPERM);
    check("and make no socket but the Internet's", locked.attempts[ABSTRACT_CONNECTED] == (is_hub ? EPERM : EACCES));
    check("the hub's make none", !is_hub || locked.attempts[CONNECTED] == EPERM);
    leave(gate);
}

static void make_targets(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    socklen_t size = sizeof at;
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check("something listens", bind(listening, (struct sockaddr *)&at, size) == 0 && listen(listening, 64) == 0 &&
                                   getsockname(listening, (struct sockaddr *)&at, &size) == 0);
    port = ntohs(at.sin_port);
    memcpy(abstract.sun_path + 1, ABSTRACT, sizeof ABSTRACT - 1);
    int named = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof ABSTRACT);
    check("and at an abstract name", bind(named, (struct sockaddr *)&abstract, size) == 0 && listen(named, 64) == 0);
    check("there is a key", syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 &&
                                syscall(SYS_add_key, "user", KEY, "secret", 6, KEY_SPEC_SESSION_KEYRING) >= 0);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    check("it is run by root", geteuid() == 0);
    abi = (int)syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);
    make_targets();
    const struct place places[] = {
        {.what = "of root"},
        {.what = "of root, as root", .keeps_user = true},
        {.what = "of another user", .is_ordinary = true},
        {.what = "of another user, where the host refuses namespaces", .is_ordinary = true, .no_namespaces = true},
        {.what = "of root, without Landlock", .no_landlock = true},
        {.what = "of another user, without Landlock", .is_ordinary = true, .no_landlock = true},
        {.what = "of root, under a filter that kills who makes namespaces", .unsharing_kills = true},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        is_alone(&net_jail, &places[i]);
        is_alone(&hub_jail, &places[i]);
    }
    return 0;
}
