#include "archive/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/check.h"
#include "common/landlock.h"

/* What came of each attempt in a process that has entered the jail: 0 or the errno. */
enum { INSIDE, REPLACED, OUTSIDE, ABOVE, READ_OUTSIDE, CONNECTED, EXECUTED, FORKED, ATTEMPTS };

static char place[] = "/tmp/archive-jail-XXXXXX";

static int opened(const char *path, int flags) { return open(path, flags | O_CLOEXEC, 0600) < 0 ? errno : 0; }

static void attempt_all(uint8_t *found) {
    found[INSIDE] = (uint8_t)opened("in/new", O_WRONLY | O_CREAT | O_EXCL);
    found[REPLACED] = (uint8_t)(unlinkat(AT_FDCWD, "in/old", 0) ? errno : 0);
    found[OUTSIDE] = (uint8_t)opened("out/new", O_WRONLY | O_CREAT);
    found[ABOVE] = (uint8_t)opened("in/../out/old", O_WRONLY);
    found[READ_OUTSIDE] = (uint8_t)opened("out/old", O_RDONLY);
    found[CONNECTED] = (uint8_t)(socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0);
    found[EXECUTED] = (uint8_t)(execl("/bin/true", "true", (char *)NULL) ? errno : 0);
    found[FORKED] = (uint8_t)(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0 ? errno : 0);
}

/* Runs the attempts as the program would be after it was taken over; false: it has not entered the jail. */
static bool try_as(const char *const *argv, uint32_t count, uint8_t *found) {
    int result[2];
    if (pipe(result))
        return false;
    pid_t child = fork();
    if (child == 0) {
        struct err err;
        uint8_t all[ATTEMPTS] = {0};
        if (jail_enter(argv, count, &err))
            _exit(1);
        attempt_all(all);
        _exit(write(result[1], all, sizeof all) == (ssize_t)sizeof all ? 0 : 1);
    }
    close(result[1]);
    bool whole = read(result[0], found, ATTEMPTS) == ATTEMPTS;
    close(result[0]);
    int status;
    return waitpid(child, &status, 0) == child && whole && status == 0;
}

static void make_places(void) {
    (void)!chdir(place);
    check("there are places",
          (mkdir("in", 0700) == 0 || errno == EEXIST) && (mkdir("out", 0700) == 0 || errno == EEXIST));
    unlink("in/new");
    close(open("in/old", O_WRONLY | O_CREAT, 0600));
    close(open("out/old", O_WRONLY | O_CREAT, 0600));
}

static void unpacks_into(const char *destination, bool has_landlock) {
    const char *const argv[] = {"unpack", "--", destination};
    uint8_t found[ATTEMPTS];
    make_places();
    check("a program that unpacks enters its jail", try_as(argv, 3, found));
    check("it writes to its destination", found[INSIDE] == 0 && found[REPLACED] == 0);
    if (has_landlock)
        check("it opens nothing outside of the destination",
              found[OUTSIDE] == EACCES && found[ABOVE] == EACCES && found[READ_OUTSIDE] == EACCES);
    check("it makes no connection, no process and no program",
          found[CONNECTED] == ENOSYS && found[FORKED] == ENOSYS && found[EXECUTED] == ENOSYS);
}

static void packs(const char *const *argv, uint32_t count, bool has_landlock) {
    uint8_t found[ATTEMPTS];
    make_places();
    check("a program that packs enters its jail", try_as(argv, count, found));
    if (has_landlock)
        check("it writes nothing", found[INSIDE] == EACCES && found[REPLACED] == EACCES && found[OUTSIDE] == EACCES);
    check("it makes no connection", found[CONNECTED] == ENOSYS);
}

int main(void) {
    struct landlock landlock = {0};
    bool has_landlock = landlock_begin(&landlock) == 0;
    check("there is a directory", mkdtemp(place) != NULL);
    unpacks_into("in", has_landlock);
    unpacks_into("in/not-there-yet", has_landlock);
    unpacks_into("in/old", has_landlock);
    const char *const pack[] = {"pack", "--", "out"};
    packs(pack, 3, has_landlock);
    const char *const within[] = {"pack", "within", "in", "--", "old"};
    packs(within, 5, has_landlock);
    static const char *const rest[] = {"in/new", "in/old", "out/new", "out/old"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        unlink(rest[i]);
    check("nothing is left", rmdir("in") == 0 && rmdir("out") == 0 && rmdir(place) == 0);
    return 0;
}
